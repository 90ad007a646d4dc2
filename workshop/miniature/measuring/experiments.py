"""The claims, one function each: what is compared, and the rows of its table. Every figure is over people."""

from collections.abc import Callable

import torch
from torch import Tensor

from infu_core.evaluation.paired import difference, gap_in_deviations
from infu_core.evaluation.spread import over_people
from infu_core.injection.identity_guidance import IdentityGuidance
from infu_core.injection.injection_settings import InjectionSettings
from infu_core.injection.strength_schedule import StrengthSchedule
from miniature.faces.scene import STYLES

from .cells import HEAD, Cells, Outcome
from .couples import couples, rendered_couples
from .mixtures import mixture
from .table import Curve, Table

MIXES = ("blend", "slerp", "stack")
REGIONS = ("none", "one_pass", "separate", "cropped")


TOO_FEW = "too few faces"


def gap(same: Tensor, different: Tensor) -> str:
    """How many deviations of pictures two groups lie apart, for a table."""
    same, different = (values[torch.isfinite(values)] for values in (same, different))
    return f"{gap_in_deviations(same, different):.2f}" if min(len(same), len(different)) > 1 else TOO_FEW


def change(before: Tensor, after: Tensor) -> str:
    """Mean over people with its interval, for a table."""
    return str(difference(before, after)) if torch.isfinite(after - before).any() else TOO_FEW


def judges(cells: Cells) -> Table:
    """What the judge can tell on the renderer's own pictures, style by style."""
    renders, rows = cells.renders(), []
    for style, places in [("all", slice(None)), *((name, slice(at, None, 4)) for at, name in enumerate(STYLES))]:
        own, others = renders.likeness[:, places], renders.likeness_to_others[:, places]
        each = renders.likeness_to_each_other[:, places]
        values = (own, others, renders.recognised[:, places], renders.right["style"][:, places])
        rows.append((style, str(own.numel()), *(str(over_people(value)) for value in values), gap(own, each)))
    head = ("style", "pictures", "own person", "other people", "recognised", "style told", "gap in deviations")
    note = (
        f"Recognised: nobody of the {cells.people} people is more like the picture; chance is {1 / cells.people:.2f}."
    )
    return Table("The judges, on renders of the people", head, rows, note)


def identity(cells: Cells) -> Table:
    """Without, with, and to a wrong person; the renders say what can be expected."""
    bare, given, other = cells.bare(), cells.injected(), cells.of_neighbours()
    ways = {
        "renders themselves": cells.renders(),
        "renders through the VAE": cells.renders_through_vae(),
        "without identity": bare,
        "with": given,
        "with another person's": other,
    }
    rows = [
        (name, *way.cells(), str(over_people(way.likeness_to_others)), str(over_people(way.recognised)))
        for name, way in ways.items()
    ]
    gaps = [
        f"with - {name} {change(way.likeness, given.likeness)} "
        f"({gap(given.likeness, way.likeness)} deviations of pictures)"
        for name, way in (("without", bare), ("with another person's", other))
    ]
    note = f"Likeness, over people with the 95 % interval: {'; '.join(gaps)}."
    return Table("Identity", (*HEAD, "likeness to others", "recognised"), rows, note)


def along(title: str, dial: str, ways: dict[float, Outcome], note: str = "") -> Table:
    """A table over the places of a dial, with its curve: likeness against style."""
    rows = [(f"{place:g}", *way.cells()) for place, way in ways.items()]
    lines = {
        "likeness": [over_people(way.likeness) for way in ways.values()],
        "style as asked": [over_people(way.right["style"]) for way in ways.values()],
        "face found": [over_people(way.found) for way in ways.values()],
    }
    return Table(title, (dial, *HEAD[1:]), rows, note, Curve(dial, tuple(ways), lines))


def strength(cells: Cells) -> Table:
    ways = {0.0: cells.bare()} | {value: cells.injected(strength=value) for value in (0.25, 0.5, 0.75, 1.0, 1.25)}
    return along("Strength", "strength", ways)


def style(cells: Cells) -> Table:
    """AdaIN-mean: what style is won back, at what likeness."""
    shares = (0.0, 0.25, 0.5, 0.75, 1.0)
    ways = {share: cells.injected(InjectionSettings(style_alignment=share)) for share in shares}
    return along("Style alignment", "style_alignment", ways, f"Without identity style is {style_of(cells.bare())}.")


def style_of(way: Outcome) -> str:
    return str(over_people(way.right["style"]))


def identity_guidance(cells: Cells) -> Table:
    """InfuSampler's dial: v = v_text + g (v_id - v_text), over the whole run."""
    ways = {0.0: cells.bare(), 1.0: cells.injected()}
    ways |= {value: cells.injected(guided=IdentityGuidance(value)) for value in (1.5, 2.0, 3.0)}
    note = "0 is the base alone, 1 the identity as it is; any other number costs a second pass of the base."
    return along("Identity guidance", "identity guidance", ways, note)


def window(cells: Cells) -> Table:
    rows = []
    for start, end in ((0.0, 1.0), (0.2, 1.0), (0.5, 1.0), (0.0, 0.5), (0.0, 0.2)):
        schedule = StrengthSchedule(start_percent=start, end_percent=end)
        rows.append((f"{start:g} to {end:g}", *cells.injected(InjectionSettings(schedule=schedule)).cells()))
    rows.append(("never", *cells.bare().cells()))
    return Table("Start and end", ("acts from to", *HEAD[1:]), rows, "Shares of the steps.")


def published_choices(cells: Cells) -> Table:
    """InfuseNet's guidance 1.0 against 3.5; a black picture against zero latents where no pose is given."""
    published = cells.injected()
    ways = {
        "guidance 3.5": cells.injected(InjectionSettings(guidance=3.5)),
        "zero latents": cells.injected(control=torch.zeros_like(cells.studio.black)),
    }
    rows = [("guidance 1.0, black picture (published)", *published.cells())]
    rows += [(name, *way.cells()) for name, way in ways.items()]
    changes = [f"{name} {change(published.likeness, way.likeness)}" for name, way in ways.items()]
    return Table("The published choices", HEAD, rows, f"Likeness less the published way's: {'; '.join(changes)}.")


def reuse(cells: Cells) -> Table:
    exact, rows = cells.injected(), []
    for mode in ("exact", "balanced", "fast"):
        way = exact if mode == "exact" else cells.injected(reuse=mode)
        far = (way.pictures.float() - exact.pictures.float()).abs().flatten(2).mean(2)  # [k, n]
        runs = f"{way.computed} of {cells.studio.steps}"
        rows.append((mode, runs, str(over_people(far)), *way.cells()))
    changed = (exact.pictures.float() - cells.bare().pictures.float()).abs().flatten(2).mean(2)
    note = f"The identity itself changes a pixel by {over_people(changed)} of 255."
    return Table("Residual reuse", ("reuse", "InfuseNet runs", "pixel difference of 255", *HEAD[1:]), rows, note)


def mixing(cells: Cells) -> Table:
    """Likeness to both as the weight moves from A to B; words and noise stay A's."""
    rows = []
    for mode in MIXES:
        for weight in (0.0, 0.25, 0.5, 0.75, 1.0):
            made = mixture(cells, mode, weight)
            found = torch.isfinite(made.to_a).float()
            values = (made.to_a, made.to_b, found)
            rows.append((mode, f"{weight:g}", str(found.numel()), *(str(over_people(value)) for value in values)))
    return Table(
        "Mixing A with B",
        ("mode", "weight of B", "pictures", "likeness to A", "likeness to B", "face found"),
        rows,
        "The ends are the same for all modes: a weight of 0 leaves that person out.",
    )


def two_people(cells: Cells) -> Table:
    """Each in a half of the picture: likeness to the own person, and to the other one (leak)."""
    ways = {"renders themselves": rendered_couples(cells)} | {mode: couples(cells, mode) for mode in REGIONS}
    return couples_table(ways)


def couples_table(ways: dict) -> Table:
    rows = []
    for name, way in ways.items():
        values = (way.own, way.other, way.apart, way.right_way_round, way.found)
        rows.append((name, str(way.own.numel()), *(str(over_people(value)) for value in values)))
    head = ("way", "halves", "likeness to own", "to the other (leak)", "own - other", "own > other", "face found")
    note = "Errors are over pairs. None: words alone, which describe both people."
    return Table("Two people", head, rows, note)


def stages(first: Cells, second: Cells) -> Table:
    """Stage 2 against stage 1, on the same people, prompts and noise."""
    ways = {"without identity": second.bare(), "stage 1": first.injected(), "stage 2": second.injected()}
    rows = [(name, *way.cells(), str(over_people(way.recognised))) for name, way in ways.items()]
    one, two = ways["stage 1"], ways["stage 2"]
    told = [f"likeness {change(one.likeness, two.likeness)}"]
    told += [f"{name} {change(one.right[name], two.right[name])}" for name in ("style", "background", "expression")]
    note = f"Stage 2 less stage 1, over people with the 95 % interval: {'; '.join(told)}."
    return Table("Stage 2 against stage 1", (*HEAD, "recognised"), rows, note)


EXPERIMENTS: dict[str, Callable[[Cells], Table]] = {
    "judges": judges,
    "identity": identity,
    "strength": strength,
    "window": window,
    "style": style,
    "identity_guidance": identity_guidance,
    "published": published_choices,
    "reuse": reuse,
    "mixing": mixing,
    "two_people": two_people,
}
