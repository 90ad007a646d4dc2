"""`accelerate launch -m infu_core.training CONFIG --stage stage1`; without a GPU, `--dry-run` counts memory."""

import argparse
import logging
from pathlib import Path

from .flux_dev.lab_config import STAGES
from .flux_dev.laboratory import Laboratory


def main(words: list[str] | None = None) -> int:
    """0 when the stage is complete, 3 when time ran out before: run the same command again."""
    arguments = argparse.ArgumentParser(prog="infu_core.training", description="Train InfuseNet and its projector.")
    arguments.add_argument("config", type=Path)
    arguments.add_argument("--stage", choices=STAGES, default="stage1")
    arguments.add_argument("--folder", type=Path, default=Path("output/training"))
    arguments.add_argument("--minutes", type=float, default=None, help="stop after this long, with a checkpoint")
    arguments.add_argument("--dry-run", action="store_true", help="count memory on the meta device and stop")
    given = arguments.parse_args(words)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    logging.getLogger("accelerate").setLevel(logging.WARNING)
    laboratory = Laboratory(given.config, given.folder)
    if given.dry_run:
        print(laboratory.dry_run(given.stage).table(laboratory.config.hardware.gpu_memory_gib))
        return 0
    run = laboratory.open_run(given.stage)
    complete = run.run(max_seconds=None if given.minutes is None else 60 * given.minutes)
    folder = laboratory.release(run, given.stage)
    if run.accelerator.is_main_process:
        print(f"Step {run.step} of {run.settings.steps}; the weights so far are in {folder}.")
    run.accelerator.end_training()  # or a process that leaves with the group open may abort
    return 0 if complete else 3


if __name__ == "__main__":
    raise SystemExit(main())
