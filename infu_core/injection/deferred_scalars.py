"""Numbers on a device that nobody waits for: they are fetched together with the next one that somebody needs."""

from collections.abc import Callable
from threading import Lock

import torch
from torch import Tensor


class DeferredScalars:
    """One for a sampling: each evaluation then waits for its device once, however many ask for a number."""

    def __init__(self):
        self.lock = Lock()
        self.waiting: list[tuple[Tensor, Callable[[float], None]]] = []

    def later(self, value: Tensor, use: Callable[[float], None]) -> None:
        """Have `use` called with this number [] when the next one is fetched from its device."""
        with self.lock:
            self.waiting.append((value, use))

    def fetch(self, needed: Tensor) -> float:
        """The number in `needed` []; whatever waits on the same device comes with it."""
        with self.lock:
            here = [pair for pair in self.waiting if pair[0].device == needed.device]
            self.waiting = [pair for pair in self.waiting if pair[0].device != needed.device]
        if not here:
            return needed.item()
        number, *others = torch.stack([needed.double(), *(value.double() for value, _ in here)]).tolist()
        for (_, use), other in zip(here, others, strict=True):
            use(other)
        return number
