"""The miniature: the whole system, small enough to ship; rendered faces, small networks, their training."""
