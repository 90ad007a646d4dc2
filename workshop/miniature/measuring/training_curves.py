"""The training runs' curves: `python -m workshop.miniature.measuring.training_curves`. One table, one picture.

A stage that was trained in several runs, one going on from the last, is given with several folders, oldest first.
"""

import argparse
import csv
import json
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from ... import ROOT
from ..training.stages import STAGES

FIELDS = ("stage", "run", "step", "loss", "similarity", "similarity_without", "similarity_to_others")
EVERY = 100
ACROSS, WIDTH, HEIGHT, MARGIN = 5, 250, 170, 42


@dataclass(frozen=True)
class Step:
    """A line of a run's log; `run` counts from 0, `more` holds what its watch saw."""

    stage: str
    run: int
    step: int
    loss: float
    more: dict[str, float]


def collect(folders: list[Path], every: int = EVERY) -> list[Step]:
    """Every `every`-th step, the last, and each with a watch's numbers, of FOLDER/STAGE/loss.jsonl."""
    steps = []
    for stage in STAGES:
        logs = [folder / stage / "loss.jsonl" for folder in folders]
        for run, log in enumerate(log for log in logs if log.exists()):
            lines = [json.loads(line) for line in log.read_text().splitlines()]
            for line in lines:
                more = {name: line[name] for name in FIELDS[4:] if name in line}
                if line["step"] % every == 0 or more or line is lines[-1]:
                    steps.append(Step(stage, run, line["step"], line["loss"], more))
    return steps


def write_table(steps: list[Step], file: Path) -> None:
    with file.open("w", newline="") as opened:
        table = csv.DictWriter(opened, FIELDS, lineterminator="\n")
        table.writeheader()
        for one in steps:
            row = {"stage": one.stage, "run": one.run, "step": one.step, "loss": f"{one.loss:.4f}"}
            table.writerow(row | {name: f"{value:.3f}" for name, value in one.more.items()})


def draw(steps: list[Step], file: Path) -> None:
    """Loss over steps, a panel per stage, runs one after the other; a line stands where the next one begins."""
    from PIL import Image, ImageDraw, ImageFont

    stages = [stage for stage in STAGES if any(one.stage == stage for one in steps)]
    rows = -(-len(stages) // ACROSS)
    picture = Image.new("RGB", (ACROSS * WIDTH, rows * HEIGHT), "white")
    pen, font = ImageDraw.Draw(picture), ImageFont.load_default(12)
    for place, stage in enumerate(stages):
        left, top = place % ACROSS * WIDTH + MARGIN, place // ACROSS * HEIGHT + MARGIN
        wide, high = WIDTH - MARGIN - 12, HEIGHT - 2 * MARGIN
        runs = [list(run) for _, run in groupby((one for one in steps if one.stage == stage), key=lambda one: one.run)]
        total = sum(run[-1].step for run in runs)
        losses = sorted(one.loss for run in runs for one in run)
        low, peak = losses[0], losses[int(0.97 * (len(losses) - 1))]
        before = 0
        for run in runs:
            across = [left + wide * (before + one.step) / total for one in run]
            up = [top + high * (1 - (min(one.loss, peak) - low) / (peak - low or 1)) for one in run]
            pen.line(list(zip(across, up, strict=True)), fill=(40, 100, 190), width=2)
            before += run[-1].step
            if before < total:
                edge = left + wide * before / total
                pen.line((edge, top, edge, top + high), fill=(210, 210, 210))
        pen.line((left, top, left, top + high, left + wide, top + high), fill=(120, 120, 120))
        pen.text((left, top - 20), f"{stage}, {total:,} steps", fill="black", font=font)
        for value, height in ((peak, top), (low, top + high)):
            pen.text((left - 4, height), f"{value:.2f}", fill="black", font=font, anchor="rm")
    picture.save(file, optimize=True)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("folders", nargs="*", type=Path, default=[Path("build/miniature/runs")])
    arguments.add_argument("--table", type=Path, default=ROOT / "workshop" / "miniature" / "training.csv")
    arguments.add_argument("--picture", type=Path, default=ROOT / "docs" / "miniature" / "training.png")
    given = arguments.parse_args()
    steps = collect(given.folders)
    write_table(steps, given.table)
    draw(steps, given.picture)


if __name__ == "__main__":
    main()
