"""What brings a lost style back, and what likeness it costs: `python -m workshop.miniature.measuring.style_means`.

On the network that ships, or with `--files build/instrument/files` on one that costs style as InfiniteYou's does (see
`workshop.miniature.instrument`). Everybody is drawn in every way from the same words and noise. Writes
`style_means.md`, the plane of style over likeness, and a sheet of the same people.
"""

import argparse
import logging
from dataclasses import replace
from pathlib import Path

import torch

from infu_core.evaluation.paired import difference
from infu_core.evaluation.spread import over_people
from infu_core.injection.identity_guidance import IdentityGuidance
from infu_core.injection.injection_settings import InjectionSettings
from infu_core.injection.stream_attention import INTERACTIONS
from infu_core.injection.strength_schedule import StrengthSchedule
from miniature.faces.scene import STYLES
from miniature.files import SHIPPED, MiniatureFiles

from ... import ROOT
from .cells import Cells, Outcome
from .cloud_picture import Dot, draw_cloud
from .networks import load_networks
from .sheets import Cell, alike, sheet
from .studio import Studio
from .table import Table

JUDGES = ROOT / "tests" / "behaviour" / "judges"
SHOWN = ("published", "strength 0.6", "residuals' means, half")
"""Ways on the sheet, beside the pictures without identity."""
HEAD = ("", "way", "passes of the base", "style as asked", "style won", "likeness", "likeness won", "background")
HEAD += ("expression", "face found")


def ways(cells: Cells) -> dict[str, tuple[int, Outcome]]:
    """Name -> passes of the base at each step, and what was drawn."""
    means = [InjectionSettings(style_alignment=share) for share in (0.25, 0.5, 0.7, 1.0)]
    late = InjectionSettings(StrengthSchedule(start_percent=0.2))
    blocks = cells.studio.networks.infusenet.config
    no_single = InjectionSettings(single_weights=(0.0,) * blocks.single_blocks)
    one = {
        "published": {},
        "strength 0.8": {"strength": 0.8},
        "strength 0.6": {"strength": 0.6},
        "start 0.2": {"settings": late},
        "double blocks only": {"settings": no_single},
        "residuals' means, quarter": {"settings": means[0]},
        "residuals' means, half": {"settings": means[1]},
        "residuals' means, 0.7": {"settings": means[2]},
        "residuals' means, all": {"settings": means[3]},
        "the same, strength 1.25": {"settings": means[3], "strength": 1.25},
    }
    guided = {
        "prediction's means, all": IdentityGuidance(style_alignment=1.0),
        "identity guidance 0.7": IdentityGuidance(0.7),
        "mixed attention": meeting("mixed attention"),
        "mixed attention, shifted": meeting("mixed attention, shifted"),
        "AdaIN-mean of K and V": meeting("AdaIN-mean"),
        "the same, text every 4th time": meeting("AdaIN-mean, text every 4th time"),
        "mixed, with AdaIN-mean": meeting("mixed attention with AdaIN-mean"),
        "merge, 0.2": meeting("cross-attention merge", 0.2),
    }
    two = {name: {"guided": how} for name, how in guided.items()}
    two["residuals' and K, V means, half"] = {"settings": means[1], "guided": meeting("AdaIN-mean", 0.5)}
    two["residuals' means all, guidance 1.5"] = {"settings": means[3], "guided": IdentityGuidance(1.5)}
    return {
        name: (passes, cells.injected(**how)) for passes, some in ((1, one), (2, two)) for name, how in some.items()
    }


def meeting(name: str, weight: float = 1.0) -> IdentityGuidance:
    return IdentityGuidance(interaction=replace(INTERACTIONS[name], weight=weight))


def table(bare: Outcome, drawn: dict[str, tuple[int, Outcome]], people: int) -> Table:
    """Won: over published, paired, with the 95 % interval over people."""
    published = drawn["published"][1]
    rows = [row("", "without identity", 1, bare, None)]
    rows += [row(str(at), name, *way, published) for at, (name, way) in enumerate(drawn.items(), 1)]
    lost = difference(bare.right["style"], published.right["style"])
    note = f"{people} people, {bare.likeness.shape[1]} prompts each, one in each style. Published less without: {lost}."
    return Table("What brings style back", HEAD, rows, note)


def row(number: str, name: str, passes: int, way: Outcome, published: Outcome | None) -> tuple[str, ...]:
    told = [str(over_people(value)) for value in (way.right["style"], way.likeness)]
    won = ["", ""]
    if published is not None and way is not published:
        won = [
            str(difference(before, after))
            for before, after in (
                (published.right["style"], way.right["style"]),
                (published.likeness, way.likeness),
            )
        ]
    others = [str(over_people(value)) for value in (way.right["background"], way.right["expression"], way.found)]
    return (number, name, str(passes), told[0], won[0], told[1], won[1], *others)


def people_sheet(cells: Cells, bare: Outcome, drawn: dict[str, tuple[int, Outcome]], people: int = 4):
    """Per person a row: the photo, then each style but photo without identity and in the ways of `SHOWN`."""
    shown = {"without": bare} | {name: drawn[name][1] for name in SHOWN}
    places = range(1, min(cells.prompts, len(STYLES)))
    columns = ["photo"] + [f"{STYLES[at]}\n{name}".replace("residuals' ", "") for at in places for name in shown]
    rows = []
    for place, subject in enumerate(cells.subjects[:people]):
        made = [
            Cell(way.pictures[place, at].numpy(), alike(way.likeness[place, at]))
            for at in places
            for way in shown.values()
        ]
        rows.append((f"person {subject.number}", [Cell(subject.photo), *made]))
    return sheet("The same people, words and noise; numbers: likeness by the judge", columns, rows)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--files", type=Path, default=SHIPPED, help="of a miniature")
    arguments.add_argument("--to", type=Path, default=Path("build/style_means"))
    arguments.add_argument("--people", type=int, default=32)
    arguments.add_argument("--prompts", type=int, default=4)
    arguments.add_argument("--steps", type=int, default=20)
    arguments.add_argument("--size", type=int, default=128)
    given = arguments.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    given.to.mkdir(parents=True, exist_ok=True)
    studio = Studio(load_networks(MiniatureFiles(given.files), JUDGES), given.size, given.steps, bf16=True)
    cells = Cells(studio, given.people, given.prompts)
    bare, drawn = cells.bare(), ways(cells)
    made = table(bare, drawn, given.people).markdown()
    (given.to / "style_means.md").write_text(made + "\n", encoding="utf-8")
    dots = [Dot(name, mean(way.likeness), mean(way.right["style"])) for name, (_, way) in drawn.items()]
    draw_cloud(given.to / "style_means.png", "Style over likeness", "likeness, by the judge", "style as asked", dots)
    people_sheet(cells, bare, drawn).save(given.to / "style_sheet.png")
    print(made)


def mean(values: torch.Tensor) -> float:
    return over_people(values).mean


if __name__ == "__main__":
    main()
