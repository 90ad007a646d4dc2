"""What a sampler asks of every identity in its model, and where the request travels."""

import math
import uuid
from dataclasses import dataclass, field

from ..injection.deferred_scalars import DeferredScalars
from ..injection.sampling_record import SamplingRecord
from ..injection.stream_attention import FeatureInteraction, TextStreamMemory

SAMPLING = "infu_sampling"
"""Where a sampler's request travels: `transformer_options` of that sampling's own options."""


@dataclass(frozen=True)
class SamplingRequest:
    """What a sampler asks of every identity in its model: see `InfuSampler`.

    `curve`: factors evenly spaced over the host's percents. `reuse`, `reuse_threshold`: see `ResidualCache`.
    `style_alignment`: at least so much of it, whatever an Apply node was given; see `align_style`.
    `without_identity`: switch all identities off. `text_cond`: the number in `cond_or_uncond` that gets none.
    `interaction`: how the text-only stream and the one with identity meet; `text_names`: the text-only prompts of this
    call, empty where nobody meets; `memory`: what is kept of them.
    `guided`: the guidance of the sampler is seen to, so that nobody below does it again.
    `record`: what the sampling tells about itself. `scalars`: numbers that its evaluations fetch from the device.
    """

    curve: tuple[float, ...] = (1.0,)
    reuse: str = "exact"
    reuse_threshold: float = math.inf
    style_alignment: float = 0.0
    interaction: FeatureInteraction = FeatureInteraction()
    without_identity: bool = False
    text_cond: int | None = None
    text_names: frozenset[uuid.UUID] = frozenset()
    memory: TextStreamMemory = field(default_factory=TextStreamMemory, compare=False)
    guided: bool = False
    record: SamplingRecord = field(default_factory=SamplingRecord, compare=False)
    scalars: DeferredScalars = field(default_factory=DeferredScalars, compare=False)


def request_in(options: dict) -> SamplingRequest:
    """The request in these `transformer_options`; the neutral one where no sampler of ours asked."""
    return options.get(SAMPLING, SamplingRequest())
