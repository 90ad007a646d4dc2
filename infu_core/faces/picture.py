"""Pictures as hosts give them, checked and turned into what the face networks read: 8-bit RGB."""

import hashlib

import numpy as np
import torch
from torch import Tensor

from .face import FaceError

OVERSHOOT = 0.5
"""How far values may leave 0..1: sharp resizing overshoots a little, other ranges (0..255, -1..1) a lot."""


def to_pictures(image: Tensor, name: str = "image") -> list[np.ndarray]:
    """Split a ComfyUI image [B, H, W, C], C of 1, 3 or 4, into uint8 RGB pictures [H, W, 3].

    Grey becomes RGB, transparency is laid over white. Raises `FaceError` for an empty batch, another
    layout, values that are not numbers, or values that do not run from 0 to 1.
    """
    if image.ndim == 3:
        image = image.unsqueeze(0)
    if image.ndim != 4 or image.shape[-1] not in (1, 3, 4):
        raise FaceError(f"The {name} must have the shape batch, height, width, 3; this one has {tuple(image.shape)}.")
    if image.numel() == 0:
        raise FaceError(f"The {name} is empty (shape {tuple(image.shape)}); connect at least one picture.")
    return [to_picture(picture, name) for picture in image]


def to_picture(image: Tensor, name: str = "image") -> np.ndarray:
    """One picture [H, W, C] of floats 0..1 as uint8 RGB [H, W, 3]; rounds, so 8-bit sources come back exactly."""
    image = image.detach().float().cpu()
    if not torch.isfinite(image).all():
        raise FaceError(f"The {name} holds values that are not numbers (NaN or infinite); check the node that made it.")
    low, high = image.aminmax()
    if low < -OVERSHOOT or high > 1 + OVERSHOOT:
        raise FaceError(
            f"The {name} holds values from {low:.3g} to {high:.3g}, but pictures run from 0 to 1; "
            "rescale it before this node."
        )
    image = image.clamp(0, 1)
    if image.shape[-1] == 4:
        colour, alpha = image[..., :3], image[..., 3:]
        image = colour * alpha + (1 - alpha)
    return (image * 255).round().to(torch.uint8).expand(-1, -1, 3).contiguous().numpy()


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
