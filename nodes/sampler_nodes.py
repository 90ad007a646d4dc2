"""InfuSampler: KSampler with a second dial, for identity."""

import comfy.samplers
from comfy_api.latest import io

from ..infu_core.hosts.comfyui_flux import SamplingRequest
from ..infu_core.hosts.comfyui_sampling import sample
from ..infu_core.injection.residual_cache import REUSE_PLANS
from ..infu_core.injection.strength_schedule import CURVES


class InfuSampler(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="InfuSampler",
            display_name="Infu Sampler",
            category="InfU/sampling",
            description="KSampler for models with an identity: a dial for identity apart from text, strength over time, and residual reuse. Neutral settings give exactly KSampler's picture.",
            search_aliases=["infiniteyou", "ksampler", "identity guidance", "face id", "pulid", "instantid"],
            inputs=[
                io.Model.Input("model", tooltip="From Apply InfuseNet; any other model is sampled as KSampler does."),
                io.Conditioning.Input("positive", tooltip="What to draw."),
                io.Conditioning.Input("negative", tooltip="What to avoid; acts where cfg is above 1."),
                io.Latent.Input("latent_image", tooltip="An empty latent, or a picture to change (denoise below 1)."),
                io.Int.Input(
                    "seed",
                    default=0,
                    min=0,
                    max=0xFFFFFFFFFFFFFFFF,
                    control_after_generate=True,
                    tooltip="The noise to start from.",
                ),
                io.Int.Input(
                    "steps",
                    default=30,
                    min=1,
                    max=10000,
                    tooltip="Denoising steps: 20 to 30 for FLUX.1-dev, 4 for schnell.",
                ),
                io.Float.Input(
                    "cfg",
                    default=1.0,
                    min=0.0,
                    max=100.0,
                    step=0.1,
                    round=0.01,
                    tooltip="Classifier-free guidance: 1 for FLUX.1-dev and schnell (its own guidance comes from FluxGuidance).",
                ),
                io.Combo.Input(
                    "sampler_name",
                    options=comfy.samplers.KSampler.SAMPLERS,
                    default="euler",
                    tooltip="The sampling method; euler as published.",
                ),
                io.Combo.Input(
                    "scheduler",
                    options=comfy.samplers.KSampler.SCHEDULERS,
                    default="simple",
                    tooltip="How noise falls over the steps; simple or beta for FLUX.1.",
                ),
                io.Float.Input(
                    "denoise",
                    default=1.0,
                    min=0.0,
                    max=1.0,
                    step=0.01,
                    tooltip="How much of the picture to make anew: 1 from noise, 0.3 to 0.6 to change a picture.",
                ),
                io.Float.Input(
                    "identity_guidance",
                    default=1.0,
                    min=0.0,
                    max=5.0,
                    step=0.05,
                    tooltip="Pushes towards (above 1) or away from (below 1) the identity, apart from the text; 1 costs nothing, other values one more base pass a step. People use 0.7 to 1.5.",
                ),
                io.Combo.Input(
                    "strength_curve",
                    options=list(CURVES),
                    default="constant",
                    tooltip="How the identity's strength runs over the sampling.",
                ),
                io.Combo.Input(
                    "reuse",
                    options=list(REUSE_PLANS),
                    default="exact",
                    tooltip="exact runs InfuseNet every step; balanced about 10 times in 30 steps, fast 8 times, forecasting between.",
                ),
            ],
            outputs=[io.Latent.Output(display_name="latent"), io.String.Output(display_name="report")],
        )

    @classmethod
    def execute(cls, latent_image, identity_guidance, strength_curve, reuse, **ksampler) -> io.NodeOutput:
        request = SamplingRequest(CURVES[strength_curve], reuse)
        return io.NodeOutput(*sample(request=request, guidance=identity_guidance, latent=latent_image, **ksampler))
