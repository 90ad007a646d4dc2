"""Masks of identity regions: from boxes typed by a person, with soft edges. Masks are [height, width] in 0..1."""

import torch
import torch.nn.functional as F
from torch import Tensor

from ..typed_numbers import quoted, read_numbers

BOX_CANVAS = 512
"""Boxes are shares of the picture, so that their mask's own size does not matter."""


def read_box(text: str) -> tuple[float, float, float, float] | None:
    """'0, 0, 0.5, 1' -> left, top, width, height as shares of the picture; None where nothing is written."""
    numbers = read_numbers(text, "box", "0, 0, 0.5, 1", {4})
    if not numbers:
        return None
    if len(numbers) != 4:
        raise ValueError(
            f"box is four numbers: left, top, width, height, such as '0, 0, 0.5, 1'; '{quoted(text)}' is not."
        )
    left, top, width, height = numbers
    if min(left, top) < 0 or min(width, height) <= 0 or left + width > 1.001 or top + height > 1.001:
        raise ValueError(
            f"The box {quoted(text)} does not lie in the picture: left, top, width and height are shares from 0 to 1."
        )
    return left, top, width, height


def box_mask(box: tuple[float, float, float, float], height: int = BOX_CANVAS, width: int = BOX_CANVAS) -> Tensor:
    """1 in the box, 0 outside; pixels that the box covers in part get that share."""
    left, top, wide, high = box

    def covered(start: float, length: float, pixels: int) -> Tensor:
        edges = torch.arange(pixels + 1, dtype=torch.float32)
        inside = edges.clamp(start * pixels, (start + length) * pixels)
        return inside[1:] - inside[:-1]

    return covered(top, high, height)[:, None] * covered(left, wide, width)[None, :]


def check_feather(share: float) -> None:
    if not 0 <= share <= 1:
        raise ValueError(f"feather is {share}; give a share of the picture from 0 (hard) to 1, usually 0.02 to 0.1.")


def feathered(mask: Tensor, share: float) -> Tensor:
    """Soft edges about `share` of the picture's shorter side wide; 0 leaves the mask as it is.

    Three box blurs, nearly a Gaussian; the picture's border is no edge, and a mask that is all one stays exactly one.
    """
    radius = round(share * min(mask.shape) / 2)
    if radius == 0:
        return mask
    blurred = mask.float()[None, None]
    size = 2 * radius + 1
    for _ in range(3):
        for kernel, padding in (((1, size), (radius, radius, 0, 0)), ((size, 1), (0, 0, radius, radius))):
            blurred = F.avg_pool2d(F.pad(blurred, padding, mode="replicate"), kernel, stride=1)
    return blurred[0, 0].clamp(0, 1)
