"""Residual reuse: compute the first steps and a few later ones, forecast the rest by a line through the last two.

Identity settles within the first 4 to 8 steps (reported, arXiv 2605.09460); TaylorSeer forecasts features so. A cache
belongs to one run.
"""

import math
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

import torch

from ..residuals import Residuals, change_between


@dataclass(frozen=True)
class ReusePlan:
    """About `runs` InfuseNet runs, however many steps there are: the `first` steps, then evenly spaced ones."""

    runs: int
    first: int

    def computed_steps(self, steps: int, start: int = 0) -> frozenset[int]:
        """Which of so many steps are computed; `start` is the first at which the identity acts."""
        if steps <= self.runs:
            return frozenset(range(start, steps))
        interval = (steps - self.first) / (self.runs - self.first + 0.5)
        later = (start + self.first - 1 + round(interval * number) for number in range(1, self.runs - self.first + 1))
        return frozenset((*range(start, start + self.first), *later))


REUSE_PLANS: dict[str, ReusePlan | None] = {
    "exact": None,
    "balanced": ReusePlan(runs=11, first=4),
    "fast": ReusePlan(runs=8, first=3),
}


@dataclass
class Track:
    """What is known of one batch of rows: its last two computed residuals, and when."""

    planned: frozenset[int]
    points: list[tuple[float, Residuals]] = field(default_factory=list)
    last_step: int = -1
    force_fresh: bool = False

    def is_due(self, step: int) -> bool:
        """Whether a planned step has come since the last computed one; a host may have skipped it."""
        return any(self.last_step < planned <= step for planned in self.planned)


class ResidualCache:
    """`threshold`: a forecast of the first residual that was wrong by more makes the next step a computed one.

    `spare_memory()`: bytes that the host can give; where two more sets of residuals do not fit, nothing is kept, every
    step is computed, and `notes` says so.
    """

    def __init__(
        self,
        plan: ReusePlan,
        steps: int,
        threshold: float = math.inf,
        spare_memory: Callable[[], float] | None = None,
    ):
        self.plan = plan
        self.steps = steps
        self.threshold = threshold
        self.spare_memory = spare_memory
        self.tracks: dict[Hashable, Track] = {}
        self.notes: list[str] = []

    def forecast(self, key: Hashable, step: int, progress: float) -> Residuals | None:
        """Residuals for this evaluation, or None where they must be computed.

        `key` tells rows apart that are denoised side by side. `progress` is the time axis of the line.
        """
        if key not in self.tracks:
            self.tracks[key] = Track(self.plan.computed_steps(self.steps, start=step))
        track = self.tracks[key]
        if len(track.points) < 2 or track.is_due(step) or track.force_fresh:
            return None
        return on_the_line(track, progress)

    def remember(self, key: Hashable, step: int, progress: float, computed: Residuals) -> None:
        """Keep what was computed; the two newest points of different progress make the line."""
        track = self.tracks[key]
        if not track.points and not self.has_room(computed.nbytes):
            return
        track.force_fresh = self.is_far_off(track, progress, computed)
        if track.points and track.points[-1][0] == progress:
            track.points.pop()
        track.points = [*track.points[-1:], (progress, computed)]
        track.last_step = step

    def is_far_off(self, track: Track, progress: float, computed: Residuals) -> bool:
        """Whether the forecast for this moment would have missed the threshold."""
        if len(track.points) < 2 or not math.isfinite(self.threshold):
            return False
        first = (computed.double or computed.single)[0]
        expected = on_the_line(track, progress)
        return change_between(first, (expected.double or expected.single)[0]) > self.threshold

    def has_room(self, nbytes: int) -> bool:
        """Whether the host can hold a second set of residuals and a forecast."""
        if self.spare_memory is None or (spare := self.spare_memory()) >= 2 * nbytes:
            return True
        self.notes[:] = [
            f"Residual reuse was off: it needs {2 * nbytes / 1e9:.2f} GB, {max(spare, 0) / 1e9:.2f} GB are free; "
            "every step was computed."
        ]
        return False

    @property
    def nbytes(self) -> int:
        return sum(residuals.nbytes for track in self.tracks.values() for _, residuals in track.points)


def on_the_line(track: Track, progress: float) -> Residuals:
    """The line through a track's two points, at another progress."""
    (time0, before), (time1, after) = track.points
    place = (progress - time0) / (time1 - time0)
    line = lambda a, b: torch.lerp(a, b, place)  # noqa: E731
    return Residuals(
        tuple(map(line, before.double, after.double)),
        tuple(map(line, before.single, after.single)),
    )
