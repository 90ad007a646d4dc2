"""What the README says of the miniature, on people it was never trained on, judged by a recogniser of its own.

The claims are `workshop/miniature/measuring/claims.py`; the bounds lie in `bounds.json` and are measured, on other
people, by `python -m workshop.miniature.measuring.bounds`. A claim that this
model does not show has no bound there, and says why.
"""

import json
from pathlib import Path

import pytest
import torch

from workshop.miniature.measuring.claims import CLAIMS

BOUNDS = Path(__file__).parent / "bounds.json"
MEASURED = json.loads(BOUNDS.read_text(encoding="utf-8"))["claims"] if BOUNDS.exists() else {}
SHOWN = [name for name in CLAIMS if MEASURED.get(name, {"bound": 0})["bound"] is not None]


@pytest.fixture(scope="module")
def cells(networks):
    """The tests' people for each sample; what one claim drew serves the others."""
    from workshop.miniature.measuring.bounds import open_cells

    return {sample: open_cells(networks, sample) for sample in {claim.sample for claim in CLAIMS.values()}}


def test_every_claim_was_measured(networks):
    assert MEASURED.keys() == CLAIMS.keys(), "run `workshop.miniature.measuring.bounds` and commit bounds.json"


@pytest.mark.parametrize("name", SHOWN)
def test_claim(cells, name):
    assert name in MEASURED, "this claim has no bound yet"
    claim, line = CLAIMS[name], MEASURED[name]
    values = claim.values(cells[claim.sample])
    found = values[torch.isfinite(values)]
    assert len(found), f"no face was found in any picture, so nothing can be said of: {claim.says}"
    assert float(found.mean()) > line["bound"], (
        f"{claim.says}: {float(found.mean()):.3f} over {len(found)}, but other people gave {line['mean']} "
        f"± {line['deviation']} and the bound is {line['bound']}"
    )
