"""The miniature: the whole system small enough to ship; its weights, the renderer, the networks that open them."""
