"""Which steps InfuseNet really runs on, where its residuals are reused."""

from dataclasses import dataclass

FEW = 8


@dataclass(frozen=True)
class ReusePlan:
    """So many InfuseNet runs, however many steps there are, at these `shares` of them: the first at 0, then rising.

    Every step of a sampling of `FEW` steps is computed: they are too large to forecast.
    """

    shares: tuple[float, ...]

    @property
    def runs(self) -> int:
        return len(self.shares)

    def computed_steps(self, steps: int, start: int = 0) -> frozenset[int]:
        """Which of so many steps are computed; `start` is the first at which the identity acts."""
        if steps <= FEW:
            return frozenset(range(start, steps))
        computed: list[int] = []
        for share in self.shares:
            at = start + round(share * steps)
            computed.append(max(at, computed[-1] + 1) if computed else at)
        return frozenset(step for step in computed if step < steps)


REUSE_PLANS: dict[str, ReusePlan | None] = {
    "exact": None,
    "balanced": ReusePlan(tuple(step / 30 for step in (0, 1, 2, 5, 8, 12, 15, 18, 21, 24, 27))),
    "fast": ReusePlan(tuple(step / 30 for step in (0, 8, 14, 19, 23, 27))),
}
"""Told in steps of thirty. FLUX's schedule lingers near pure noise, where residuals hardly move: `fast` holds the first
ones for a quarter of the steps and comes more often where sigma falls faster (`workshop.benchmarks.reuse_search`)."""
