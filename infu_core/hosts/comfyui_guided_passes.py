"""Passes that another guidance makes of the positive prompt (SLG, PAG): guided by identity as the sampler's own are.

Such a node compares its own pass with the guided prediction; were it unguided, the identity's dial would be turned by
that node's scale as well, and at 0 the picture would be pushed away from the person.
"""

from dataclasses import replace

from ..injection.identity_guidance import IdentityGuidance
from ..injection.stream_attention import TextStreamMemory
from .comfyui_clock import moment_of
from .comfyui_guidance import GuidedPredictions
from .comfyui_prompts_with_identity import POSITIVE, WANTED
from .comfyui_sampling_request import SAMPLING, request_in

UNGUIDED = (
    "identity_guidance, the dials that go with it and feature_interaction did not act: another node makes the "
    "predictions of this sampling in its own way; take it out, or turn strength instead."
)


class GuidedPasses:
    """A CALC_COND_BATCH wrapper; what `GuidedPredictions` asks for says that it is guided already.

    The text-only stream runs or rests as it did in the sampler's own pass of this step.
    """

    def __init__(self, guidance: IdentityGuidance):
        self.guidance = guidance

    def __call__(self, executor, model, conds, x_in, timestep, model_options, *args, **kwargs):
        options = model_options.get("transformer_options", {})
        request, moment = request_in(options), moment_of(options, timestep, model.model_sampling)
        wanted = options.get(WANTED, tuple(number == POSITIVE for number in range(len(conds))))
        guided = {number for number, cond in enumerate(conds) if cond and number < len(wanted) and wanted[number]}
        if request.guided or not guided or not self.guidance.acts(moment.percent, moment.within):
            return executor(model, conds, x_in, timestep, model_options, *args, **kwargs)
        if self.guidance.is_text_alone:
            request.record.guided += 1
            options = {**options, SAMPLING: replace(request, without_identity=True)}
            return executor(
                model, conds, x_in, timestep, {**model_options, "transformer_options": options}, *args, **kwargs
            )
        others = [None if number in guided else cond for number, cond in enumerate(conds)]
        made = executor(model, others, x_in, timestep, model_options, *args, **kwargs)
        memory = TextStreamMemory(dict(request.memory.kept), max(0, request.memory.evaluations - 1))
        asked = {**options, SAMPLING: replace(request, memory=memory)}
        call = {"model": model, "input": x_in, "sigma": timestep}
        call["model_options"] = {**model_options, "transformer_options": asked}
        for number in guided:
            made[number] = GuidedPredictions(self.guidance)({**call, "conds": [conds[number], None]})[0]
        return made

    def tell_unguided(self, executor, noise, latent_image, sampler, sigmas, *args, **kwargs):
        """OUTER_SAMPLE: where a foreign guider never asked for a guided prediction, the report says so."""
        samples = executor(noise, latent_image, sampler, sigmas, *args, **kwargs)
        record = request_in(executor.class_obj.model_options["transformer_options"]).record
        if not record.guided and any(self.guidance.acts(percent) for percent in record.percents):
            record.notes.append(UNGUIDED)
        return samples
