"""Measure the bounds of `tests/behaviour`: `python -m workshop.miniature.measuring.bounds`, after every new export.

Each claim is measured on people that the tests don't draw, with the tests' prompts and steps. The bound is the mean
less four standard errors of a mean over as many people as the tests draw, and never below 0: the sign must be right.
Where all people agree the deviation is taken as if one picture of one of them had not.
A claim that does not hold (its mean is less than two of its own standard errors above 0), or that so few people can't
show (less than two of theirs), gets no bound; its line says why, and no test claims it.
"""

import argparse
import json
import logging
import math
from pathlib import Path

import torch

from miniature.files import SHIPPED, MiniatureFiles

from .cells import Cells
from .claims import CLAIMS, Claim, Sample
from .networks import Networks, load_networks
from .studio import Studio

FIRST = 100
"""The first person that bounds are measured on; the tests draw those before."""
COMMAND = "python -m workshop.miniature.measuring.bounds"
RULE = "bound = max(0, mean - 4 * deviation / sqrt(over)); mean and deviation are over `of` people or pairs"


def open_cells(networks: Networks, sample: Sample, people: int | None = None, first: int | None = None) -> Cells:
    """The sample's own people, or others drawn in the same way."""
    studio = Studio(networks, steps=sample.steps)
    return Cells(studio, people or sample.people, sample.prompts, sample.first if first is None else first)


def measured(claim: Claim, cells: Cells) -> dict:
    values = claim.values(cells)
    values = values[torch.isfinite(values)]
    if len(values) < 2:
        return {"says": claim.says, "of": len(values), "bound": None, "why": "no faces were found"}
    groups = claim.sample.people * len(values) // cells.people  # pairs are half as many as people
    mean, deviation = float(values.mean()), float(values.std()) or 1 / (cells.prompts * math.sqrt(len(values)))
    line = {"says": claim.says, "mean": round(mean, 4), "deviation": round(deviation, 4), "of": len(values)}
    if mean <= 2 * deviation / math.sqrt(len(values)):
        return line | {"bound": None, "why": "it does not hold"}
    error = deviation / math.sqrt(groups)
    if mean <= 2 * error:
        return line | {"bound": None, "why": f"it holds, but {groups} can't show it"}
    return line | {"bound": round(max(0.0, mean - 4 * error), 4), "over": groups}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--files", type=Path, default=SHIPPED)
    arguments.add_argument("--judges", type=Path, default=Path("tests/behaviour/judges"))
    arguments.add_argument("--to", type=Path, default=Path("tests/behaviour/bounds.json"))
    arguments.add_argument("--people", type=int, default=48)
    given = arguments.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    networks = load_networks(MiniatureFiles(given.files), given.judges)
    cells = {
        sample: open_cells(networks, sample, given.people, FIRST) for sample in {c.sample for c in CLAIMS.values()}
    }
    claims = {}
    for name, claim in CLAIMS.items():
        claims[name] = measured(claim, cells[claim.sample])
        print(name, claims[name], flush=True)
    told = {"made by": COMMAND, "rule": RULE, "claims": claims}
    given.to.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
