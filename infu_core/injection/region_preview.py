"""A picture of who goes where: each region in its own colour, with its number."""

from collections.abc import Sequence

import torch
from torch import Tensor

from .region_chain import shares_of
from .region_layout import IdentityRegion

COLOURS = ((230, 75, 53), (77, 187, 213), (0, 160, 135), (243, 155, 127), (132, 145, 180), (145, 209, 194))
BACKGROUND = 0.12
LONGER_SIDE = 384


def preview_regions(regions: Sequence[IdentityRegion]) -> Tensor:
    """[1, height, width, 3] in 0..1, in the proportions of the first mask; later regions share what overlaps."""
    height, width = preview_size(regions)
    shares = shares_of(regions, height, width)
    colours = torch.tensor([COLOURS[index % len(COLOURS)] for index in range(len(regions))]) / 255
    picture = BACKGROUND + torch.einsum("khw,kc->hwc", shares, colours - BACKGROUND)
    return numbered(picture, shares)[None]


def report_regions(regions: Sequence[IdentityRegion]) -> str:
    """One line a person, numbered as in the picture: how much of it is theirs, and how strongly."""
    shares = shares_of(regions, *preview_size(regions)).mean((1, 2)).tolist()
    lines = []
    for number, (region, share) in enumerate(zip(regions, shares, strict=True), start=1):
        faces = len(region.identity.sources)
        pose = "" if region.pose_image is None else ", own pose image"
        lines.append(f"{number}: {share:.0%} of the picture, strength {region.strength:g}, from {photos(faces)}{pose}")
    empty = [number for number, share in enumerate(shares, start=1) if share == 0]
    return "\n".join([*lines, *(f"NOBODY: the mask of {number} is empty." for number in empty)])


def photos(count: int) -> str:
    return f"{count} photo" if count == 1 else f"{count} photos"


def preview_size(regions: Sequence[IdentityRegion]) -> tuple[int, int]:
    masks = [region.mask for region in regions if region.mask is not None]
    height, width = masks[0].shape if masks else (1, 1)
    scale = LONGER_SIDE / max(height, width)
    return max(round(height * scale), 1), max(round(width * scale), 1)


def numbered(picture: Tensor, shares: Tensor) -> Tensor:
    """Each region's number at its centre of mass."""
    import numpy as np
    from PIL import Image, ImageDraw

    image = Image.fromarray((picture.clamp(0, 1) * 255).byte().numpy())
    draw = ImageDraw.Draw(image)
    for number, share in enumerate(shares, start=1):
        if not bool((share > 0).any()):
            continue
        weight = share / share.sum()
        row = float((weight.sum(1) * torch.arange(share.shape[0])).sum())
        column = float((weight.sum(0) * torch.arange(share.shape[1])).sum())
        draw.ellipse((column - 13, row - 13, column + 13, row + 13), fill=(20, 20, 20))
        draw.text((column, row), str(number), fill=(255, 255, 255), anchor="mm", font_size=18)
    return torch.from_numpy(np.array(image)).float() / 255
