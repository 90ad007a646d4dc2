"""Eyes as renders have them, and the same ones spoilt, as a weak denoiser draws them: what the eyes' judge learns from.

Legend for shapes: `B` eyes, `H W` of a patch.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from ..networks.eyes import EYES, HEIGHT, WIDTH
from .batches import Columns, Draw

REACH = 2
"""Pixels that an eye may lie beside its place."""


def eyes_and_spoilt_ones(draw: Draw, columns: Columns, step: int) -> Columns:
    """`eyes` [B, 3, H, W] in 0..1, and `open` [B]: 1 as rendered, or 0."""
    crops = columns["crops"][draw.rows(len(columns["crops"]))].permute(0, 3, 1, 2).float() / 255
    right, place, below = draw.uniform() < 0.5, (draw.uniform(2) * (2 * REACH + 1)).int() - REACH, draw.uniform()
    eyes = torch.stack([cut(*row) for row in zip(crops, right.tolist(), *place.T.tolist(), strict=True)])
    elsewhere = torch.stack(
        [cut(crop, side, 0, 18 if low > 0.5 else -15) for crop, side, low in zip(crops, right, below, strict=True)]
    )
    spoilt = torch.stack(
        (smudged(eyes), dark(eyes, draw), shut(eyes, draw), smeared(eyes), half(eyes, draw), elsewhere)
    )
    chosen = spoilt[(draw.uniform() * len(spoilt)).long(), torch.arange(len(eyes))]
    open_ = (draw.uniform() < 0.5).float()
    made = torch.where(open_[:, None, None, None] > 0, eyes, chosen)
    soft = F.interpolate(F.avg_pool2d(made, 2), scale_factor=2.0, mode="bilinear")
    made = torch.where(draw.uniform(1, 1, 1) < 0.5, soft, made)
    tint, noise = 1 + 0.2 * (draw.uniform(3, 1, 1) - 0.5), 0.02 * draw.normal(3, HEIGHT, WIDTH)
    return {"eyes": (made * tint + noise).clamp(0, 1), "open": open_}


def cut(crop: Tensor, right: bool, across: int, down: int) -> Tensor:
    """The patch of one eye of a crop [3, 112, 112], moved by so many pixels."""
    x, y = EYES[int(right)]
    left, top = round(x) - WIDTH // 2 + across, round(y) - HEIGHT // 2 + down
    return crop[:, top : top + HEIGHT, left : left + WIDTH]


def smudged(eyes: Tensor) -> Tensor:
    return F.interpolate(F.avg_pool2d(eyes, 8), (HEIGHT, WIDTH), mode="bilinear")


def smeared(eyes: Tensor) -> Tensor:
    """Drawn out sideways."""
    return F.avg_pool2d(F.pad(eyes, (6, 6, 0, 0), mode="replicate"), (1, 13), 1)


def dark(eyes: Tensor, draw: Draw) -> Tensor:
    """A dark spot instead."""
    place = spot(draw, 6 + 4 * draw.uniform(1, 1, 1), 3 + 2 * draw.uniform(1, 1, 1))
    return eyes + place * (0.35 * draw.uniform(1, 1, 1) * skin(eyes) - eyes)


def shut(eyes: Tensor, draw: Draw) -> Tensor:
    """Skin with a line where the lids meet."""
    bare = eyes + spot(draw, 12.0, 7.0) * (skin(eyes) - eyes)
    return bare * (1 - 0.75 * spot(draw, 9.0, 0.8 + draw.uniform(1, 1, 1)))


def half(eyes: Tensor, draw: Draw) -> Tensor:
    """One side of it is missing."""
    across = torch.linspace(-1, 1, WIDTH, device=eyes.device).expand(len(eyes), 1, HEIGHT, WIDTH)
    gone = ((across * (draw.uniform(1, 1, 1) < 0.5).float().mul(2).sub(1)) * 6).sigmoid()
    return eyes + gone * (skin(eyes) - eyes)


def skin(eyes: Tensor) -> Tensor:
    """The colour below the eye, [B, 3, 1, 1]."""
    return eyes[:, :, -5:].flatten(2).median(2).values[..., None, None]


def spot(draw: Draw, wide: Tensor | float, high: Tensor | float) -> Tensor:
    """1 within an ellipse about the middle, 0 outside, soft at its edge: [B, 1, H, W]."""
    y, x = torch.meshgrid(torch.arange(HEIGHT), torch.arange(WIDTH), indexing="ij")
    middle = draw.normal(2, 1, 1)
    across, down = x - WIDTH / 2 - middle[:, :1], y - HEIGHT / 2 - middle[:, 1:]
    return ((1 - (across / wide).square() - (down / high).square()) * 4).sigmoid()
