"""Reads the next batch from the disk while the present one is trained on; the batches stay the same."""

from concurrent.futures import Future, ThreadPoolExecutor

from torch import Tensor

from ..loop.training_run import Batches

Share = tuple[int, int, int]  # step, rank, world


class ReadAhead:
    """`parts`: in how many each step is run (`RunSettings.accumulate`), each part with a rank of its own."""

    def __init__(self, batches: Batches, parts: int = 1):
        self.batches, self.parts = batches, parts
        self._reader = ThreadPoolExecutor(1)
        self._coming: dict[Share, Future[dict[str, Tensor]]] = {}

    def __call__(self, step: int, rank: int, world: int) -> dict[str, Tensor]:
        share = step, rank, world
        coming = self._coming.pop(share, None) or self._reader.submit(self.batches, *share)
        batch = coming.result()
        following = self.after(share)
        self._coming = {following: self._reader.submit(self.batches, *following)}
        return batch

    def after(self, share: Share) -> Share:
        step, rank, world = share
        last = rank % self.parts == self.parts - 1
        return (step + 1, rank - self.parts + 1, world) if last else (step, rank + 1, world)
