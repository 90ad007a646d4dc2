"""Residual reuse: compute the first steps, then forecast most later ones by a line through the last two computed.

Identity settles within the first 4 to 8 steps (reported, arXiv 2605.09460); a run belongs to one cache.
"""

import math
from collections.abc import Hashable
from dataclasses import dataclass, field

from ..residuals import Residuals, change_between


@dataclass(frozen=True)
class ReusePlan:
    """`first_share` of the steps are computed, then every `interval`-th; `interval` 1 computes all."""

    first_share: float
    interval: int

    def is_fresh(self, step: int, steps: int) -> bool:
        """Whether the step (counted from the first active one) is computed."""
        first = max(2, math.ceil(self.first_share * steps))
        return step < first or (step - first + 1) % self.interval == 0


REUSE_PLANS = {
    "exact": ReusePlan(first_share=1.0, interval=1),
    "balanced": ReusePlan(first_share=4 / 30, interval=4),  # 10 of 30
    "fast": ReusePlan(first_share=3 / 30, interval=5),  # 8 of 30
}


@dataclass
class Track:
    """What is known of one batch of rows: its last two computed residuals, and when."""

    first_step: int
    points: list[tuple[float, Residuals]] = field(default_factory=list)
    last_step: int = -1
    force_fresh: bool = False


class ResidualCache:
    """`threshold`: a forecast of the first residual that was wrong by more makes the next step a computed one."""

    def __init__(self, plan: ReusePlan, steps: int, threshold: float = math.inf):
        self.plan = plan
        self.steps = steps
        self.threshold = threshold
        self.tracks: dict[Hashable, Track] = {}

    def forecast(self, key: Hashable, step: int, progress: float) -> Residuals | None:
        """Residuals for this evaluation, or None where they must be computed.

        `key` tells rows apart that are denoised side by side. `progress` is the time axis of the line.
        """
        track = self.tracks.setdefault(key, Track(first_step=step))
        active_steps = self.steps - track.first_step
        planned = self.plan.is_fresh(step - track.first_step, active_steps) and step != track.last_step
        warming_up = step - track.first_step < max(2, math.ceil(self.plan.first_share * active_steps))
        if planned or warming_up or track.force_fresh or len(track.points) < 2:
            return None
        return self.on_the_line(track, progress)

    @staticmethod
    def on_the_line(track: Track, progress: float) -> Residuals:
        (time0, before), (time1, after) = track.points
        ahead = (progress - time1) / (time1 - time0)
        return Residuals(
            tuple(b + ahead * (b - a) for a, b in zip(before.double, after.double, strict=True)),
            tuple(b + ahead * (b - a) for a, b in zip(before.single, after.single, strict=True)),
        )

    def remember(self, key: Hashable, step: int, progress: float, computed: Residuals) -> None:
        """Keep what was computed; the two newest points of different progress make the line."""
        track = self.tracks[key]
        track.force_fresh = False
        if len(track.points) == 2 and math.isfinite(self.threshold) and computed.double:
            expected = self.on_the_line(track, progress).double[0]
            track.force_fresh = change_between(computed.double[0], expected) > self.threshold
        if track.points and track.points[-1][0] == progress:
            track.points.pop()
        track.points = [*track.points[-1:], (progress, computed)]
        track.last_step = step

    @property
    def nbytes(self) -> int:
        return sum(residuals.nbytes for track in self.tracks.values() for _, residuals in track.points)
