"""Networks that only training and measuring need: base, autoencoder, detector, the measure's judges."""
