"""Measure the miniature: `python -m workshop.miniature.measure`. Writes tables, curves and sheets to `measurements/`.

The workshop's finished weights are exported first, so that what is measured is what ships. `--files` measures files
that are exported already, and then has no stage 1 to compare with.
"""

import argparse
import logging
import time
from pathlib import Path

import tomllib
import torch

from miniature.files import MiniatureFiles

from .measuring.cells import Cells
from .measuring.couples import couples
from .measuring.curve_picture import draw_curve
from .measuring.experiments import EXPERIMENTS, REGIONS, couples_table, stages
from .measuring.networks import load_networks
from .measuring.sheets import couples_sheet, mixing_sheet, people_sheet
from .measuring.studio import Studio
from .measuring.table import Table
from .training.export import export
from .training.workshop import Workshop

HERE = Path(__file__).parent
TWO_PEOPLE = "two_people"


def main() -> None:
    given = parse()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    given.to = given.to or given.folder / "measurements"
    given.to.mkdir(parents=True, exist_ok=True)
    if given.threads:
        torch.set_num_threads(given.threads)
    began = time.monotonic()
    report = Report(given.to)
    files = exported(given, "stage2")
    cells = open_cells(given, files)
    for name in given.experiments.split(","):
        report.add(name, EXPERIMENTS[name](cells))
    if not given.files and Workshop.open(given.config, given.folder, "cpu").finished("stage1-infusenet"):
        report.add("stages", stages(open_cells(given, exported(given, "stage1")), cells))
    ways = {mode: couples(cells, mode) for mode in REGIONS}
    if given.official:
        from .measuring.official_pack import official_couples

        ways |= official_couples(cells, files, given.official)
        report.add("official_pack", couples_table(ways))
    people_sheet(cells).save(given.to / "people.png")
    mixing_sheet(cells).save(given.to / "mixing.png")
    couples_sheet(cells, ways).save(given.to / "two_people.png")
    print(f"{given.to}: {time.monotonic() - began:.0f} s")


def parse() -> argparse.Namespace:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--config", type=Path, default=HERE / "configs" / "miniature.toml")
    arguments.add_argument("--folder", type=Path, default=Path("build/miniature"))
    arguments.add_argument("--files", type=Path, help="exported files, instead of a workshop's weights")
    arguments.add_argument("--judges", type=Path, default=Path("tests/behaviour/judges"), help="beside --files")
    arguments.add_argument("--to", type=Path, help="where tables and sheets go; FOLDER/measurements by default")
    arguments.add_argument("--experiments", default=",".join(EXPERIMENTS))
    arguments.add_argument("--official", type=Path, help="a checkout of ByteDance's ComfyUI_InfiniteYou, to compare")
    arguments.add_argument("--people", type=int, default=24)
    arguments.add_argument("--prompts", type=int, default=12)
    arguments.add_argument("--steps", type=int, default=20)
    arguments.add_argument("--bf16", action="store_true", help="draw under autocast: twice as fast on recent CPUs")
    arguments.add_argument("--threads", type=int, help="of the CPU")
    arguments.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    return arguments.parse_args()


def exported(given: argparse.Namespace, stage: str) -> MiniatureFiles:
    """The files to measure; a workshop's weights are exported to FOLDER/measurements first."""
    if given.files:
        return MiniatureFiles(given.files)
    target = given.folder / "measurements" / f"{stage}-files"
    export(Workshop.open(given.config, given.folder, "cpu"), target, target / "judges", stage)
    return MiniatureFiles(target)


def open_cells(given: argparse.Namespace, files: MiniatureFiles) -> Cells:
    size = tomllib.loads(given.config.read_text())["renders"]["size"]
    judges = given.judges if given.files else files.folder / "judges"
    networks = load_networks(files, judges, given.device)
    studio = Studio(networks, size, given.steps, device=given.device, bf16=given.bf16)
    return Cells(studio, given.people, given.prompts)


class Report:
    """Tables as they come: printed, and kept in a file each."""

    def __init__(self, folder: Path):
        self.folder = folder

    def add(self, name: str, table: Table) -> None:
        text = table.markdown()
        (self.folder / f"{name}.md").write_text(text + "\n", encoding="utf-8")
        print(f"{text}\n", flush=True)
        if table.curve:
            draw_curve(self.folder / f"{name}.png", table.title, table.curve)


if __name__ == "__main__":
    main()
