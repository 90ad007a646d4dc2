"""Pictures as hosts give them, checked and turned into what the face networks read: 8-bit RGB."""

import hashlib
import math

import numpy as np
import torch
from torch import Tensor

from .face import FaceError

OVERSHOOT = 0.5
"""How far values may leave 0..1: sharp resizing overshoots a little, other ranges (0..255, -1..1) a lot."""
BAND = 2**20
"""How many values are converted at a time."""


def to_pictures(image: Tensor, name: str = "image") -> list[np.ndarray]:
    """Split a ComfyUI image [B, H, W, C], C of 1, 3 or 4, into uint8 RGB pictures [H, W, 3].

    Grey becomes RGB, transparency is laid over white. `name`: the input, and of which node. Raises `FaceError`
    for an empty batch, another layout or type, values that are not numbers, or values that do not run from 0 to 1.
    """
    return [to_picture(picture, name) for picture in as_batch(image, name)]


def first_picture(image: Tensor, name: str = "image") -> np.ndarray:
    """The first of a batch, as `to_pictures` gives it; the others are not looked at."""
    return to_picture(as_batch(image, name)[0], name)


def as_batch(image: Tensor, name: str = "image") -> Tensor:
    """An image as [B, H, W, C] of floats, with at least one pixel. Raises `FaceError`; values are not looked at."""
    if not isinstance(image, Tensor):
        raise FaceError(f"The {name} must be a picture, but {type(image).__name__} came; connect an IMAGE.")
    shape = tuple(image.shape)
    if image.ndim not in (3, 4) or shape[-1] not in (1, 3, 4):
        raise FaceError(
            f"The {name} must have the shape batch, height, width, 3; this one has {shape}. Connect a picture, such as "
            "Load Image gives it."
        )
    if image.numel() == 0:
        raise FaceError(f"The {name} is empty (shape {shape}); connect at least one picture.")
    if not image.is_floating_point():
        raise FaceError(
            f"The {name} has values of the type {str(image.dtype).removeprefix('torch.')}, but pictures are floats "
            "from 0 to 1; convert it before this node."
        )
    return image if image.ndim == 4 else image.unsqueeze(0)


def check_values(image: Tensor, name: str) -> None:
    """Refuse values that are not numbers or leave 0..1 by more than `OVERSHOOT`."""
    if fault := fault_of_values(image, "pictures"):
        raise FaceError(f"The {name} {fault}")


def fault_of_values(values: Tensor, kind: str) -> str | None:
    """What is wrong with values that should run from 0 to 1, as the end of a sentence; None where nothing is."""
    low, high = (float(bound) for bound in values.aminmax())
    if not (math.isfinite(low) and math.isfinite(high)):
        return "holds values that are not numbers (NaN or infinite); check the node that made it."
    if low < -OVERSHOOT or high > 1 + OVERSHOOT:
        return f"holds values from {low:.3g} to {high:.3g}, but {kind} run from 0 to 1; rescale it before this node."
    return None


def to_picture(image: Tensor, name: str = "image") -> np.ndarray:
    """One picture [H, W, C] of floats 0..1 as uint8 RGB [H, W, 3]; rounds, so 8-bit sources come back exactly."""
    check_values(image, name)
    picture = np.empty((*image.shape[:2], 3), dtype=np.uint8)
    rows = max(BAND // (image.shape[1] * image.shape[2]), 1)  # a whole picture of 12000 x 12000 takes gigabytes
    for top in range(0, len(picture), rows):
        band = image[top : top + rows].detach().float().cpu().clamp(0, 1)
        if band.shape[-1] == 4:
            colour, alpha = band[..., :3], band[..., 3:]
            band = colour * alpha + (1 - alpha)
        picture[top : top + rows] = band.mul(255).round_().to(torch.uint8).expand(-1, -1, 3).numpy()
    return picture


def to_image(pictures: list[np.ndarray]) -> Tensor:
    """Pictures of one size, uint8 RGB [H, W, 3], as a ComfyUI image [B, H, W, 3] of floats 0..1."""
    return torch.from_numpy(np.stack(pictures)).float() / 255


def picture_sha256(picture: np.ndarray) -> str:
    """A name for a picture's content: its size and its pixels."""
    return hashlib.sha256(repr(picture.shape).encode() + np.ascontiguousarray(picture).tobytes()).hexdigest()


def blank_picture(height: int, width: int, key_points: str) -> list[np.ndarray]:
    """A black picture to place typed key points on. Raises `FaceError` when none are typed either."""
    if not key_points.strip():
        raise FaceError("There is no face to draw: connect an image, or type key points.")
    return [np.zeros((height, width, 3), dtype=np.uint8)]
