"""Masks as hosts give them, checked: one batch [n, height, width] of floats that run from 0 to 1."""

import torch
from torch import Tensor

from ..faces.picture import fault_of_values


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
    if fault := fault_of_values(masks, "masks"):
        raise ValueError(f"The {name} {fault}")
    return masks
