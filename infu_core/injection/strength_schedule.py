"""How strong an identity is over the run: one number, a window, and a curve inside the window.

Percent is the host's: 0 at the first sigma, 1 at the last (in ComfyUI a share of the sigma schedule).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

Within = Callable[[float, float], bool]
"""(start_percent, end_percent) -> whether an evaluation lies between them, by its host's own rule."""

CURVES = {
    "constant": (1.0,),
    "fade in": (0.0, 1.0),
    "fade out": (1.0, 0.0),
    "window": (0.0, 1.0, 1.0, 0.0),
}
ROUNDING = 1e-6
"""Percents that a host computes from its sigmas are this exact."""


@dataclass(frozen=True)
class StrengthSchedule:
    """`strength` between `start_percent` and `end_percent` (both included), nothing outside.

    `curve`: factors evenly spaced over that window, joined by straight lines; one number is constant.
    """

    strength: float = 1.0
    start_percent: float = 0.0
    end_percent: float = 1.0
    curve: tuple[float, ...] = CURVES["constant"]

    def __post_init__(self):
        if not math.isfinite(self.strength) or self.strength < 0:
            raise ValueError(
                f"The strength is {self.strength}; give a number from 0 (nothing) upwards, usually 0.6 to 1."
            )
        window = (self.start_percent, self.end_percent)
        if not all(math.isfinite(percent) and 0 <= percent <= 1 for percent in window) or window[0] > window[1]:
            raise ValueError(
                f"The identity would act from {self.start_percent} to {self.end_percent}; "
                "start_percent and end_percent go from 0 to 1, and the start comes first."
            )
        if not self.curve or not all(math.isfinite(factor) and factor >= 0 for factor in self.curve):
            raise ValueError(f"A strength curve is a list of numbers from 0 upwards, not {list(self.curve)}.")

    def at(self, began: float, ended: float | None = None, within: Within | None = None) -> float:
        """The strength of a step at percent `began`.

        A host that counts steps also gives the percent at the step's end, one with a rule for windows gives `within`.
        """
        ended = began if ended is None else ended
        inside = began >= self.start_percent - ROUNDING and ended <= self.end_percent + ROUNDING
        if not (within(self.start_percent, self.end_percent) if within else inside):
            return 0.0
        return self.strength * value_on(self.curve, self.share_of_window(began))

    def share_of_window(self, percent: float) -> float:
        """0 at the window's start, 1 at its end."""
        width = self.end_percent - self.start_percent
        return min(max((percent - self.start_percent) / width, 0.0), 1.0) if width > 0 else 0.0


def value_on(curve: tuple[float, ...], share: float) -> float:
    """The curve's value at a share 0..1 of its length."""
    if len(curve) == 1:
        return curve[0]
    place = share * (len(curve) - 1)
    left = min(int(place), len(curve) - 2)
    return curve[left] + (curve[left + 1] - curve[left]) * (place - left)
