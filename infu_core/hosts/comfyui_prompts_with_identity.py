"""Which prompts get the identity: the positive, the negative where it is asked for, never the text-only pass."""

from collections.abc import Sequence

from .comfyui_sampling_request import SamplingRequest

POSITIVE = 0
"""ComfyUI's number for the positive prompt in `cond_or_uncond`."""


def chunks_with_identity(prompts: Sequence[int], request: SamplingRequest, on_negative: bool) -> list[int]:
    """Places in a batch whose chunks are for `prompts`, numbered as in `cond_or_uncond`."""
    if request.without_identity:
        return []
    return [
        chunk
        for chunk, number in enumerate(prompts)
        if (on_negative or number == POSITIVE) and number != request.text_cond
    ]
