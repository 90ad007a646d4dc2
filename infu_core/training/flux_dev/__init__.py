"""The laboratory for FLUX.1-dev: its base, encoders, configuration, memory plan, watch and release."""
