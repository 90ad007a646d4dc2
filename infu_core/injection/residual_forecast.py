"""A forecast of residuals: the line through the last two computed ones, as far as the line before it came true.

TaylorSeer (2503.06923) forecasts features by such lines. On smooth runs they are several times better than holding the
last value, after fresh noise (ancestral samplers) several times worse; so each new computed set says, per picture and
block, what share of the expected change came true. Where half of it did, the next line is followed whole, where less,
by twice that share: a path that bends is still better followed than left.

Legend for shapes: `B` batch, `L` image tokens, `D` hidden.
"""

from torch import Tensor

from ..residuals import Residuals


class Forecast:
    """Knows the last two computed sets, and when; time is any number that moves steadily, such as sigma."""

    def __init__(self):
        self.points: list[tuple[float, Residuals]] = []
        self.trust: list[Tensor] = []
        """Per block [B, 1, 1], 0 (hold the last value) to 1 (follow the line); empty: not measured yet, follow it."""

    @property
    def is_ready(self) -> bool:
        return bool(self.points)

    def at(self, time: float) -> Residuals:
        """Residuals expected at this time; needs a point, which is held as long as it is the only one."""
        if len(self.points) == 1:
            return self.points[0][1].map(Tensor.clone)  # the host may add into what it gets
        ahead = self.steps_ahead(time)
        before, after = (list_of(residuals) for _, residuals in self.points)
        shares = [ahead * trust for trust in self.trust] or [ahead] * len(after)
        made = [b + (b - a) * share_like(b, share) for a, b, share in zip(before, after, shares, strict=True)]
        doubles = len(self.points[1][1].double)
        return Residuals(tuple(made[:doubles]), tuple(made[doubles:]))

    def learn(self, time: float, computed: Residuals) -> None:
        """Take a computed set; the two newest of different times make the next line."""
        if self.points and self.points[-1][0] == time:
            self.points[-1] = (time, computed)
            return
        if len(self.points) == 2:
            ahead = self.steps_ahead(time)
            before, after = (list_of(residuals) for _, residuals in self.points)
            self.trust = [
                (2 * share_come_true(ahead * (b - a), c - b)).clamp(max=1)
                for a, b, c in zip(before, after, list_of(computed), strict=True)
            ]
        self.points = [*self.points[-1:], (time, computed)]

    def steps_ahead(self, time: float) -> float:
        """How many times the distance of the two points lies between the second one and this time."""
        (time0, _), (time1, _) = self.points
        return (time - time1) / (time1 - time0)


def share_come_true(expected: Tensor, actual: Tensor) -> Tensor:
    """The share of an expected change [B, L, D] that lies in the actual one, by least squares, in 0..1: [B, 1, 1]."""
    expected, actual = expected.float(), actual.float()
    size = (expected * expected).sum(dim=(1, 2), keepdim=True)
    return ((expected * actual).sum(dim=(1, 2), keepdim=True) / size.clamp_min(1e-30)).clamp(0, 1)


def share_like(residual: Tensor, share: Tensor | float) -> Tensor | float:
    return share.to(residual.dtype) if isinstance(share, Tensor) else share


def list_of(residuals: Residuals) -> tuple[Tensor, ...]:
    return (*residuals.double, *residuals.single)
