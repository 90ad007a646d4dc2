"""A mean over people and how sure it is: pictures of one person are no independent witnesses.

Legend for shapes: `k` people, `n` pictures of each; not-a-number where a picture has no value (no face found).
"""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Estimate:
    """`mean` of the people's own means, `error`: its standard error over people; `people`, `pictures` with a value."""

    mean: float
    error: float
    people: int
    pictures: int

    def __str__(self) -> str:
        return f"{self.mean:.3f} ± {self.error:.3f}" if self.people > 1 else f"{self.mean:.3f}"


def means_of_people(values: Tensor) -> Tensor:
    """[k, n] -> each person's mean over the pictures that have a value, [k or fewer]: the others are left out."""
    if values.ndim != 2:
        raise ValueError(f"Values must be a table of people x pictures; these have the shape {tuple(values.shape)}.")
    means = values.double().nanmean(1)
    return means[torch.isfinite(means)]


def over_people(values: Tensor) -> Estimate:
    """[k, n] -> the mean over people with its standard error; not a number where nothing has a value."""
    means = means_of_people(values)
    if len(means) == 0:
        return Estimate(float("nan"), float("nan"), 0, 0)
    error = float(means.std() / len(means) ** 0.5) if len(means) > 1 else float("nan")
    return Estimate(float(means.mean()), error, len(means), int(torch.isfinite(values).sum()))
