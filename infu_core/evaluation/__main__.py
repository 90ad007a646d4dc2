"""Compare ways of keeping a person: `python -m infu_core.evaluation all study.toml --server http://127.0.0.1:8188`.

    new NAME FOLDER       a ready study to fill with people: infiniteyou, infinite_id, multiid
    plan study.toml       how many pictures, how long, how much disk; writes the manifest
    run study.toml        draw what is missing, on every --server, or on a dask scheduler's workers
    score study.toml      measure every finished picture that was not measured yet
    report study.toml     report.html and report.json
    all study.toml        the four in turn
    kit                   the published weights on this machine: see docs/evaluation.md

Each step can be stopped at any moment and called again. docs/evaluation.md shows a study.
"""

import argparse
import json
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .running.drawing import plan_text, planned, probe_cells, run
from .running.runner import RunStopped
from .study.cell_files import FAILED, MISSING, STALE, CellFiles
from .study.method_graph import StudyError
from .study.read_study import GRAPHS, read_study
from .study.study import Study
from .versions import versions

STUDIES = Path(__file__).parent / "studies"
STEPS = ("plan", "run", "score", "report", "all")


def main(words: Sequence[str] | None = None) -> int:
    """0 when the step is complete; 1 for a study that can't be read; 3 when cells are left: call again."""
    given = parse(words)
    try:
        return {"kit": kit, "new": new}.get(given.step, steps)(given)
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
    add_kit(steps.add_parser("kit"))
    ready = steps.add_parser("new")
    ready.add_argument("name", choices=sorted(path.name for path in STUDIES.iterdir() if path.is_dir()))
    ready.add_argument("folder", type=Path)
    return arguments.parse_args(words)


def add_kit(step: argparse.ArgumentParser) -> None:
    step.add_argument("--server", required=True, metavar="URL")
    step.add_argument("--photo", type=Path, required=True, help="a photo of a person who agrees to it")
    step.add_argument("--other", type=Path, action="append", default=[], help="another photo of them, to judge by")
    step.add_argument("--models", type=Path, help="ComfyUI's models folder, to check the files' hashes")
    step.add_argument("--judges", type=Path, help="a folder with recognisers of judges.toml")
    step.add_argument("--detector", type=Path, help="scrfd_10g_bnkps.onnx")
    step.add_argument("--graphs", type=Path, help="graphs of the same names as those that ship, for other loaders")
    step.add_argument(
        "--set", action="append", default=[], metavar="NODE.INPUT=VALUE", help="in every graph that has it"
    )
    step.add_argument("--size", type=int, nargs=2, default=(864, 1152))
    step.add_argument("--to", type=Path, default=Path("infu-kit"))
    step.add_argument("--seconds", type=float, default=1800)


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


def new(given: argparse.Namespace) -> int:
    """Copy a ready study; its head says what it needs."""
    if given.folder.exists():
        raise StudyError(f"{given.folder} is there already; name a folder that is not.")
    shutil.copytree(STUDIES / given.name, given.folder)
    print(f"Wrote {given.folder / 'study.toml'}; its first lines say what to put beside it.")
    return 0


def kit(given: argparse.Namespace) -> int:
    from .running.kit import Kit

    settings = dict(setting(text) for text in given.set)
    path = Kit(
        given.server, given.photo, given.to, given.other, given.models, given.judges, given.detector,
        given.graphs or GRAPHS, settings, tuple(given.size), given.seconds,
    ).run()  # fmt: skip
    print(f"Wrote {path}; attach it to an issue. Pictures and report.html are in {given.to / 'results'}.")
    return 0


def setting(text: str) -> tuple[str, Any]:
    """Node.input=value; the value as JSON where it is JSON, else as text."""
    name, sign, value = text.partition("=")
    if not sign or "." not in name:
        raise StudyError(f"--set takes Node.input=value, such as UNETLoader.unet_name=mine.safetensors; not {text!r}.")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


if __name__ == "__main__":
    raise SystemExit(main())
