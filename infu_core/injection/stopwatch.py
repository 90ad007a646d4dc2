"""Seconds by name, without making the device wait: CUDA events on a GPU, the processor's clock elsewhere."""

import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from threading import get_ident

import torch


class Stopwatch:
    """What is measured inside something else counts for itself only. Threads measure side by side."""

    def __init__(self):
        self.laps: list[tuple[str, object, object]] = []
        self.of_threads: dict[int, list[tuple[str, object]]] = {}

    @property
    def running(self) -> list[tuple[str, object]]:
        """What this thread measures now, the innermost last."""
        return self.of_threads.setdefault(get_ident(), [])

    @contextmanager
    def measuring(self, name: str, device: torch.device) -> Iterator[None]:
        self.pause(device)
        self.running.append((name, mark(device)))
        try:
            yield
        finally:
            self.pause(device)
            self.running.pop()
            if self.running:
                self.running[-1] = (self.running[-1][0], mark(device))

    def pause(self, device: torch.device) -> None:
        if self.running:
            self.laps.append((*self.running[-1], mark(device)))

    def seconds(self) -> dict[str, float]:
        """Totals so far; waits for the device once."""
        totals = defaultdict(float)
        for name, began, ended in self.laps:
            totals[name] += between(began, ended)
        return dict(totals)


def mark(device: torch.device):
    """This moment, on the device's own clock where it has one."""
    if device.type != "cuda":
        return time.perf_counter()
    event = torch.cuda.Event(enable_timing=True)
    event.record(torch.cuda.current_stream(device))
    return event


def between(began, ended) -> float:
    """Seconds between two marks of one device."""
    if isinstance(began, float):
        return ended - began
    ended.synchronize()
    return began.elapsed_time(ended) / 1000
