"""Is the difference between two ways real? Cells are paired: the same person, prompt and noise made both ways."""

from dataclasses import dataclass

import torch
from torch import Tensor

from .spread import means_of_people


@dataclass(frozen=True)
class Difference:
    """Mean of b - a over the pairs (or over people), with the 95 % interval of the mean by bootstrap."""

    mean: float
    low: float
    high: float
    pairs: int

    def __str__(self) -> str:
        return f"{self.mean:+.3f} [{self.low:+.3f}, {self.high:+.3f}]"

    @property
    def is_sure(self) -> bool:
        """Zero lies outside of the interval."""
        return self.low > 0 or self.high < 0


def difference(a: Tensor, b: Tensor, resamples: int = 2000, seed: int = 0) -> Difference:
    """`a`, `b` [n]: one number per pair; or [people, pictures], where the bootstrap draws people.

    Not-a-number (no face found) drops the pair; report how many separately.
    """
    if a.shape != b.shape or a.ndim not in (1, 2):
        raise ValueError(
            "Paired values must be two lists of one length or two tables of people x pictures; "
            f"these have {tuple(a.shape)}, {tuple(b.shape)}."
        )
    deltas = (b - a).double()
    deltas = deltas[torch.isfinite(deltas)] if deltas.ndim == 1 else means_of_people(deltas)
    if len(deltas) == 0:
        raise ValueError("No pair has a value on both sides.")
    generator = torch.Generator().manual_seed(seed)
    rows = torch.randint(len(deltas), (resamples, len(deltas)), generator=generator)
    low, high = deltas[rows].mean(1).quantile(torch.tensor([0.025, 0.975], dtype=torch.float64)).tolist()
    return Difference(float(deltas.mean()), low, high, len(deltas))


def gap_in_deviations(same: Tensor, different: Tensor) -> float:
    """How far two groups of similarities lie apart, in their pooled standard deviations (Cohen's d)."""
    same, different = (group[torch.isfinite(group)].double() for group in (same, different))
    if min(len(same), len(different)) < 2:
        raise ValueError(f"Each group needs two values; they have {len(same)} and {len(different)}.")
    return float((same.mean() - different.mean()) / pooled_deviation(same, different))


def pooled_deviation(a: Tensor, b: Tensor) -> Tensor:
    """Of two groups of values of any shape, not-a-number left out."""
    first, second = (values[torch.isfinite(values)].double().var() for values in (a, b))
    return ((first + second) / 2).sqrt().clamp_min(1e-12)
