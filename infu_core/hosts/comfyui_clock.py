"""When a step happens, in ComfyUI's words: percents of its sigma schedule, and the number of the step."""

from torch import Tensor


def percent_of(sigma: float, model_sampling) -> float:
    """The host's percent at which it has this sigma: the inverse of `percent_to_sigma`, by bisection."""
    if sigma >= model_sampling.percent_to_sigma(0.0):
        return 0.0
    low, high = 0.0, 1.0
    while high - low > 1e-9:
        middle = (low + high) / 2
        low, high = (middle, high) if model_sampling.percent_to_sigma(middle) > sigma else (low, middle)
    return high


def step_index(sigma: float, sample_sigmas: Tensor | None) -> int:
    """The step that an evaluation at `sigma` belongs to; samplers also evaluate between the scheduled sigmas."""
    if sample_sigmas is None:
        return 0
    return max(int((sample_sigmas >= sigma - 1e-5).sum()) - 1, 0)
