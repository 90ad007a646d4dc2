"""InfuseNet and the identity projector, as torch modules of our own."""
