"""The papers' two-stage training, on accelerate: for a laboratory's FLUX, and for the miniature."""
