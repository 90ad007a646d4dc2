"""Train the miniature: `python -m workshop.miniature.train`. Stops when the minutes are over; run it again to go on."""

import argparse
import logging
import subprocess
import sys
import time
from pathlib import Path

import torch

from .training.stages import STAGES
from .training.workshop import Workshop

HERE = Path(__file__).parent
logger = logging.getLogger("miniature")


BESIDE = ("recogniser", "judge", "attributes", "eyes", "detector")
"""Small networks that need nothing but pictures: on a large GPU they train beside the autoencoder and the base."""
WAIT_FOR_OTHERS = ("stage1", "stage2")


def main() -> int:
    """0 when the stages asked for are done, 3 when time ran out before."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--config", type=Path, default=HERE / "configs" / "miniature.toml")
    arguments.add_argument("--folder", type=Path, default=Path("build/miniature"))
    arguments.add_argument("--stages", default=",".join(STAGES), help="names, in order: " + ", ".join(STAGES))
    arguments.add_argument("--minutes", type=float, default=None, help="stop after this long, with a checkpoint")
    arguments.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    arguments.add_argument("--beside", action="store_true", help="train " + ", ".join(BESIDE) + " in a second process")
    given = arguments.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    logging.getLogger("accelerate").setLevel(logging.WARNING)
    torch.set_float32_matmul_precision("high")
    clock = Clock(given.minutes)
    workshop = Workshop.open(given.config, given.folder, given.device)
    names = given.stages.split(",")
    other = None
    if given.beside:
        workshop.draw_all()
        other = start_beside(given, [name for name in names if name in BESIDE], clock)
        names = [name for name in names if name not in BESIDE]
    for name in names:
        if other and name in WAIT_FOR_OTHERS:
            logger.info("%s waits for the networks beside", name)
            other.wait()
        if not run_stage(workshop, name, clock):
            break
    else:
        return other.wait() if other else 0
    return other.wait() or 3 if other else 3


class Clock:
    """What is left of the minutes; None where there is no limit."""

    def __init__(self, minutes: float | None):
        self.began, self.minutes = time.monotonic(), minutes

    def passed(self) -> float:
        return time.monotonic() - self.began

    def left(self) -> float | None:
        return None if self.minutes is None else 60 * self.minutes - self.passed()


def run_stage(workshop: Workshop, name: str, clock: Clock) -> bool:
    """True when the stage is done, now or before."""
    stage, weights = STAGES[name]
    if workshop.finished(weights):
        logger.info("%s is done", name)
        return True
    left = clock.left()
    if left is not None and left <= 0:
        return False
    torch.manual_seed(workshop.config["stages"][name].get("seed", 0))
    logger.info("%s begins", name)
    done = stage(workshop, left)
    logger.info("%s %s, %.0f s in all", name, "is done" if done else "ran out of time: run this again", clock.passed())
    return done


def start_beside(given: argparse.Namespace, names: list[str], clock: Clock) -> subprocess.Popen:
    command = [sys.executable, "-m", "workshop.miniature.train", "--stages", ",".join(names), "--device", given.device]
    command += ["--config", str(given.config), "--folder", str(given.folder)]
    left = clock.left()
    if left is not None:
        command += ["--minutes", f"{left / 60:.2f}"]
    return subprocess.Popen(command)  # noqa: S603 - this very program


if __name__ == "__main__":
    raise SystemExit(main())
