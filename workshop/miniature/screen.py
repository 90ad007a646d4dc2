"""Screen variants of the miniature: `python -m workshop.miniature.screen`. Each trains for the same minutes.

The base for `--minutes`, guidance for a fifth of them, InfuseNet for as many again, from the same pictures and by the
same small networks, which must be finished. Then a row: the flow's loss on pictures of people never trained on, and
what the measure says of `--people` times four pictures. FOLDER/screening keeps rows and sheets; a variant that has
its row is not trained again.
"""

import argparse
import json
import logging
import time
from pathlib import Path

import torch

from infu_core.evaluation.spread import over_people
from miniature.files import MiniatureFiles

from .measuring.cells import Cells
from .measuring.networks import load_networks
from .measuring.sheets import people_sheet
from .measuring.studio import Studio
from .measuring.table import Table
from .training import batches
from .training.export import export
from .training.objectives import TextToImageObjective
from .training.portraits import portraits_with_words
from .training.stages import STAGES
from .training.variants import open_variant, read_variants
from .training.workshop import Workshop

HERE = Path(__file__).parent / "configs"
STAGE_SHARES = {"base": 1.0, "guidance": 0.2, "stage1": 1.0}
HEAD = ("variant", "base, M weights", "base steps", "InfuseNet steps", "held-out loss", "face found", "style", "eyes")
HEAD += ("likeness without", "with", "recognised")
LOSS_BATCHES, LOSS_SEED = 12, 41
logger = logging.getLogger("miniature")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--config", type=Path, default=HERE / "miniature.toml")
    arguments.add_argument("--variants", type=Path, default=HERE / "screening.toml")
    arguments.add_argument("--only", help="names of variants, with commas; all by default")
    arguments.add_argument("--folder", type=Path, default=Path("build/miniature"))
    arguments.add_argument("--minutes", type=float, default=15.0)
    arguments.add_argument("--people", type=int, default=16)
    arguments.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    given = arguments.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    variants = read_variants(given.variants)
    names = given.only.split(",") if given.only else list(variants)
    workshop = Workshop.open(given.config, given.folder, given.device)
    for name in names:
        screen(open_variant(workshop, name, variants[name]), given.minutes, given.people)
    print(table(given.folder / "screening", given.minutes).markdown())


def screen(variant: Workshop, minutes: float, people: int) -> None:
    """Train, measure, and leave `row.json` and `people.png` in the variant's folder."""
    kept = variant.folder / "row.json"
    if kept.exists():
        return
    for name, share in STAGE_SHARES.items():
        stage, weights = STAGES[name]
        if not variant.finished(weights):
            torch.manual_seed(variant.config["stages"][name].get("seed", 0))
            began = time.monotonic()
            stage(variant, 60 * minutes * share)
            logger.info("%s of %s: %.0f s", name, variant.folder.name, time.monotonic() - began)
    files = MiniatureFiles(variant.folder / "files")
    export(variant, files.folder, files.folder / "judges", "stage1")
    studio = Studio(load_networks(files, files.folder / "judges"), variant.config["renders"]["size"], bf16=True)
    cells = Cells(studio, people, prompts=4)
    row = (variant.folder.name, f"{base_size(variant):.1f}", *(steps(variant, name) for name in ("base", "stage1")))
    people_sheet(cells, people=4).save(variant.folder / "people.png")
    kept.write_text(json.dumps([*row, f"{held_out_loss(variant):.4f}", *seen(cells)]))


def seen(cells: Cells) -> tuple[str, ...]:
    bare, given = cells.bare(), cells.injected()
    values = (bare.found, bare.right["style"], bare.right["eyes"], bare.likeness, given.likeness, given.recognised)
    return tuple(str(over_people(value)) for value in values)


@torch.no_grad()
def held_out_loss(variant: Workshop) -> float:
    """Of the flow, on portraits of people never trained on: the same noise, times and words for every variant."""
    text, flux = variant.trained("text", variant.text()), variant.trained("base", variant.flux())
    columns = portraits_with_words(variant, ("held-out-portraits",))[0]
    time_mean = variant.config["stages"]["base"].get("time_mean", 0.0)
    source = batches.Batches(columns, 32, LOSS_SEED, batches.latents_with_words, time_mean)
    objective = TextToImageObjective(text, flux).eval()
    return float(torch.stack([objective(**source(step, 0, 1)).mean() for step in range(LOSS_BATCHES)]).mean())


def base_size(variant: Workshop) -> float:
    return sum(weight.numel() for weight in variant.flux().parameters()) / 1e6


def steps(variant: Workshop, stage: str) -> str:
    log = variant.folder / "runs" / stage / "loss.jsonl"
    return f"{json.loads(log.read_text().splitlines()[-1])['step']:,}" if log.exists() else "shared"


def table(folder: Path, minutes: float) -> Table:
    """Of all variants that have their row."""
    rows = [tuple(json.loads(row.read_text())) for row in sorted(folder.glob("*/row.json"))]
    note = f"{minutes:g} minutes of the base, as many of InfuseNet. Losses of other framings can't be compared."
    made = Table("Variants", HEAD, rows, note)
    (folder / "screening.md").write_text(made.markdown() + "\n", encoding="utf-8")
    return made


if __name__ == "__main__":
    main()
