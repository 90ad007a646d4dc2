"""The same cells through a dask scheduler: every worker drives the ComfyUI that its INFU_COMFYUI_URL names.

A picture's bytes come back with the future, and this process alone writes cells: workers need no shared disk.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from ...hosts.comfyui_client import ComfyUIClient, DrawingFailed, ServerLost
from ..study.cell_files import TRIES, CellFiles
from ..study.cells import Cell
from ..study.study import Study
from .job import Job, draw, job_of, record_of
from .progress import Progress
from .runner import RunStopped

VARIABLE = "INFU_COMFYUI_URL"
AHEAD = 2
"""Cells that wait at each worker, so that none idles while a picture travels."""
INSTALL_HINT = "Running on dask needs the package distributed; install infu-nodes[cluster]."
START = "start its scheduler and workers in this pack's folder with `python -m dask`, so that they find infu_core."
FAILED, LOST = "failed", "lost"


def draw_at_own_server(job: Job, seconds: float) -> tuple[Any, Any]:
    """What a worker runs: the picture and its record; ("failed", message); ("lost", (message, worker))."""
    from distributed import get_worker

    try:
        client, versions = own_client(seconds)
        drawn = draw(client, job)
    except DrawingFailed as error:
        return FAILED, str(error)
    except ServerLost as error:
        own_client.cache_clear()
        return LOST, (str(error), get_worker().address)
    return drawn, record_of(job, drawn, client.url, versions)


@lru_cache(maxsize=1)
def own_client(seconds: float) -> tuple[ComfyUIClient, dict]:
    url = os.environ.get(VARIABLE, "")
    if not url:
        raise ServerLost(f"This worker has no {VARIABLE}; start it with the address of its ComfyUI there.")
    client = ComfyUIClient(url, seconds)
    return client, client.versions()


@dataclass
class DistributedRun:
    """`seconds`: the most that one graph may take. `patience`: seconds to wait for the scheduler."""

    study: Study
    files: CellFiles
    progress: Progress
    seconds: float = 1800
    patience: float = 20
    waiting: list[Cell] = field(default_factory=list)
    lost_at: set[str] = field(default_factory=set)

    def run(self, cells: Sequence[Cell], address: str) -> None:
        """Raises `RunStopped` when the scheduler goes away, or no worker is left with a server."""
        try:
            from distributed import Client, as_completed
        except ImportError:
            raise RunStopped(INSTALL_HINT) from None
        self.waiting = list(reversed(cells))
        try:
            with Client(address, timeout=self.patience, set_as_default=False) as scheduler:
                self.draw_all(scheduler, as_completed(loop=scheduler.loop))
        except (OSError, TimeoutError) as error:
            raise RunStopped(
                f"The run on {address} broke off ({error}); the same command goes on from there."
            ) from None

    def draw_all(self, scheduler: Any, running: Any) -> None:
        cell_of: dict[str, Cell] = {}

        def submit() -> None:
            cell, workers = self.waiting.pop(), self.living(scheduler)
            job = job_of(self.study, cell)
            future = scheduler.submit(draw_at_own_server, job, self.seconds, pure=False, workers=workers)
            cell_of[future.key] = cell
            running.add(future)

        for _ in range(min(len(self.waiting), AHEAD * len(self.living(scheduler)))):
            submit()
        for future in running:
            try:
                result, told = future.result()
            except Exception as error:  # a worker was lost too often, or has no infu_core
                first = str(error).splitlines()[0]
                raise RunStopped(f"dask gave no picture ({first}); {START} The same command goes on.") from None
            self.settle(cell_of.pop(future.key), result, told)
            if self.waiting:
                submit()

    def living(self, scheduler: Any) -> list[str]:
        """The workers whose server was not lost."""
        workers = [worker for worker in scheduler.nthreads() if worker not in self.lost_at]
        if not workers:
            raise RunStopped(f"No worker is left with a server; {len(self.waiting)} cells wait for the same command.")
        return workers

    def settle(self, cell: Cell, result: Any, told: Any) -> None:
        if result == LOST:
            message, worker = told
            self.lost_at.add(worker)
            self.progress.say(f"{message} The cells of {worker} go to the other workers.")
            self.waiting.append(cell)
        elif result == FAILED:
            tries = self.files.keep_failure(cell, told)
            self.progress.failed(cell, told, tries)
            if tries < TRIES:
                self.waiting.insert(0, cell)
        else:
            self.files.keep(cell, result.png, told)
            self.progress.drawn(result.seconds)
