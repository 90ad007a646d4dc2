"""Draw cells on several servers: each takes the next cell when it is free. Nothing finished is ever lost."""

import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from ...hosts.comfyui_client import ComfyUIClient, DrawingFailed, ServerLost
from ..study.cell_files import TRIES, CellFiles
from ..study.cells import Cell
from ..study.study import Study
from .job import draw, job_of, record_of
from .progress import Progress

PATIENCE = 60.0
"""Seconds to wait for a server that went away before its thread gives up."""
GLANCE = 0.2


class RunStopped(RuntimeError):
    """The run can't go on; what is finished is kept, and the same command goes on from there."""


@dataclass
class Runner:
    """`run` draws cells until none is left. A cell that fails `TRIES` times is recorded, and the run goes on."""

    study: Study
    files: CellFiles
    clients: Sequence[ComfyUIClient]
    progress: Progress
    patience: float = PATIENCE
    waiting: deque[Cell] = field(default_factory=deque)
    in_flight: int = 0
    lost: dict[str, str] = field(default_factory=dict)
    stop: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def run(self, cells: Sequence[Cell]) -> None:
        """Raises `RunStopped` where cells are left that no server draws, or that can't be written."""
        self.waiting.extend(cells)
        threads = [threading.Thread(target=self.serve, args=(client,), daemon=True) for client in self.clients]
        for thread in threads:
            thread.start()
        try:
            while any(thread.is_alive() for thread in threads):
                time.sleep(GLANCE)
        except KeyboardInterrupt:
            self.stop = "Stopped from the keyboard"
            raise RunStopped(self.said(self.stop)) from None
        if self.stop:
            raise RunStopped(self.said(self.stop))
        if self.waiting:
            raise RunStopped(self.said(" ".join(self.lost.values()) or "No server is left"))

    def said(self, why: str) -> str:
        left = len(self.waiting) + self.in_flight
        return f"{why.rstrip('.')}; {left} cells are left, and the same command goes on with them."

    def serve(self, client: ComfyUIClient) -> None:
        """One server's thread."""
        try:
            versions = client.versions()
            while (cell := self.next_cell()) is not None:
                try:
                    self.draw(client, cell, versions)
                except ServerLost as error:
                    self.give_back(cell)
                    versions = self.wait_for(client, error)
                except BaseException:
                    self.give_back(cell)
                    raise
        except ServerLost as error:
            self.lost[client.url] = str(error)
            self.progress.say(f"{error} Its cells go to the other servers.")
        except OSError as error:
            self.stop = f"The results can't be written ({error.strerror or error})"
        except Exception as error:
            self.stop = f"A fault of the runner ({type(error).__name__}: {error})"

    def draw(self, client: ComfyUIClient, cell: Cell, versions: dict) -> None:
        job = job_of(self.study, cell)
        try:
            drawn = draw(client, job)
        except DrawingFailed as error:
            tries = self.files.keep_failure(cell, str(error))
            self.progress.failed(cell, str(error), tries)
            self.finished(again=cell if tries < TRIES else None)
            return
        self.files.keep(cell, drawn.png, record_of(job, drawn, client.url, versions))
        self.progress.drawn(drawn.seconds)
        self.finished()

    def next_cell(self) -> Cell | None:
        """The next cell; waits while others are drawn that may yet come back; None when all are settled."""
        while not self.stop:
            with self.lock:
                if self.waiting:
                    self.in_flight += 1
                    return self.waiting.popleft()
                if not self.in_flight:
                    return None
            time.sleep(GLANCE)
        return None

    def finished(self, again: Cell | None = None) -> None:
        with self.lock:
            self.in_flight -= 1
            if again:
                self.waiting.append(again)

    def give_back(self, cell: Cell) -> None:
        with self.lock:
            self.in_flight -= 1
            self.waiting.appendleft(cell)

    def wait_for(self, client: ComfyUIClient, error: ServerLost) -> dict:
        """Until the server is back; raises the last `ServerLost` when patience ends."""
        self.progress.say(f"{error} Waiting up to {self.patience:g} s for it.")
        client.uploaded.clear()
        end = time.monotonic() + self.patience
        while True:
            try:
                return client.versions()
            except ServerLost:
                if time.monotonic() > end or self.stop or self.nothing_left():
                    raise
                time.sleep(GLANCE)

    def nothing_left(self) -> bool:
        with self.lock:
            return not self.waiting and not self.in_flight
