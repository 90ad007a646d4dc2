"""Residual reuse within one run: planned steps are computed, those between are forecast."""

import math
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

from torch import Tensor

from ..residuals import Residuals, change_between
from .deferred_scalars import DeferredScalars
from .residual_forecast import Forecast, list_of
from .reuse_plan import ReusePlan

SAME_SIGMA = 2
"""How often samplers evaluate one sigma on their way: heun and its kin end a step where they begin the next."""


@dataclass
class Track:
    """One batch of rows: the steps to be computed, and what is known.

    `miss`: how far the forecast of the last computed step was off, not yet fetched from the device, or as a number.
    """

    planned: frozenset[int]
    forecast: Forecast = field(default_factory=Forecast)
    last_computed: int = -1
    last_step: int = -1
    visits: tuple[float, int] = (math.nan, 0)
    miss: Tensor | float | None = None

    def is_due(self, step: int) -> bool:
        """Whether a planned step has come since the last computed one; a host may have skipped it."""
        return any(self.last_computed < planned <= step for planned in self.planned)

    def goes_on(self, step: int, time: float) -> bool:
        """Whether this evaluation lies where the sampler's way leads: not at an earlier step, nor again and again."""
        at, count = self.visits
        self.visits = (time, count + 1 if time == at else 1)
        forward, self.last_step = step >= self.last_step, step
        return forward and self.visits[1] <= SAME_SIGMA


class ResidualCache:
    """`threshold`: a forecast of the first residual that was wrong by more makes the next step a computed one.

    `spare_memory()`: bytes that the host can give; where two more sets of residuals do not fit, nothing is kept, every
    step is computed, and `notes` says so. `scalars`: what fetches a threshold's numbers from the device.
    """

    def __init__(
        self,
        plan: ReusePlan,
        steps: int,
        threshold: float = math.inf,
        spare_memory: Callable[[], float] | None = None,
        scalars: DeferredScalars | None = None,
    ):
        self.plan = plan
        self.steps = steps
        self.threshold = threshold
        self.spare_memory = spare_memory
        self.scalars = scalars
        self.tracks: dict[Hashable, Track] = {}
        self.lost: set[Hashable] = set()
        """Rows whose sampler turned back: their residuals are no line any more."""
        self.notes: list[str] = []

    def forecast(self, key: Hashable, step: int | None, time: float) -> Residuals | None:
        """Residuals for this evaluation, or None where they must be computed.

        `key` tells rows apart that are denoised side by side. `step`: None where the host's schedule does not tell.
        `time`: see `Forecast`.
        """
        if step is None or key in self.lost:
            return None
        if key not in self.tracks:
            self.tracks[key] = Track(self.plan.computed_steps(self.steps, start=step))
        track = self.tracks[key]
        if not track.goes_on(step, time):
            self.give_up(key)
            return None
        if not track.forecast.is_ready or track.is_due(step) or self.missed(track):
            return None
        return track.forecast.at(time)

    def give_up(self, key: Hashable) -> None:
        """The sampler went back, with fresh noise perhaps: from here on every evaluation of these rows is computed."""
        self.lost.add(key)
        del self.tracks[key]
        self.notes[:] = [
            "Residual reuse ended early: the sampler went back to an earlier sigma or stayed at one; "
            "every later step was computed."
        ]

    def remember(self, key: Hashable, step: int | None, time: float, computed: Residuals) -> None:
        """Keep what was computed, if there is room for it."""
        track = self.tracks.get(key)
        if track is None or step is None:
            return
        if not track.forecast.points and not self.has_room(computed.nbytes):
            return
        track.miss = self.miss(track, time, computed)
        if isinstance(track.miss, Tensor) and self.scalars:
            self.scalars.later(track.miss, lambda number: setattr(track, "miss", number))
        track.forecast.learn(time, computed)
        track.last_computed = step

    def miss(self, track: Track, time: float, computed: Residuals) -> Tensor | None:
        """How far the forecast for this moment would have been off [], on the device; None where nobody asks."""
        if not track.forecast.is_ready or not math.isfinite(self.threshold):
            return None
        expected = track.forecast.at(time)
        return change_between(list_of(computed)[0], list_of(expected)[0])

    def missed(self, track: Track) -> bool:
        return track.miss is not None and float(track.miss) > self.threshold

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
