"""A study of the miniature drawn twice, once with everything killed on the way; both must tell the same.

`python -m workshop.miniature.study_killed --official CHECKOUT --to build/killed` starts two servers of its own and
draws the study on both, then once more: a third of the way one server is killed, at two thirds the client, and later
the scorer. It compares figures and every picture's bytes. CHECKOUT: ByteDance's ComfyUI_InfiniteYou, one more method;
left out where it is not given.
"""

import argparse
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from harness.base_directory import PACK_FOLDER, BaseDirectory
from harness.checkout import find_comfyui
from harness.server import ComfyServer
from harness.tiny_models import ModelNames

from infu_core.evaluation.__main__ import main as evaluate

from .. import ROOT
from .study import write_study

METHODS = ["ours", "bare", "wrong_person", "other_noise"]
TOLD = ("cells", "measures", "comparisons", "styles", "not_measured")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--official", type=Path, help="a checkout of ByteDance's ComfyUI_InfiniteYou")
    arguments.add_argument("--to", type=Path, default=Path("build/killed"))
    arguments.add_argument("--people", type=int, default=24)
    arguments.add_argument("--prompts", type=int, default=4)
    given = arguments.parse_args()
    methods = METHODS + ["official_pack", "fed_as_official"] * bool(given.official)
    whole, killed = (write_study(given.to / name, given.people, given.prompts, methods) for name in ("whole", "killed"))
    began = time.monotonic()
    with ExitStack() as stack:
        servers = [stack.enter_context(server(given.to / f"server{number}", given.official)) for number in (0, 1)]
        evaluate(["all", str(whole), *addresses(servers)])
        draw_and_kill(killed, servers, len(cells(whole)))
        again = stack.enter_context(server(given.to / "server2", given.official))
        evaluate(["run", str(killed), *addresses([servers[0], again])])
    score_and_kill(killed)
    evaluate(["all", str(killed)])
    compare(whole.parent, killed.parent)
    print(f"{time.monotonic() - began:.0f} s in all.")


def server(folder: Path, official: Path | None) -> ComfyServer:
    """A ComfyUI with this pack, and the official one where it is given."""
    comfyui = find_comfyui()
    if comfyui is None:
        raise SystemExit("No ComfyUI was found; set COMFYUI_PATH.")
    folder = folder.absolute()
    for name in ("input", "output", "temp", "user", "models", "custom_nodes"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    packs = {PACK_FOLDER: ROOT}
    if official:
        packs |= {
            "ComfyUI_InfiniteYou": official.absolute(),
            "official_nodes": Path(__file__).parent / "official_nodes",
        }
    for name, path in packs.items():
        link = folder / "custom_nodes" / name
        link.unlink(missing_ok=True)
        link.symlink_to(path, target_is_directory=True)
    return ComfyServer(comfyui, BaseDirectory(folder, folder / "custom_nodes" / PACK_FOLDER, ModelNames()))


def addresses(servers: list[ComfyServer]) -> list[str]:
    return [word for one in servers for word in ("--server", one.url)]


def cells(study: Path) -> list[Path]:
    return sorted((study.parent / "results" / "cells").rglob("*.png"))


def started(*words: str) -> subprocess.Popen:
    return subprocess.Popen([sys.executable, "-m", "infu_core.evaluation", *words], cwd=ROOT, env=dict(os.environ))


def kill_when(process: subprocess.Popen, is_time: Callable[[], bool]) -> bool:
    """Whether it was still running then."""
    while process.poll() is None and not is_time():
        time.sleep(0.05)
    lived = process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.wait()
    return lived


def draw_and_kill(study: Path, servers: list[ComfyServer], total: int) -> None:
    client = started("run", str(study.absolute()), *addresses(servers))
    while len(cells(study)) < total / 3:
        time.sleep(0.05)
    servers[1].kill()
    print(f"One of two servers was killed at {len(cells(study))} of {total} pictures.")
    lived = kill_when(client, lambda: len(cells(study)) >= 2 * total / 3)
    print(f"The client was killed at {len(cells(study))} of {total} pictures." if lived else "The client had ended.")


def score_and_kill(study: Path) -> None:
    scores = study.parent / "results" / "scores"
    scorer = started("score", str(study.absolute()))
    lived = kill_when(scorer, lambda: len(list(scores.glob("*"))) >= 2)
    print("The scorer was killed." if lived else "The scorer had ended.")


def compare(whole: Path, killed: Path) -> None:
    """Raises SystemExit where they differ."""
    pictures = [digests(folder) for folder in (whole, killed)]
    figures = [
        {name: json.loads((folder / "results" / "report.json").read_text())[name] for name in TOLD}
        for folder in (whole, killed)
    ]
    same = sum(pictures[1].get(name) == digest for name, digest in pictures[0].items())
    print(
        f"{same} of {len(pictures[0])} pictures are the same to the byte; figures are "
        f"{'the same' if figures[0] == figures[1] else 'NOT THE SAME'}."
    )
    for one in figures[0]["comparisons"]:
        print(
            f"{one['a']} against {one['b']}, {one['measure']}: {one['difference']:+.3f} "
            f"[{one['low']:+.3f}, {one['high']:+.3f}] {one['word']}"
        )
    if figures[0] != figures[1] or same < len(pictures[0]):
        raise SystemExit("A study that was killed and resumed differs from one that was not.")


def digests(folder: Path) -> dict[str, str]:
    found = cells(folder / "study.toml")
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in found}


if __name__ == "__main__":
    main()
