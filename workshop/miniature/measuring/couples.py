"""Two people in one picture, each in their half: likeness to the own person, and to the other one (leak).

Legend for shapes: `p` pairs, `n` prompts of each, `S` pixels of a side, `W` of the width, `E` judge's vector.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from infu_core.injection.injection_settings import InjectionSettings

from .cells import Cells
from .studio import Subject, captions_of


@dataclass(frozen=True, eq=False)
class Couples:
    """`pictures` uint8 [p, n, S, W, 3]; likeness of each half to its `own` person and to the `other`, [p, 2 n]."""

    pictures: Tensor
    own: Tensor
    other: Tensor

    @property
    def apart(self) -> Tensor:
        """How much more each half is like its own person, [p, 2 n]; 0 where both are the same."""
        return self.own - self.other

    @property
    def right_way_round(self) -> Tensor:
        """1 where a half is more like its own person than like the other, [p, 2 n]; chance is a half."""
        return torch.where(torch.isfinite(self.apart), (self.apart > 0).float(), torch.nan)

    @property
    def found(self) -> Tensor:
        return torch.isfinite(self.own).float()


def masks(height: int, width: int) -> tuple[Tensor, Tensor]:
    """The left and the right half, [S, W] each."""
    left = torch.zeros(height, width)
    left[:, : width // 2] = 1
    return left, 1 - left


def couples(cells: Cells, mode: str) -> Couples:
    """`mode`: one of the region modes, or none for words alone."""
    studio = cells.studio
    width = studio.width_of_two
    left, right = masks(studio.size, width)

    def draw(a: Subject, b: Subject, texts: list[str], seed: int) -> Tensor:
        if mode == "none":
            return studio.pictures(texts, seed, width=width)[0]
        people = [studio.person(a.identity, left), studio.person(b.identity, right)]
        return studio.pictures(texts, seed, people, InjectionSettings(region_mode=mode), width=width)[0]

    return judged_couples(cells, mode, draw)


def judged_couples(cells: Cells, name: str, draw: Callable[[Subject, Subject, list[str], int], Tensor]) -> Couples:
    """`draw(a, b, texts, seed)` -> pictures [n, S, W, 3] of every pair, judged half by half."""

    def make() -> Couples:
        pictures, own, other = [], [], []
        for a, b in cells.pairs():
            texts = captions_of(cells.studio.couple_scenes(a, b, cells.prompts))
            made = draw(a, b, texts, 9500 + a.number)
            vectors = [cells.studio.face_vectors(cells.studio.half(made, bool(side))) for side in (0, 1)]
            pictures.append(made)
            own.append(torch.cat((vectors[0] @ a.judged, vectors[1] @ b.judged)))
            other.append(torch.cat((vectors[0] @ b.judged, vectors[1] @ a.judged)))
        return Couples(torch.stack(pictures), torch.stack(own), torch.stack(other))

    return cells.once(f"two people, {name}", make, len(cells.pairs()) * cells.prompts)


def rendered_couples(cells: Cells) -> Couples:
    """The renderer's own couples: what the judge says where everybody is in the right place."""

    def draw(a: Subject, b: Subject, texts: list[str], seed: int) -> Tensor:
        return cells.studio.renderings(cells.studio.couple_scenes(a, b, cells.prompts))

    return judged_couples(cells, "renders", draw)
