"""The miniature's training: pictures, one objective per network, stages in order. Runs from the root of a checkout."""
