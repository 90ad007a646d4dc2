"""The sigmas of a run, as its sampler was given them: which step an evaluation belongs to."""

from bisect import bisect_right
from collections.abc import Sequence
from functools import cached_property
from itertools import pairwise

ROUNDING = 1e-5
"""Samplers come back to a scheduled sigma through logarithms and sums, this exactly."""


class SigmaSchedule:
    """`sigmas`: S + 1 numbers for S steps, falling as in sampling or rising as in unsampling."""

    def __init__(self, sigmas: Sequence[float] = ()):
        self.sigmas = tuple(sigmas)

    @property
    def steps(self) -> int:
        return max(len(self.sigmas) - 1, 0)

    @cached_property
    def falls(self) -> bool:
        return all(before > after for before, after in pairwise(self.sigmas))

    @cached_property
    def rises(self) -> bool:
        return all(before < after for before, after in pairwise(self.sigmas))

    @property
    def tells_steps(self) -> bool:
        """Whether each sigma belongs to one step: not where they repeat, turn, or are fewer than two."""
        return self.steps > 0 and (self.falls or self.rises)

    @cached_property
    def ascending(self) -> tuple[float, ...]:
        """The moments of the schedule as numbers that rise with time."""
        return self.sigmas if self.rises else tuple(-sigma for sigma in self.sigmas)

    @cached_property
    def tolerance(self) -> float:
        return min(ROUNDING, min(after - before for before, after in pairwise(self.ascending)) / 4)

    def step_of(self, sigma: float) -> int | None:
        """The step at whose sigma, or after it, this evaluation lies; None where the schedule does not tell."""
        if not self.tells_steps:
            return None
        time = sigma if self.rises else -sigma
        index = bisect_right(self.ascending, time + self.tolerance) - 1
        if index < 0 or time > self.ascending[-1] + self.tolerance:
            return None
        return min(index, self.steps - 1)
