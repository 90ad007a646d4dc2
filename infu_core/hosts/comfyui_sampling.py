"""What InfuSampler adds to ComfyUI's sampling, as options of a MODEL: every sampler and guider then honours them."""

import time
from dataclasses import replace

import comfy.samplers
from torch import Tensor

from nodes import common_ksampler  # ComfyUI's own module

from ..injection.strength_schedule import ROUNDING
from .comfyui_flux import SAMPLING, ReportBook, SamplingRequest, percent_of

CALC = "sampler_calc_cond_batch_function"


class IdentityGuidance:
    """v = v_text + g (v_id - v_text) for the positive prompt, between two percents (Infinite-ID section 3.2).

    g = 1 runs nothing extra; g = 0 is the base model alone; any other g runs the base once more, without identity.
    """

    def __init__(self, guidance: float, start_percent: float, end_percent: float, inner=None):
        self.guidance = guidance
        self.window = (start_percent, end_percent)
        self.inner = inner

    def __call__(self, args: dict) -> list[Tensor]:
        """ComfyUI's replacement for computing the predictions of [positive, negative]."""
        progress = percent_of(float(args["sigma"][0]), args["model"].model_sampling)
        start, end = self.window
        if not start - ROUNDING <= progress <= end + ROUNDING:
            return self.predictions(args, args["conds"])
        if self.guidance == 0:
            return self.predictions(without_identity(args), args["conds"])
        predictions = self.predictions(args, args["conds"])
        text = self.predictions(without_identity(args), args["conds"][:1])[0]
        return [text + self.guidance * (predictions[0] - text), *predictions[1:]]

    def predictions(self, args: dict, conds: list) -> list[Tensor]:
        if self.inner:
            return self.inner({**args, "conds": conds})
        return comfy.samplers.calc_cond_batch(args["model"], conds, args["input"], args["sigma"], args["model_options"])


def without_identity(args: dict) -> dict:
    """The same call with every identity of the model switched off."""
    options = args["model_options"]
    transformer_options = {**options.get("transformer_options", {}), SAMPLING: SamplingRequest(without_identity=True)}
    return {**args, "model_options": {**options, "transformer_options": transformer_options}}


def with_sampling(model, request: SamplingRequest, guidance: float = 1.0, start: float = 0.0, end: float = 1.0):
    """A clone of MODEL that samples as asked."""
    patched = model.clone()
    patched.model_options["transformer_options"][SAMPLING] = request
    if guidance != 1:
        patched.model_options[CALC] = IdentityGuidance(guidance, start, end, patched.model_options.get(CALC))
    return patched


def sample(model, request: SamplingRequest, guidance: float, **ksampler) -> tuple[dict, str]:
    """KSampler's own code on a model that samples as asked; also says what it did."""
    book = ReportBook()
    began = time.perf_counter()
    model = with_sampling(model, replace(request, reports=book), guidance)
    (latent,) = common_ksampler(model=model, **ksampler)
    return latent, report(book, time.perf_counter() - began, ksampler["steps"])


def report(book: ReportBook, seconds: float, steps: int) -> str:
    """What a sampling did, a line for each identity in the model."""
    lines = [f"{steps} steps in {seconds:.1f} s"]
    for run in book.reports:
        lines.append(
            f"InfuseNet: {run.evaluations} evaluations, {run.computed} computed, {run.reused} reused, {run.seconds:.1f} s"
        )
    if not book.reports:
        lines.append("no identity in this model")
    return "\n".join(lines)
