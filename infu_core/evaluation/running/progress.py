"""How far a run is, in one line that is written over, or a line a minute where nobody watches."""

import sys
import threading
import time

from ..study.cells import Cell


class Progress:
    """`total`: cells of the study; `done`: those finished before this run; `places`: servers that draw."""

    def __init__(self, total: int, done: int, places: int, quiet: bool = False):
        self.total, self.done, self.places, self.quiet = total, done, max(places, 1), quiet
        self.began, self.made, self.failures, self.last = time.monotonic(), 0, 0, 0.0
        self.lock, self.live = threading.Lock(), sys.stderr.isatty()

    def drawn(self, seconds: float) -> None:
        with self.lock:
            self.made += 1
            if time.monotonic() - self.last > (0.5 if self.live else 60) or self.done + self.made == self.total:
                self.last = time.monotonic()
                self.write(self.line(), over=True)

    def line(self) -> str:
        each = (time.monotonic() - self.began) / max(self.made, 1)
        left = self.total - self.done - self.made - self.failures
        failed = f", {self.failures} failed" if self.failures else ""
        return f"{self.done + self.made} of {self.total} cells{failed}, {each:.1f} s each, {told(each * left)} left"

    def failed(self, cell: Cell, message: str, tries: int) -> None:
        with self.lock:
            self.failures += tries == 3
            self.write(f"{cell.id}, try {tries}: {message}")

    def say(self, text: str) -> None:
        with self.lock:
            self.write(text)

    def write(self, text: str, over: bool = False) -> None:
        if not self.quiet:
            print(f"\r\033[K{text}" if self.live else text, end="" if over and self.live else "\n", file=sys.stderr)


def told(seconds: float) -> str:
    """ "3 min", for people."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
