"""An exponential moving average of the weights: calmer than the weights of the last step."""

from collections.abc import Sequence

import torch
from torch import Tensor


class AveragedWeights:
    """Float32 copies of the parameters. The decay rises from small to `decay`, so that the start is soon forgotten."""

    def __init__(self, parameters: Sequence[Tensor], decay: float):
        if any(type(weight).__name__ == "DTensor" for weight in parameters):
            raise ValueError("Averaged weights are not kept for sharded networks; set average = 0 with FSDP.")
        self.decay = decay
        self.weights = [weight.detach().float().clone() for weight in parameters]

    @torch.no_grad()
    def update(self, parameters: Sequence[Tensor], step: int) -> None:
        decay = min(self.decay, (step + 1) / (step + 10))
        torch._foreach_lerp_(self.weights, [weight.detach().float() for weight in parameters], 1 - decay)

    @torch.no_grad()
    def copy_to(self, parameters: Sequence[Tensor]) -> None:
        for weight, average in zip(parameters, self.weights, strict=True):
            weight.copy_(average)

    def state_dict(self) -> dict[str, Tensor]:
        return {f"{index}": weight for index, weight in enumerate(self.weights)}

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        for index, weight in enumerate(self.weights):
            weight.copy_(state[f"{index}"])
