"""What the miniature must show, as numbers of which the mean must be above a bound: one for each person or pair.

`tests/behaviour` holds the shipped files to them; `python -m workshop.miniature.measuring.bounds` measures the bounds.
"""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from infu_core.evaluation.paired import pooled_deviation
from infu_core.injection.identity_guidance import IdentityGuidance
from infu_core.injection.injection_settings import InjectionSettings
from infu_core.injection.strength_schedule import StrengthSchedule

from .cells import AS_PUBLISHED, Cells
from .couples import couples
from .experiments import REGIONS
from .mixtures import mixture

STYLES_BY_CHANCE = 0.25


@dataclass(frozen=True)
class Sample:
    """What the tests draw: few people and few steps, so that they take a minute."""

    people: int = 16
    prompts: int = 4  # one in each style
    steps: int = 8
    first: int = 0


TESTED = Sample()
REUSED = Sample(people=2, prompts=2, steps=16)
"""Reuse saves nothing in a sampling of 8 steps."""


@dataclass(frozen=True)
class Claim:
    """`says`: the claim in words. `values(cells)`: one number for each person or pair [k], above 0 where it holds."""

    says: str
    values: Callable[[Cells], Tensor]
    sample: Sample = TESTED


def per_person(values: Tensor) -> Tensor:
    """[k, n] -> [k]; not a number where nobody of the n pictures has a value."""
    return values.double().nanmean(1)


def in_deviations(higher: Tensor, lower: Tensor) -> Tensor:
    """How far each person's `higher` lies above their `lower` [k], in the pooled deviations of pictures."""
    return per_person(higher - lower) / pooled_deviation(higher, lower)


def window(start: float, end: float) -> InjectionSettings:
    return InjectionSettings(schedule=StrengthSchedule(start_percent=start, end_percent=end))


def gained(cells: Cells, settings: InjectionSettings = AS_PUBLISHED, strength: float = 1.0) -> Tensor:
    """Likeness with these settings above the picture without identity, in deviations."""
    return in_deviations(cells.injected(settings, strength).likeness, cells.bare().likeness)


def own_over_wrong(cells: Cells) -> Tensor:
    return in_deviations(cells.injected().likeness, cells.of_neighbours().likeness)


def half_over_whole(cells: Cells) -> Tensor:
    return in_deviations(cells.injected().likeness, cells.injected(strength=0.5).likeness)


def whole_over_late(cells: Cells) -> Tensor:
    return in_deviations(cells.injected().likeness, cells.injected(window(0.5, 1.0)).likeness)


def style_above_chance(cells: Cells) -> Tensor:
    return per_person(cells.injected().right["style"]) - STYLES_BY_CHANCE


def aligned() -> InjectionSettings:
    return InjectionSettings(style_alignment=1.0)


def style_won_back(cells: Cells) -> Tensor:
    return per_person(cells.injected(aligned()).right["style"] - cells.injected().right["style"])


def likeness_paid(cells: Cells) -> Tensor:
    return in_deviations(cells.injected().likeness, cells.injected(aligned()).likeness)


def guided_up(cells: Cells) -> Tensor:
    return in_deviations(cells.injected(guided=IdentityGuidance(2.0)).likeness, cells.injected().likeness)


def leaning(mode: str, before: float, after: float) -> Callable[[Cells], Tensor]:
    """How much the mixtures turn from A towards B between two weights."""
    return lambda cells: per_person(mixture(cells, mode, after).lean - mixture(cells, mode, before).lean)


def kept_apart(mode: str) -> Callable[[Cells], Tensor]:
    """How much more each half is like its own person than like the other, beyond what words do."""
    return lambda cells: per_person(couples(cells, mode).apart - couples(cells, "none").apart)


def kept_by_reuse(cells: Cells) -> Tensor:
    """1 less the pixels that reuse changes, as a share of those that the identity changes."""
    exact, bare, fast = (way.pictures.float() for way in (cells.injected(), cells.bare(), cells.injected(reuse="fast")))
    return 1 - (fast - exact).abs().flatten(1).mean(1) / (bare - exact).abs().flatten(1).mean(1)


CLAIMS: dict[str, Claim] = {
    "with": Claim("a picture with the identity is more like the person than one without", gained),
    "not wrong": Claim("it is more like the person than one with another person's identity", own_over_wrong),
    "strength half": Claim("half the strength is more like the person than none", lambda c: gained(c, strength=0.5)),
    "strength whole": Claim("the whole strength is more like the person than half", half_over_whole),
    "early": Claim("the first half of the steps gives likeness", lambda c: gained(c, window(0.0, 0.5))),
    "late": Claim("the second half of the steps alone gives less than all of them", whole_over_late),
    "face": Claim("a face is found with identity", lambda c: per_person(c.injected().found)),
    "style": Claim("the style asked for is drawn with identity, more often than by chance", style_above_chance),
    "alignment style": Claim("style alignment wins style back", style_won_back),
    "alignment likeness": Claim("style alignment costs likeness", likeness_paid),
    "guidance": Claim("identity guidance of 2 is more like the person than 1", guided_up),
    "reuse": Claim("reuse keeps the picture near the exact one", kept_by_reuse, REUSED),
}
for mode in ("blend", "slerp", "stack"):
    CLAIMS[f"{mode} to half"] = Claim(f"{mode}: half of B is more like B, less like A, than A", leaning(mode, 0, 0.5))
    CLAIMS[f"{mode} to whole"] = Claim(f"{mode}: B is more like B, less like A, than half", leaning(mode, 0.5, 1))
CLAIMS["mixed"] = Claim("B alone is more like B, less like A, than A alone", leaning("blend", 0, 1))
for mode in REGIONS[1:]:
    CLAIMS[f"two people {mode}"] = Claim(f"{mode}: each region is more like its own person", kept_apart(mode))
