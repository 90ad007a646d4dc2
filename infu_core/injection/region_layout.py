"""Who goes where: identities with soft masks, brought to one value per image token.

FaceStudio section 3.3 (one identity per person region). Legend for shapes: `k` people, `N` identity tokens,
`C` context, `L` tokens of a latent picture.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from ..identity.identity import Identity
from ..networks.latent_tokens import token_grid

REGION_MODES = ("one_pass", "separate", "cropped")


@dataclass(frozen=True, eq=False)
class IdentityRegion:
    """One person of a picture, as the graph holds it.

    `mask` [height, width] in 0..1 at any size, None for the whole picture. `strength` multiplies the node's own.
    `pose_image` [1, height, width, 3] for this person alone. `masks_given`: how many masks the mask was one of.
    """

    identity: Identity
    mask: Tensor | None = None
    strength: float = 1.0
    pose_image: Tensor | None = None
    masks_given: int = 1

    def __post_init__(self):
        if not 0 <= self.strength < float("inf"):
            raise ValueError(f"The strength of a region is {self.strength}; give a number from 0 upwards, usually 1.")
        if self.mask is None:
            return
        if self.mask.ndim != 2:
            raise ValueError(
                f"A region's mask is one picture of height x width; this one has shape {tuple(self.mask.shape)}."
            )
        if not torch.isfinite(self.mask).all():
            raise ValueError("A region's mask contains values that are not numbers (NaN or infinite); draw it again.")


@dataclass(frozen=True, eq=False)
class Person:
    """One person, projected for one InfuseNet: `tokens` [N, C], the rest as in `IdentityRegion`."""

    tokens: Tensor
    mask: Tensor | None = None
    strength: float = 1.0


@dataclass(frozen=True, eq=False)
class Layout:
    """People on one token grid: `masks` [k, L] sum to at most 1 per token; `whole` where one person has it all."""

    people: tuple[Person, ...]
    masks: Tensor
    whole: bool = False

    def output_weight(self) -> Tensor:
        """What each token keeps of a one-pass residual, [1, L, 1]: its masks, each times its person's strength."""
        strengths = self.masks.new_tensor([person.strength for person in self.people])
        return (strengths[:, None] * self.masks).sum(0)[None, :, None]


@dataclass(frozen=True)
class Window:
    """Which rows and columns of the whole picture a latent holds, in latent pixels; hosts denoise parts on their own.

    They need not stand side by side. `pictures`: which of a batch's pictures it holds, empty for all.
    """

    rows: tuple[int, ...]
    columns: tuple[int, ...]
    full_height: int
    full_width: int
    pictures: tuple[int, ...] = ()

    @classmethod
    def whole(cls, height: int, width: int) -> "Window":
        return cls(tuple(range(height)), tuple(range(width)), height, width)

    def cut(self, whole: Tensor) -> Tensor:
        """[..., full_height, full_width] -> [..., rows, columns]."""
        rows, columns = (torch.tensor(indices, device=whole.device) for indices in (self.rows, self.columns))
        return whole.index_select(-2, rows).index_select(-1, columns)

    def of_batch(self, frames: Tensor) -> Tensor:
        """One of F frames for each picture [n, ...]; one frame serves all."""
        if not self.pictures or len(frames) == 1:
            return frames
        return frames[[picture % len(frames) for picture in self.pictures]]


UNKNOWN = Window((), (), 0, 0)
"""A part of the picture, and nobody told which: everybody is everywhere in it, and nobody's pose is known."""


def lay_out(
    people: Sequence[Person], height: int, width: int, device: torch.device, window: Window | None = None
) -> Layout:
    """People with masks on the token grid of a latent; people whose mask or strength is all zero are left out."""
    unknown = window == UNKNOWN
    given = [None if unknown else person.mask for person in people]
    if len(people) == 1 and (given[0] is None or bool((given[0] >= 1).all())):
        present = tuple(person for person in people if person.strength > 0)
        return Layout(present, token_mask(None, height, width)[None].to(device), whole=True)
    masks = torch.stack([token_mask(mask, height, width, None if unknown else window) for mask in given])
    masks = masks / masks.sum(0).clamp_min(1.0)
    present = [index for index, person in enumerate(people) if person.strength > 0 and bool((masks[index] > 0).any())]
    return Layout(tuple(people[index] for index in present), masks[present].to(device))


def token_mask(mask: Tensor | None, height: int, width: int, window: Window | None = None) -> Tensor:
    """A mask of the picture, at any size -> one value per token of a latent, [L], by area; None is one everywhere."""
    rows, columns = token_grid(height, width)
    if mask is None:
        return torch.ones(rows * columns)
    picture = mask.detach().float().cpu().clamp(0, 1)[None, None]
    if window:
        picture = F.interpolate(picture, size=(window.full_height, window.full_width), mode="area")
        picture = window.cut(picture)
    if height % 2 or width % 2:  # the last row or column of tokens has one row or column of the latent
        picture = F.interpolate(picture, size=(height, width), mode="area")
        picture = F.pad(picture, (0, width % 2, 0, height % 2), mode="replicate")
    return F.interpolate(picture, size=(rows, columns), mode="area").flatten()
