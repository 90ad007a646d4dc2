"""What the miniature can do, in numbers: on people it has never seen, by a recogniser it was not conditioned on."""
