"""A mixed with B: likeness to both as the weight moves.

Legend for shapes: `p` pairs, `n` prompts of each, `S` pixels of a side.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from infu_core.identity.mixing import mix

from .cells import Cells, Outcome


@dataclass(frozen=True, eq=False)
class Mixture:
    """`pictures` uint8 [p, n, S, S, 3], of A's prompts and noise; likeness `to_a` and `to_b` [p, n]."""

    pictures: Tensor
    to_a: Tensor
    to_b: Tensor

    @property
    def lean(self) -> Tensor:
        """How much more like B than like A, [p, n]."""
        return self.to_b - self.to_a


def mixture(cells: Cells, mode: str, weight: float) -> Mixture:
    """Every pair at this weight of B; the ends are the same for all modes: A with A's identity, and with B's."""
    if weight in (0, 1):
        return end(cells, cells.of_neighbours() if weight else cells.injected())
    studio = cells.studio

    def draw() -> Mixture:
        pictures, to_a, to_b = [], [], []
        for pair, (a, b) in enumerate(cells.pairs()):
            mixed = mix([a.identity, b.identity], [1 - weight, weight], mode)
            made, _ = studio.pictures(cells.texts(2 * pair), cells.seed(2 * pair), [studio.person(mixed)])
            vectors = studio.face_vectors(made)
            pictures.append(made)
            to_a.append(vectors @ a.judged)
            to_b.append(vectors @ b.judged)
        return Mixture(torch.stack(pictures), torch.stack(to_a), torch.stack(to_b))

    return cells.once(f"mix, {mode} {weight:g}", draw, len(cells.pairs()) * cells.prompts)


def end(cells: Cells, way: Outcome) -> Mixture:
    """The first of each pair, as `way` drew it."""
    firsts = slice(0, 2 * len(cells.pairs()), 2)
    to_b = torch.einsum("pne,pe->pn", way.vectors[firsts], torch.stack([b.judged for _, b in cells.pairs()]))
    return Mixture(way.pictures[firsts], way.likeness[firsts], to_b)
