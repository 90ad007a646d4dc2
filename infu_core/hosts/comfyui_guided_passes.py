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
        others = [None if number in guided else cond for number, cond in enumerate(conds)]
        made = executor(model, others, x_in, timestep, model_options, *args, **kwargs)
        memory = TextStreamMemory(dict(request.memory.kept), max(0, request.memory.evaluations - 1))
        asked = {**options, SAMPLING: replace(request, memory=memory)}
        call = {"model": model, "input": x_in, "sigma": timestep}
        call["model_options"] = {**model_options, "transformer_options": asked}
        for number in guided:
            made[number] = GuidedPredictions(self.guidance)({**call, "conds": [conds[number], None]})[0]
        return made
