"""The steps `plan` and `run`: how much there is to draw, and drawing it."""

import shutil
from collections.abc import Sequence

from ...hosts.comfyui_client import ComfyUIClient, ServerLost
from ..study.cell_files import DONE, FAILED, MISSING, STALE, CellFiles
from ..study.cells import Cell, plan_cells, write_manifest
from ..study.study import Study
from .distributed_run import DistributedRun
from .progress import Progress, told
from .runner import Runner, RunStopped

ONE_PICTURE = 1_500_000
"""Bytes of a PNG of about a megapixel, where nothing was drawn yet."""


def planned(study: Study, versions: dict) -> tuple[list[Cell], dict[str, list[Cell]]]:
    """All cells, and by state; writes the manifest."""
    cells = plan_cells(study)
    write_manifest(study.results / "manifest.jsonl", cells, versions)
    return cells, CellFiles(study.results).states(cells)


def plan_text(study: Study, cells: Sequence[Cell], states: dict[str, list[Cell]]) -> str:
    """What a user wants to know before hours of drawing."""
    files = CellFiles(study.results)
    left = len(states[MISSING]) + len(states[STALE])
    lines = [
        f"{study.name}: {len(cells)} pictures of {len(study.subjects)} subjects, {len(study.prompts)} prompts, "
        f"{len(study.methods)} methods, {study.seeds} seeds, {len(study.sizes)} sizes.",
        f"Done {len(states[DONE])}, missing {len(states[MISSING])}, stale {len(states[STALE])}, "
        f"failed {len(states[FAILED])}.",
    ]
    if states[STALE]:
        methods = sorted({cell.method for cell in states[STALE]})
        lines.append(
            f"Stale: the graph, a photo, a prompt or a size of {', '.join(methods)} changed; `run` draws these anew."
        )
    drawn = states[DONE][: len(states[DONE]) // 2 + 50]
    seconds = [record["seconds"] for record in map(files.record, drawn) if record]
    sizes = [files.picture(cell).stat().st_size for cell in drawn]
    each = sum(sizes) / len(sizes) if sizes else ONE_PICTURE
    free = shutil.disk_usage(existing(study.results)).free
    lines.append(f"Disk: about {left * each / 1e6:.0f} MB more, {free / 1e9:.1f} GB free.")
    if seconds:
        mean = sum(seconds) / len(seconds)
        lines.append(f"Time: {mean:.1f} s a picture on one server, so about {told(mean * left)} on one.")
    else:
        lines.append("Time: not known yet; `plan --probe --server URL` draws one cell of each method to tell.")
    return "\n".join(lines)


def existing(path):
    return path if path.exists() else existing(path.parent)


def probe_cells(states: dict[str, list[Cell]]) -> list[Cell]:
    """One cell of each method that is yet to be drawn."""
    first: dict[str, Cell] = {}
    for cell in [*states[MISSING], *states[STALE]]:
        first.setdefault(cell.method, cell)
    return list(first.values())


def check_servers(clients: Sequence[ComfyUIClient], mixed: bool, say) -> None:
    """Pictures of different versions are not pairs: servers must be alike, unless the user says otherwise."""
    found = {}
    for client in clients:
        try:
            found[client.url] = client.versions()
        except ServerLost as error:
            say(str(error))
    kinds = {(one["comfyui"], one["torch"]) for one in found.values()}
    if len(kinds) > 1 and not mixed:
        each = "; ".join(f"{url}: ComfyUI {one['comfyui']}, torch {one['torch']}" for url, one in found.items())
        raise RunStopped(f"The servers differ ({each}); make them alike, or allow it with --mixed-versions.")


def run(
    study: Study,
    cells: Sequence[Cell],
    states: dict[str, list[Cell]],
    servers: Sequence[str],
    dask: str | None,
    seconds: float,
    patience: float,
    mixed: bool = False,
) -> None:
    """Draw what is missing or stale. Raises `RunStopped`."""
    files, left = CellFiles(study.results), [*states[STALE], *states[MISSING]]
    left.sort(key=lambda cell: cell.pair)  # partners of other methods stand together: half a run is half a study
    progress = Progress(len(cells), len(states[DONE]), len(servers))
    if states[FAILED]:
        progress.say(f"{len(states[FAILED])} cells failed three times and are left alone; --again tries them.")
    if not left:
        return
    if dask:
        return DistributedRun(study, files, progress, seconds).run(left, dask)
    if not servers:
        raise RunStopped("Nobody draws: name a server with --server URL, or a scheduler with --dask ADDRESS.")
    clients = [ComfyUIClient(url, seconds) for url in servers]
    check_servers(clients, mixed, progress.say)
    Runner(study, files, clients, progress, patience).run(left)
