"""The times at which the miniature is sampled, as ComfyUI's FLUX spaces them."""

from infu_core.training.flux_dev.sampling import sigmas

SHIFT = 1.15
"""How far ComfyUI moves FLUX's schedule towards noise, whatever the picture's size."""


def times(steps: int = 20) -> list[float]:
    """`steps` + 1 times from 1 to 0."""
    return sigmas(steps, SHIFT)
