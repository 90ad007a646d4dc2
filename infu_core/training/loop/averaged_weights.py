"""An exponential moving average of the weights: calmer than the weights of the last step."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import Tensor


class AveragedWeights:
    """Float32 copies of the parameters. The decay rises from small to `decay`, so that the start is soon forgotten.

    Of sharded parameters (DTensor) each process averages its own part.
    """

    def __init__(self, parameters: Sequence[Tensor], decay: float):
        self.decay = decay
        self.weights = [weight.detach().float().clone() for weight in parameters]
        self.sharded = any(type(weight).__name__ == "DTensor" for weight in parameters)

    @torch.no_grad()
    def update(self, parameters: Sequence[Tensor], step: int) -> None:
        decay = min(self.decay, (step + 1) / (step + 10))
        torch._foreach_lerp_(self.weights, [weight.detach().float() for weight in parameters], 1 - decay)

    @torch.no_grad()
    def copy_to(self, parameters: Sequence[Tensor]) -> None:
        for weight, average in zip(parameters, self.weights, strict=True):
            weight.copy_(average)

    @contextmanager
    def in_place(self, parameters: Sequence[Tensor]) -> Iterator[None]:
        """Inside, the parameters hold the average; afterwards what they held before, bit for bit."""
        before = [weight.detach().clone() for weight in parameters]
        self.copy_to(parameters)
        try:
            yield
        finally:
            with torch.no_grad():
                for weight, own in zip(parameters, before, strict=True):
                    weight.copy_(own)

    def state_dict(self) -> dict[str, Tensor]:
        return {f"{index}": weight for index, weight in enumerate(self.weights)}

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        for index, weight in enumerate(self.weights):
            weight.copy_(state[f"{index}"])

    def save_sharded(self, folder: Path) -> None:
        """Every process writes its part; `load_sharded` may run on another number of processes."""
        import torch.distributed.checkpoint as sharded

        sharded.save(self.state_dict(), checkpoint_id=folder)

    def load_sharded(self, folder: Path) -> None:
        import torch.distributed.checkpoint as sharded

        sharded.load(self.state_dict(), checkpoint_id=folder)  # into the tensors themselves
