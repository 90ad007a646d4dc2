"""Train the miniature: `python -m miniature.train`. Stops when the minutes are over; run it again to go on."""

import argparse
import logging
import time
from pathlib import Path

import torch

from .training.stages import STAGES
from .training.workshop import Workshop

HERE = Path(__file__).parent
logger = logging.getLogger("miniature")


def main() -> int:
    """0 when all the stages asked for are done, 3 when time ran out before."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--config", type=Path, default=HERE / "configs" / "miniature.toml")
    arguments.add_argument("--folder", type=Path, default=Path("build/miniature"))
    arguments.add_argument("--stages", default=",".join(STAGES), help="names, in order: " + ", ".join(STAGES))
    arguments.add_argument("--minutes", type=float, default=None, help="stop after this long, with a checkpoint")
    arguments.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    given = arguments.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    began = time.monotonic()
    workshop = Workshop.open(given.config, given.folder, given.device)
    torch.set_float32_matmul_precision("high")
    for name in given.stages.split(","):
        stage, weights = STAGES[name]
        if workshop.finished(weights):
            logger.info("%s is done", name)
            continue
        left = None if given.minutes is None else 60 * given.minutes - (time.monotonic() - began)
        if left is not None and left <= 0:
            return 3
        torch.manual_seed(workshop.config["stages"][name].get("seed", 0))
        logger.info("%s begins", name)
        if not stage(workshop, left):
            logger.info("%s stopped for lack of time; run the same command again", name)
            return 3
        logger.info("%s is done after %.0f s", name, time.monotonic() - began)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
