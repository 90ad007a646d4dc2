"""Which steps InfuseNet really runs on, where its residuals are reused."""

from dataclasses import dataclass


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
    "balanced": ReusePlan(runs=11, first=3),
    "fast": ReusePlan(runs=8, first=3),
}
"""Three steps at first: two make a line, the third says how far to trust it. Identity settles within the first 4 to 8
steps (reported, arXiv 2605.09460), but spreading the runs measured better than more of them early."""
