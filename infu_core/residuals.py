"""What InfuseNet makes: one residual per block, to be added to the host's image tokens after its own blocks.

Legend for shapes: `B` batch, `L` image tokens, `D` hidden.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, eq=False)
class Residuals:
    """`double` and `single`: one tensor [B, L, D] per double and per single block of InfuseNet."""

    double: tuple[Tensor, ...]
    single: tuple[Tensor, ...]

    def map(self, change: Callable[[Tensor], Tensor]) -> "Residuals":
        return Residuals(tuple(map(change, self.double)), tuple(map(change, self.single)))

    def scaled(self, strength: float | Tensor) -> "Residuals":
        """Multiplied by a number, or by one value per token [B or 1, L, 1]."""
        if isinstance(strength, Tensor):
            return self.map(lambda residual: residual * strength.to(residual))
        return self if strength == 1 else self.map(lambda residual: residual * strength)

    def weighted(self, double: Sequence[float], single: Sequence[float]) -> "Residuals":
        """Each block's residual by its own weight; the lists are as long as the blocks."""
        for name, weights, blocks in (("double", double, self.double), ("single", single, self.single)):
            if len(weights) != len(blocks):
                raise ValueError(f"{len(weights)} {name} block weights were given for {len(blocks)} {name} blocks.")
        scale = lambda residual, weight: residual if weight == 1 else residual * weight  # noqa: E731
        return Residuals(tuple(map(scale, self.double, double)), tuple(map(scale, self.single, single)))

    def __add__(self, other: "Residuals") -> "Residuals":
        return Residuals(
            tuple(a + b for a, b in zip(self.double, other.double, strict=True)),
            tuple(a + b for a, b in zip(self.single, other.single, strict=True)),
        )

    def add_(self, other: "Residuals") -> "Residuals":
        """Adds into these tensors, which must be nobody else's: a sum of many keeps one set in memory."""
        for mine, theirs in zip((*self.double, *self.single), (*other.double, *other.single), strict=True):
            mine += theirs
        return self

    def placed(self, rows: Sequence[int], batch: int) -> "Residuals":
        """These rows at their places in a larger batch [batch, L, D], zeros elsewhere."""
        if list(rows) == list(range(batch)):
            return self

        def place(residual: Tensor) -> Tensor:
            whole = residual.new_zeros((batch, *residual.shape[1:]))
            whole[list(rows)] = residual
            return whole

        return self.map(place)

    def spread(self, double_depth: int, single_depth: int) -> tuple[list[Tensor], list[Tensor]]:
        """One entry per block of the host, shared, not copied (InfiniteYou section 3.2)."""
        return spread(self.double, double_depth), spread(self.single, single_depth)

    @property
    def nbytes(self) -> int:
        return sum(residual.nbytes for residual in (*self.double, *self.single))


def spread(residuals: Sequence[Tensor], depth: int) -> list[Tensor]:
    """Residual j serves the host's blocks j * n .. j * n + n - 1 with n = ceil(depth / residuals)."""
    if not residuals:
        return []
    interval = math.ceil(depth / len(residuals))
    return [residuals[block // interval] for block in range(depth)]


def sum_of(parts: Sequence[Residuals]) -> Residuals:
    """The sum, in the order given; `parts` is not empty."""
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total


def change_between(before: Tensor, after: Tensor) -> Tensor:
    """Relative L1 difference [] of two residuals of one block: 0 where they are equal."""
    return torch.dist(after.float(), before.float(), p=1) / before.float().abs().sum().clamp_min(1e-12)
