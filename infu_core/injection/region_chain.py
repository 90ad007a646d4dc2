"""A chain of identity regions, as nodes build it: one person more with every node."""

import logging
from collections.abc import Sequence

import torch
from torch import Tensor

from ..identity.identity import Identity
from .mask_input import read_masks
from .region_boxes import box_mask, check_feather, feathered, read_box
from .region_layout import IdentityRegion

log = logging.getLogger(__name__)

BY_PLACE = -1
"""The first region of a chain takes a batch's first mask, the second its second."""


def add_region(
    regions: Sequence[IdentityRegion],
    identity: Identity,
    mask: Tensor | None = None,
    box: str = "",
    strength: float = 1.0,
    feather: float = 0.0,
    mask_index: int = BY_PLACE,
    pose_image: Tensor | None = None,
) -> tuple[IdentityRegion, ...]:
    """The chain with one person more, who gets the mask (one, or one of a batch [n, height, width]) within the box.

    Without mask and box it is the whole picture. Raises ValueError in one sentence.
    """
    check_feather(feather)
    chosen, given = choose_mask(mask, len(regions) if mask_index == BY_PLACE else mask_index)
    area = read_box(box)
    if chosen is None and area is not None:
        chosen = box_mask(area)
    elif chosen is not None and area is not None:
        chosen = chosen * box_mask(area, *chosen.shape)
    if chosen is not None:
        chosen = feathered(chosen, feather)
        if not bool((chosen > 0).any()):
            log.warning("The mask of identity region %d is empty, so this person will not be drawn.", len(regions) + 1)
    return (*regions, IdentityRegion(identity, chosen, strength, pose_image, given))


def with_mask(identity: Identity | Sequence[IdentityRegion], mask: Tensor | None):
    """One identity with a mask as a chain of one; what has regions already can't have another mask."""
    if mask is None:
        return identity
    if not isinstance(identity, Identity):
        raise ValueError("Both a mask and identity regions are connected; give the masks to the regions instead.")
    return add_region((), identity, mask)


def choose_mask(mask: Tensor | None, place: int) -> tuple[Tensor | None, int]:
    """The mask at this place of a batch, and how many there are; one alone serves every place."""
    if mask is None:
        return None, 1
    masks = read_masks(mask)
    if len(masks) == 1:
        return masks[0], 1
    if place >= len(masks):
        raise ValueError(
            f"This is identity region {place + 1}, but only {len(masks)} masks are connected; "
            "connect a mask for every identity, or set mask_index."
        )
    return masks[place], len(masks)


def shares_of(regions: Sequence[IdentityRegion], height: int, width: int) -> Tensor:
    """Who has how much of each pixel, [k, height, width], at most 1 in all: what the injection makes of the masks."""
    layers = []
    for region in regions:
        mask = torch.ones(1, 1) if region.mask is None else region.mask
        layers.append(torch.nn.functional.interpolate(mask.clamp(0, 1)[None, None], (height, width), mode="area")[0, 0])
    stacked = torch.stack(layers)
    return stacked / stacked.sum(0).clamp_min(1.0)
