"""Measure the miniature: `python -m miniature.measure`. Writes tables and sheets to the folder's `measurements/`."""

import argparse
import time
from pathlib import Path

import cv2
import numpy as np
import torch

from .measuring.experiments import EXPERIMENTS, Cells
from .measuring.studio import Studio
from .training.workshop import Workshop

HERE = Path(__file__).parent


def sample_sheet(studio: Studio, people: int = 8) -> np.ndarray:
    """Rows: held-out people. Columns: the photo; then each style without identity and with it, from the same noise."""
    texts = [f"{start} a man , on a blue background" for start in STARTS]
    rows = []
    for index in range(people):
        subject = studio.subject(index)
        bare, _ = studio.pictures(texts, 40 + index)
        given, _ = studio.pictures(texts, 40 + index, [studio.person(subject.vector)])
        cells = [subject.photo]
        for one, other in zip(bare.cpu().numpy(), given.cpu().numpy(), strict=True):
            cells += [one, other]
        rows.append(np.concatenate(cells, 1))
    return np.concatenate(rows, 0)


STARTS = ("a photo of", "an ink drawing of", "a watercolour of", "an oil painting of")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--config", type=Path, default=HERE / "configs" / "miniature.toml")
    arguments.add_argument("--folder", type=Path, default=Path("build/miniature"))
    arguments.add_argument("--stages", default="stage1,stage2", help="which InfuseNets to measure")
    arguments.add_argument("--experiments", default=",".join(EXPERIMENTS))
    arguments.add_argument("--people", type=int, default=24)
    arguments.add_argument("--prompts", type=int, default=12)
    arguments.add_argument("--steps", type=int, default=20)
    arguments.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    given = arguments.parse_args()
    workshop = Workshop.open(given.config, given.folder, given.device)
    target = given.folder / "measurements"
    target.mkdir(exist_ok=True)
    for stage in given.stages.split(","):
        studio = Studio(workshop, stage, given.steps)
        cv2.imwrite(str(target / f"{stage}.png"), sample_sheet(studio)[..., ::-1])
        cells = Cells(studio, given.people, given.prompts)
        wanted = given.experiments.split(",") if stage == given.stages.split(",")[-1] else ["identity", "style"]
        for name in wanted:
            began = time.monotonic()
            text = EXPERIMENTS[name](cells).markdown()
            (target / f"{stage}-{name}.md").write_text(text + "\n", encoding="utf-8")
            print(f"{stage}\n{text}\n({time.monotonic() - began:.0f} s)\n", flush=True)


if __name__ == "__main__":
    main()
