"""Masks as hosts give them, checked: one batch [n, height, width] of floats that run from 0 to 1."""

import math

import torch
from torch import Tensor

OVERSHOOT = 0.5
"""How far values may leave 0..1: soft edges that were resized overshoot a little, 0..255 a lot."""


def read_masks(mask: Tensor, name: str = "mask") -> Tensor:
    """[n, height, width] float32 on the CPU, from [height, width], [n, height, width] or [n, 1, height, width].

    Masks of ones and zeros may be of any type. `name`: the input, and of which node. Raises ValueError in one
    sentence for other layouts and values.
    """
    if not isinstance(mask, Tensor):
        raise ValueError(f"The {name} must be a mask, but {type(mask).__name__} came; connect a MASK.")
    shape = tuple(mask.shape)
    if mask.ndim not in (2, 3) and not (mask.ndim == 4 and shape[1] == 1):
        raise ValueError(
            f"The {name} must have the shape batch, height, width; this one has {shape}. Where a picture came, "
            "Convert Image to Mask makes a mask of it."
        )
    if mask.numel() == 0:
        raise ValueError(f"The {name} is empty (shape {shape}); connect at least one mask.")
    masks = mask.detach().to("cpu", torch.float32).reshape(-1, *shape[-2:])
    low, high = (float(bound) for bound in masks.aminmax())
    if not (math.isfinite(low) and math.isfinite(high)):
        raise ValueError(f"The {name} holds values that are not numbers (NaN or infinite); draw it again.")
    if low < -OVERSHOOT or high > 1 + OVERSHOOT:
        raise ValueError(
            f"The {name} holds values from {low:.3g} to {high:.3g}, but masks run from 0 to 1; "
            "rescale it before this node."
        )
    return masks
