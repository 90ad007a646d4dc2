"""Compare ways of keeping a person: `python -m infu_core.evaluation all study.toml --server http://127.0.0.1:8188`.

    plan study.toml       how many pictures, how long, how much disk; writes the manifest
    run study.toml        draw what is missing, on every --server, or on a dask scheduler's workers
    score study.toml      measure every finished picture that was not measured yet
    report study.toml     report.html and report.json
    all study.toml        the four in turn
    kit                   the published weights on this machine: see docs/evaluation.md

Each step can be stopped at any moment and called again. docs/evaluation.md shows a study.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from .running.drawing import plan_text, planned, probe_cells, run
from .running.runner import RunStopped
from .study.cell_files import FAILED, MISSING, STALE, CellFiles
from .study.method_graph import StudyError
from .study.read_study import read_study
from .study.study import Study
from .versions import versions

STEPS = ("plan", "run", "score", "report", "all")


def main(words: Sequence[str] | None = None) -> int:
    """0 when the step is complete; 1 for a study that can't be read; 3 when cells are left: call again."""
    given = parse(words)
    try:
        return kit(given) if given.step == "kit" else steps(given)
    except StudyError as error:
        print(error, file=sys.stderr)
        return 1
    except RunStopped as error:
        print(error, file=sys.stderr)
        return 3


def parse(words: Sequence[str] | None) -> argparse.Namespace:
    arguments = argparse.ArgumentParser(
        prog="infu_core.evaluation", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    steps = arguments.add_subparsers(dest="step", required=True)
    for name in STEPS:
        step = steps.add_parser(name)
        step.add_argument("study", type=Path)
        step.add_argument("--server", action="append", default=[], metavar="URL", help="a ComfyUI; any number of them")
        if name in ("plan", "run", "all"):
            step.add_argument(
                "--probe", action="store_true", help="draw one cell of each method first, to know the time"
            )
            step.add_argument("--dask", metavar="ADDRESS", help="a scheduler whose workers have INFU_COMFYUI_URL")
            step.add_argument("--again", action="store_true", help="also cells that failed three times")
            step.add_argument("--mixed-versions", action="store_true", help="servers need not be alike")
            step.add_argument("--seconds", type=float, default=1800, help="the most that one picture may take")
            step.add_argument("--patience", type=float, default=60, help="seconds to wait for a server that went away")
    return arguments.parse_args(words)


def steps(given: argparse.Namespace) -> int:
    study = read_study(given.study)
    if given.step in ("plan", "all"):
        plan(study, given)
    if given.step in ("run", "all"):
        draw(study, given)
    if given.step in ("score", "all"):
        score(study)
    if given.step in ("report", "all"):
        write_report(study, given)
    return 0


def plan(study: Study, given: argparse.Namespace) -> None:
    cells, states = planned(study, versions())
    if given.probe:
        few = {MISSING: probe_cells(states), STALE: [], "done": [], FAILED: []}
        run(study, few[MISSING], few, given.server, given.dask, given.seconds, given.patience, given.mixed_versions)
        states = CellFiles(study.results).states(cells)
    print(plan_text(study, cells, states))


def draw(study: Study, given: argparse.Namespace) -> None:
    cells, states = planned(study, versions())
    if given.again:
        files = CellFiles(study.results)
        files.forget_failures(states[FAILED])
        states = files.states(cells)
    run(study, cells, states, given.server, given.dask, given.seconds, given.patience, given.mixed_versions)
    states = CellFiles(study.results).states(cells)
    print(f"{len(states['done'])} of {len(cells)} pictures are there, {len(states[FAILED])} failed.")


def score(study: Study) -> None:
    from .measures.scoring import Scoring
    from .report.margins import keep_margins

    keep_margins(study)
    scoring = Scoring(study, lambda text: print(text, flush=True))
    looked = scoring.run()
    print(f"{looked} measurements of pictures were made.")
    for group, why in scoring.unmeasured.items():
        print(f"{group} was not measured: {why}")


def write_report(study: Study, given: argparse.Namespace) -> None:
    from .report.write import write

    path = write(study, f"python -m infu_core.evaluation {given.step} {given.study}", versions())
    print(f"Wrote {path} ({path.stat().st_size / 1e6:.1f} MB) and report.json beside it.")


def kit(given: argparse.Namespace) -> int:
    raise NotImplementedError


if __name__ == "__main__":
    raise SystemExit(main())
