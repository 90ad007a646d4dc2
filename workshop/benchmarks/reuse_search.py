"""Is there a plan with fewer InfuseNet runs? The best ones for several forecasts, searched for and tried elsewhere.

    python -m workshop.benchmarks.reuse_search --runs 5,6,7,8

Paths of 30 steps: of the miniature (six people, four styles) and of three networks of random weights and other sizes.
A plan's error on a path is what its forecasts leave in the latent, | sum of d_sigma * mistake | over
| sum of d_sigma * residual |, mean over blocks; told as a multiple of `balanced`'s, geometric mean over the paths.
"elsewhere" is honest: each path by the plan that was searched for on the other three. Along exact paths: in a picture
the mistakes also move the path.
"""

import argparse
import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from infu_core.injection.injector import InjectionRun
from infu_core.injection.residual_forecast import list_of
from infu_core.injection.reuse_plan import REUSE_PLANS
from miniature.files import MiniatureFiles

from .. import ROOT
from ..miniature.measuring.networks import load_networks
from ..miniature.measuring.studio import Studio, captions_of
from .reuse_paths import STEPS, network, path

NUMBERS = 256
"""A block's residuals are thrown into so many numbers at random, which keeps their lengths."""
FORECASTS = ("line", "trusted line", "parabola", "line over sqrt(sigma)")
SIZES = ((256, 2, 4, 10), (384, 3, 2, 5), (512, 4, 3, 3))
"""Hidden size, heads, double and single blocks."""


@dataclass(frozen=True, eq=False)
class Path:
    """`sigmas` [S]; `blocks` [S, B, NUMBERS] each."""

    sigmas: Sequence[float]
    blocks: Sequence[Tensor]

    @classmethod
    def of(cls, seen: Sequence[tuple[float, Sequence[Tensor]]]) -> "Path":
        blocks = []
        for block in zip(*(residuals for _, residuals in seen), strict=True):
            stacked = torch.stack(block).float().flatten(2)
            generator = torch.Generator().manual_seed(0)
            blocks.append(stacked @ (torch.randn(stacked.shape[2], NUMBERS, generator=generator) / NUMBERS**0.5))
        return cls([sigma for sigma, _ in seen], blocks)

    def error(self, plan: Sequence[int], forecast: str) -> float:
        steps = [a - b for a, b in zip(self.sigmas, [*self.sigmas[1:], 0.0], strict=True)]
        times = [math.sqrt(sigma) if "sqrt" in forecast else sigma for sigma in self.sigmas]
        shares = []
        for block in self.blocks:
            known, mistake = [], torch.zeros_like(block[0])
            for step, actual in enumerate(block):
                if step in plan:
                    known.append((times[step], actual))
                else:
                    mistake = mistake + steps[step] * (expected(known, times[step], forecast) - actual)
            whole = sum(length * actual for length, actual in zip(steps, block, strict=True))
            shares.append(float((mistake.norm(dim=-1) / whole.norm(dim=-1)).mean()))
        return sum(shares) / len(shares)


def expected(known: Sequence[tuple[float, Tensor]], time: float, forecast: str) -> Tensor:
    """The polynomial through the last known residuals; a trusted line is cut as `Forecast` does it."""
    points = known[-3:] if forecast == "parabola" else known[-2:]
    value = sum(residual * weight(points, index, time) for index, (_, residual) in enumerate(points))
    if forecast != "trusted line" or len(known) < 3:
        return value
    (t0, a), (t1, b), (t2, c) = known[-3:]
    hoped, came = (t2 - t1) / (t1 - t0) * (b - a), c - b
    trust = ((hoped * came).sum(-1, keepdim=True) / (hoped * hoped).sum(-1, keepdim=True).clamp_min(1e-30)).clamp(0, 1)
    return c + (2 * trust).clamp(max=1) * (value - c)


def weight(points: Sequence[tuple[float, Tensor]], index: int, time: float) -> float:
    """Lagrange's."""
    own = points[index][0]
    return math.prod((time - other) / (own - other) for place, (other, _) in enumerate(points) if place != index)


def miniature_paths() -> list[Path]:
    studio = Studio(load_networks(MiniatureFiles(), ROOT / "tests" / "behaviour" / "judges"), steps=STEPS)
    return [Path.of(recorded(studio, number)) for number in range(6)]


def recorded(studio: Studio, number: int) -> list[tuple[float, tuple[Tensor, ...]]]:
    """One person's residuals at each step, in four styles."""
    seen = []
    plain = InjectionRun.residuals

    def watched(run, net, step, *more):
        made = plain(run, net, step, *more)
        seen.append((float(step.timestep[0]), list_of(made)))
        return made

    InjectionRun.residuals = watched
    try:
        who = studio.person(studio.subject(number).identity)
        studio.pictures(captions_of(studio.scenes(number, 4)), 9000 + number, [who])
    finally:
        InjectionRun.residuals = plain
    return seen


def random_path(size: tuple[int, int, int, int]) -> list[Path]:
    return [Path.of([(sigma, list_of(made)) for sigma, made in path(network(0.5, *size), fresh_noise=False)])]


@dataclass(frozen=True, eq=False)
class Search:
    """Kinds of paths by name, and `balanced`'s error on each."""

    kinds: dict[str, list[Path]]
    balanced: dict[str, float]

    def times_balanced(self, plan: Sequence[int], forecast: str, names: Sequence[str]) -> float:
        shares = [mean_error(self.kinds[name], plan, forecast) / self.balanced[name] for name in names]
        return math.exp(sum(map(math.log, shares)) / len(shares))

    def best(self, runs: int, forecast: str, names: Sequence[str]) -> list[int]:
        """By moving one run at a time, as long as that helps."""
        plan = [round(number * STEPS / runs) for number in range(runs)]
        score, better = self.times_balanced(plan, forecast, names), True
        while better:
            better = False
            for place in range(1, runs):
                for move in (-2, -1, 1, 2):
                    tried = sorted({*plan[:place], plan[place] + move, *plan[place + 1 :]} & set(range(STEPS)))
                    if len(tried) == runs and (found := self.times_balanced(tried, forecast, names)) < score - 1e-4:
                        plan, score, better = tried, found, True
        return plan


def mean_error(paths: Sequence[Path], plan: Sequence[int], forecast: str) -> float:
    return sum(one.error(plan, forecast) for one in paths) / len(paths)


@torch.no_grad()
def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--runs", default="5,6,7,8")
    runs = [int(number) for number in arguments.parse_args().runs.split(",")]
    kinds = {"miniature": miniature_paths()} | {f"{size[0]} wide": random_path(size) for size in SIZES}
    today = {name: REUSE_PLANS[name].computed_steps(STEPS) for name in ("balanced", "fast")}
    search = Search(
        kinds, {name: mean_error(paths, today["balanced"], "trusted line") for name, paths in kinds.items()}
    )
    names = list(kinds)
    print(f"| runs | forecast | plan | {' | '.join(names)} | all | elsewhere |")
    print("| --- " * (len(names) + 5) + "|")

    def show(count: int, forecast: str, plan: Sequence[int], told: str, elsewhere: str) -> None:
        each = [f"{search.times_balanced(plan, forecast, [name]):.2f}" for name in names]
        print(
            f"| {count} | {forecast} | {told} | {' | '.join(each)} | "
            f"{search.times_balanced(plan, forecast, names):.2f} | {elsewhere} |",
            flush=True,
        )

    for name, plan in today.items():
        show(len(plan), "trusted line", plan, f"`{name}`", "")
    for count in runs:
        for forecast in FORECASTS:
            plan = search.best(count, forecast, names)
            others = {name: search.best(count, forecast, [other for other in names if other != name]) for name in names}
            shares = [search.times_balanced(others[name], forecast, [name]) for name in names]
            elsewhere = math.exp(sum(map(math.log, shares)) / len(shares))
            show(count, forecast, plan, ", ".join(map(str, plan)), f"{elsewhere:.2f}")


if __name__ == "__main__":
    main()
