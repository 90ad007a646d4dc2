"""When an evaluation happens, in ComfyUI's words: its sigma, read once whoever asks, percents, and windows of them."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor

from .comfyui_sampling_request import request_in

MOMENT = "infu_moment"
"""Where an evaluation's moment travels once it is known: the `transformer_options` of that evaluation."""


@dataclass(frozen=True, eq=False)
class Moment:
    """One sigma of a sampling. `source`: the tensor [B] that it was read from."""

    source: Tensor
    sigma: float
    model_sampling: Any

    @cached_property
    def percent(self) -> float:
        return percent_of(self.sigma, self.model_sampling)

    def within(self, start_percent: float, end_percent: float) -> bool:
        """Whether a ControlNet with these two percents acts: ComfyUI's own comparison, in the sigma's own precision."""
        first, last = (
            in_precision_of(self.source, self.model_sampling.percent_to_sigma(percent))
            for percent in (start_percent, end_percent)
        )
        return last <= self.sigma <= first


def moment_of(options: dict, t: Tensor, model_sampling) -> Moment:
    """This evaluation's moment, from its `transformer_options`; all that waits for a number of the device waits here.

    `t` [B]: where ComfyUI did not say which sigma it is at.
    """
    source = options.get("sigmas", t)
    known = options.get(MOMENT)
    if known is None or known.source is not source or known.model_sampling is not model_sampling:
        known = Moment(source, request_in(options).scalars.fetch(source[0]), model_sampling)
        options[MOMENT] = known
    return known


def in_precision_of(tensor: Tensor, number: float) -> float:
    """A number as torch sees it where it is compared with this tensor's values."""
    if tensor.dtype == torch.float32:
        return float(np.float32(number))
    return float(torch.tensor(float(number), dtype=tensor.dtype))


def percent_of(sigma: float, model_sampling) -> float:
    """The host's percent at which it has this sigma: the inverse of `percent_to_sigma`, by bisection."""
    if sigma >= model_sampling.percent_to_sigma(0.0):
        return 0.0
    low, high = 0.0, 1.0
    while high - low > 1e-9:
        middle = (low + high) / 2
        low, high = (middle, high) if model_sampling.percent_to_sigma(middle) > sigma else (low, middle)
    return high
