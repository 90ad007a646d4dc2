"""What InfuSampler adds to ComfyUI's sampling, as options of a MODEL: every sampler then honours them."""

import logging
import math
import time
from dataclasses import dataclass, replace

import comfy.samplers
import torch
from comfy.patcher_extension import WrappersMP

from nodes import common_ksampler  # pyright: ignore[reportAttributeAccessIssue] - ComfyUI's own module

from ..injection.deferred_scalars import DeferredScalars
from ..injection.identity_guidance import IdentityGuidance
from ..injection.sampling_record import BASE, SamplingRecord
from ..injection.stream_attention import TextStreamMemory
from .comfyui_clock import percent_of
from .comfyui_guidance import CALC, GuidedPredictions
from .comfyui_guided_passes import GuidedPasses
from .comfyui_latents import samples_of
from .comfyui_sampling_request import SAMPLING, SamplingRequest
from .comfyui_streams import check_flux, meet_streams

log = logging.getLogger(__name__)

RECORDER = "infu_record"


@dataclass(frozen=True)
class SamplingDials:
    """What a sampler node asks for; the defaults change nothing."""

    guidance: IdentityGuidance = IdentityGuidance()
    curve: tuple[float, ...] = (1.0,)
    reuse: str = "exact"
    reuse_threshold: float = math.inf
    style_alignment: float = 0.0


def with_dials(model, dials: SamplingDials):
    """A clone of MODEL that samples as asked, and a request to be completed with a record for each sampling."""
    patched, interaction = model.clone(), dials.guidance.interaction
    request = SamplingRequest(dials.curve, dials.reuse, dials.reuse_threshold, dials.style_alignment, interaction)
    patched.model_options["transformer_options"][SAMPLING] = request
    patched.add_wrapper_with_key(WrappersMP.OUTER_SAMPLE, RECORDER, record_sampling)
    patched.add_wrapper_with_key(WrappersMP.APPLY_MODEL, RECORDER, record_base)
    if not interaction.is_off:
        check_flux(model)
        patched.add_wrapper_with_key(WrappersMP.APPLY_MODEL, RECORDER, meet_streams)
    if not dials.guidance.is_neutral:
        patched.model_options[CALC] = GuidedPredictions(dials.guidance, patched.model_options.get(CALC))
        others = GuidedPasses(dials.guidance)
        patched.add_wrapper_with_key(WrappersMP.CALC_COND_BATCH, RECORDER, others)
        patched.add_wrapper_with_key(WrappersMP.OUTER_SAMPLE, RECORDER, others.tell_unguided)
    return patched


def begin_record(options: dict) -> SamplingRecord:
    """A fresh record in these model options; no two samplings share one."""
    transformer_options = options["transformer_options"]
    record, given = SamplingRecord(), transformer_options[SAMPLING]
    request = replace(given, record=record, scalars=DeferredScalars(), memory=TextStreamMemory())
    options["transformer_options"] = {**transformer_options, SAMPLING: request}
    return record


def sample(model, dials: SamplingDials, **ksampler) -> tuple[dict, SamplingRecord]:
    """KSampler's own code on a model that samples as asked; also says what it did. ValueError without a latent."""
    samples_of(ksampler["latent"])
    model = with_dials(model, dials)
    record = begin_record(model.model_options)
    (latent,) = common_ksampler(model=model, **ksampler)
    log.info("InfuSampler: %s", record.text().replace("\n", "; "))
    return latent, record


class InfuCFGGuider(comfy.samplers.CFGGuider):
    """ComfyUI's CFGGuider on a model that samples as asked; without a negative prompt it is BasicGuider."""

    def __init__(self, model, dials: SamplingDials, positive, negative=None, cfg: float = 1.0):
        super().__init__(with_dials(model, dials))
        if negative is None and not math.isclose(cfg, 1.0):
            raise ValueError(f"cfg is {cfg:g}, but no negative prompt is connected; connect one, or set cfg to 1.")
        self.inner_set_conds(
            {"positive": positive} if negative is None else {"positive": positive, "negative": negative}
        )
        self.set_cfg(cfg)

    def sample(self, *args, **kwargs):
        """See ComfyUI's CFGGuider; each call has its own record, which goes to the log."""
        given = self.model_options
        self.model_options = {**given}
        record = begin_record(self.model_options)
        try:
            samples = super().sample(*args, **kwargs)
        finally:
            self.model_options = given
        log.info("InfuGuider: %s", record.text().replace("\n", "; "))
        return samples


def record_sampling(executor, noise, latent_image, sampler, sigmas, *args, **kwargs):
    """OUTER_SAMPLE: steps, seconds and peak memory of this sampling."""
    guider = executor.class_obj
    record = guider.model_options["transformer_options"][SAMPLING].record
    model_sampling = guider.model_patcher.get_model_object("model_sampling")
    record.percents = tuple(percent_of(sigma, model_sampling) for sigma in sigmas[:-1].tolist())
    device = guider.model_patcher.load_device
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    began = time.perf_counter()
    samples = executor(noise, latent_image, sampler, sigmas, *args, **kwargs)
    record.seconds = time.perf_counter() - began
    if device.type == "cuda":
        record.peak_bytes = torch.cuda.max_memory_allocated(device)
    return samples


def record_base(executor, x, t, c_concat=None, c_crossattn=None, control=None, transformer_options=None, **kwargs):
    """APPLY_MODEL: count and time the base model."""
    record = (transformer_options or {})[SAMPLING].record
    record.count_base()
    with record.clock.measuring(BASE, x.device):
        return executor(x, t, c_concat, c_crossattn, control, transformer_options, **kwargs)
