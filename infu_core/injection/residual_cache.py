"""Residual reuse within one run: planned steps are computed, those between are forecast."""

import math
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

from ..residuals import Residuals, change_between
from .residual_forecast import Forecast, list_of
from .reuse_plan import ReusePlan


@dataclass
class Track:
    """One batch of rows: the steps to be computed, and what is known."""

    planned: frozenset[int]
    forecast: Forecast = field(default_factory=Forecast)
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

    def forecast(self, key: Hashable, step: int, time: float) -> Residuals | None:
        """Residuals for this evaluation, or None where they must be computed.

        `key` tells rows apart that are denoised side by side. `time`: see `Forecast`.
        """
        if key not in self.tracks:
            self.tracks[key] = Track(self.plan.computed_steps(self.steps, start=step))
        track = self.tracks[key]
        if not track.forecast.is_ready or track.is_due(step) or track.force_fresh:
            return None
        return track.forecast.at(time)

    def remember(self, key: Hashable, step: int, time: float, computed: Residuals) -> None:
        """Keep what was computed, if there is room for it."""
        track = self.tracks[key]
        if not track.forecast.points and not self.has_room(computed.nbytes):
            return
        track.force_fresh = self.is_far_off(track, time, computed)
        track.forecast.learn(time, computed)
        track.last_step = step

    def is_far_off(self, track: Track, time: float, computed: Residuals) -> bool:
        """Whether the forecast for this moment would have missed the threshold."""
        if not track.forecast.is_ready or not math.isfinite(self.threshold):
            return False
        expected = track.forecast.at(time)
        return change_between(list_of(computed)[0], list_of(expected)[0]) > self.threshold

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
        return sum(residuals.nbytes for track in self.tracks.values() for _, residuals in track.forecast.points)
