"""Faults that tests once let through, each put back into a copy of the pack: `python -m workshop.mutants`.

For each it says which test notices. A fault that nobody notices ends the command with 1.
"""

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from . import ROOT

NOT_COPIED = shutil.ignore_patterns(".git", ".venv", "build", "output", "weights", "__pycache__", ".*_cache", "*.jpg")
FAILED = re.compile(r"^FAILED (\S+)", re.MULTILINE)


@dataclass(frozen=True)
class Mutant:
    """`written` stands once in `file`; with `mutated` in its place a test of `tests` must fail."""

    name: str
    file: str
    written: str
    mutated: str
    tests: str

    def put_into(self, root: Path) -> None:
        path = root / self.file
        path.write_text(path.read_text(encoding="utf-8").replace(self.written, self.mutated), encoding="utf-8")


MUTANTS = (
    Mutant(
        "the averaged weights' decay has no upper end",
        "infu_core/training/loop/averaged_weights.py",
        "min(self.decay, (step + 1) / (step + 10))",
        "(step + 1) / (step + 10)",
        "tests/core/training/loop/test_averaged_weights.py",
    ),
    Mutant(
        "two runs of a reuse plan may fall on one step",
        "infu_core/injection/reuse_plan.py",
        "max(at, computed[-1] + 1)",
        "max(at, computed[-1])",
        "tests/core/injection/test_reuse_plan.py",
    ),
    Mutant(
        "in a blend a stack counts once for each of its vectors",
        "infu_core/identity/mixing.py",
        "weight * shares / shares.sum()",
        "weight * shares",
        "tests/core/identity/test_mixing.py",
    ),
    Mutant(
        "an identity's digest forgets its weights",
        "infu_core/identity/identity.py",
        " + repr(self.weights).encode()",
        "",
        "tests/core/identity/test_identity.py",
    ),
    Mutant(
        "InfuseNet is trained at another guidance",
        "infu_core/training/identity_objective.py",
        "torch.full_like(time, INFUSENET_GUIDANCE)",
        "torch.full_like(time, 3.5)",
        "tests/core/training/test_identity_objective.py",
    ),
    Mutant(
        "a person of strength 0 stays among others in a layout",
        "infu_core/injection/region_layout.py",
        "if person.strength > 0 and bool(",
        "if bool(",
        "tests/core/injection/test_regions.py",
    ),
    Mutant(
        "odd sizes are padded with zeros",
        "infu_core/networks/latent_tokens.py",
        'mode="circular"',
        'mode="constant"',
        "tests/core/networks/test_latent_tokens.py",
    ),
    Mutant(
        "an evaluation belongs to the step after its own",
        "infu_core/injection/sigma_schedule.py",
        "self.tolerance) - 1",
        "self.tolerance)",
        "tests/core/injection/test_sigma_schedule.py",
    ),
)


def tests_that_fail(root: Path, tests: str) -> list[str]:
    """The failing tests of one file, run in another copy of the pack; a run that does not come that far is an error."""
    command = [sys.executable, "-m", "pytest", tests, "-q", "-p", "no:cacheprovider", "-p", "no:xdist"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        raise RuntimeError(f"pytest could not run {tests} (exit code {done.returncode}):\n{done.stdout}{done.stderr}")
    return FAILED.findall(done.stdout)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m workshop.mutants", description=__doc__)
    parser.parse_args(arguments)
    missed = 0
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "pack"
        shutil.copytree(ROOT, copy, ignore=NOT_COPIED)
        for mutant in MUTANTS:
            if tests_that_fail(copy, mutant.tests):
                raise RuntimeError(f"{mutant.tests} fails without a fault; mend that first.")
            mutant.put_into(copy)
            noticed = tests_that_fail(copy, mutant.tests)
            shutil.copyfile(ROOT / mutant.file, copy / mutant.file)
            missed += not noticed
            print(f"{mutant.name}: {'noticed by ' + ', '.join(noticed) if noticed else 'NOBODY NOTICES'}", flush=True)
    return min(missed, 1)


if __name__ == "__main__":
    sys.exit(main())
