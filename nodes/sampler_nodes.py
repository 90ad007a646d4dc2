"""InfuSampler and InfuGuider: ComfyUI's sampling with a second dial, for identity."""

import math
from dataclasses import replace

import comfy.samplers
from comfy_api.latest import io, ui

from ..infu_core.faces.picture import to_image
from ..infu_core.hosts.comfyui_sampling import InfuCFGGuider, SamplingDials, sample
from ..infu_core.injection.block_ranges import read_blocks
from ..infu_core.injection.curve_text import CURVE_NAMES, check_curve, read_curve
from ..infu_core.injection.identity_guidance import IdentityGuidance
from ..infu_core.injection.reuse_plan import REUSE_PLANS
from ..infu_core.injection.sampling_plot import draw_sampling
from ..infu_core.injection.stream_attention import INTERACTIONS
from ..infu_core.injection.style_choices import STYLES
from ..infu_core.typed_numbers import complaint, first_complaint

ALIASES = ["identity guidance", "flux sampler"]


def dial_inputs() -> list:
    """The widgets that both nodes have, in an order that workflow files depend on: append only."""
    return [
        io.Float.Input(
            "identity_guidance",
            default=1.0,
            min=0.0,
            max=5.0,
            step=0.05,
            tooltip="The identity's dial, apart from the text's: 1 leaves it as it is and costs nothing, 0 is the model without identity, above 1 exaggerates. People use 0.7 to 1.5; other values than 0 and 1 cost a second pass of the model on each step where it acts.",
        ),
        io.Combo.Input(
            "strength_curve",
            options=list(CURVE_NAMES),
            default="constant",
            tooltip="How the identity's strength runs over the sampling: constant; fade in leaves the layout to the prompt; fade out leaves the details to it; window does both; free reads free_curve.",
        ),
        io.Combo.Input(
            "reuse",
            options=list(REUSE_PLANS),
            default="exact",
            tooltip="exact runs InfuseNet on every step; balanced about 11 times and fast about 6 times, however many steps there are, with forecasts between.",
        ),
        io.Float.Input(
            "guidance_start_percent",
            default=0.0,
            min=0.0,
            max=1.0,
            step=0.001,
            advanced=True,
            tooltip="When identity_guidance begins to act: 0 is the first step; 0.2 spares the layout.",
        ),
        io.Float.Input(
            "guidance_end_percent",
            default=1.0,
            min=0.0,
            max=1.0,
            step=0.001,
            advanced=True,
            tooltip="When identity_guidance stops acting: 1 is the last step; 0.5 keeps most of its effect at half its cost.",
        ),
        io.Float.Input(
            "style_alignment",
            default=0.0,
            min=0.0,
            max=1.0,
            step=0.01,
            advanced=True,
            tooltip="Gives the prompt's light and colours back in the prediction (AdaIN-mean): 0 is off, 1 is all of it; acts where identity_guidance acts and costs the same second pass.",
        ),
        io.String.Input(
            "free_curve",
            default="",
            placeholder="0, 1, 1, 0.5",
            advanced=True,
            tooltip="For strength_curve free: factors of the strength, evenly spaced from the start to the end of the sampling and joined by lines, such as '0, 1, 1, 0.5'. Usually 0 to 1. Write numbers with a point (0.5) and commas between them.",
        ),
        io.Float.Input(
            "reuse_threshold",
            default=0.0,
            min=0.0,
            max=1.0,
            step=0.01,
            advanced=True,
            tooltip="For reuse balanced and fast: where a forecast was wrong by more than this share, the next step is computed too. 0 is off; 0.1 is careful, 0.3 generous.",
        ),
        io.Combo.Input(
            "style",
            options=list(STYLES),
            default="as published",
            optional=True,
            tooltip="How much of the prompt's style the identity leaves: as published; keep gives most of a lost style back for little likeness; strong gives more, and costs more.",
        ),
        io.Combo.Input(
            "feature_interaction",
            options=list(INTERACTIONS),
            default="off",
            optional=True,
            advanced=True,
            tooltip="Lets the picture with identity look at the one by the text alone inside the model (Infinite-ID): off; mixed attention; AdaIN-mean; cross-attention merge. Acts where identity_guidance acts and costs the same second pass.",
        ),
        io.Float.Input(
            "interaction_weight",
            default=1.0,
            min=0.0,
            max=1.0,
            step=0.01,
            optional=True,
            advanced=True,
            tooltip="How much of feature_interaction is taken: 0 is nothing, 1 is all; 0.1 to 0.3 for cross-attention merge.",
        ),
        io.String.Input(
            "interaction_blocks",
            default="all",
            placeholder="all",
            optional=True,
            advanced=True,
            tooltip="The blocks of FLUX in which feature_interaction acts: all, double, single, or ranges such as 'single 10-20, double 0-9'.",
        ),
    ]  # fmt: skip


def read_dials(widgets: dict) -> SamplingDials:
    """Take the dials' values out of a node's widgets."""
    take = widgets.pop
    guidance = IdentityGuidance(
        guidance=take("identity_guidance"),
        start_percent=take("guidance_start_percent"),
        end_percent=take("guidance_end_percent"),
        style_alignment=take("style_alignment"),
        interaction=replace(
            INTERACTIONS[take("feature_interaction", "off")],
            weight=take("interaction_weight", 1.0),
            blocks=read_blocks(take("interaction_blocks", "all")),
        ),
    )
    curve = read_curve(take("strength_curve"), take("free_curve"))
    style = STYLES[take("style", "as published")]
    return SamplingDials(guidance, curve, take("reuse"), take("reuse_threshold") or math.inf, style)


def complaints(free_curve, interaction_blocks) -> bool | str:
    return first_complaint(complaint(check_curve, free_curve), complaint(read_blocks, interaction_blocks))


class InfuSampler(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="InfuSampler",
            display_name="Sampler (InfU)",
            category="InfU/sampling",
            description="KSampler for models with an identity: a dial for identity apart from text, strength over time, and residual reuse. Neutral settings give exactly KSampler's picture.",
            search_aliases=[*ALIASES, "ksampler"],
            inputs=[
                io.Model.Input("model", tooltip="From Apply InfiniteYou; any other model is sampled as KSampler does."),
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
                    tooltip="Classifier-free guidance: 1 for FLUX.1-dev and schnell (FLUX's own guidance comes from FluxGuidance).",
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
                *dial_inputs(),
            ],
            outputs=[
                io.Latent.Output(display_name="latent", tooltip="The denoised latent."),
                io.String.Output(
                    display_name="report",
                    tooltip="Steps, InfuseNet runs computed and reused, seconds in the base and in InfuseNet, peak memory.",
                ),
            ],
        )

    @classmethod
    def validate_inputs(cls, free_curve=None, interaction_blocks=None):
        return complaints(free_curve, interaction_blocks)

    @classmethod
    def execute(cls, model, latent_image, **widgets) -> io.NodeOutput:
        latent, record = sample(model, read_dials(widgets), latent=latent_image, **widgets)
        shown = ui.PreviewImage(to_image([draw_sampling(record)]), cls=cls).as_dict()
        return io.NodeOutput(latent, record.text(), ui=shown | ui.PreviewText(record.text()).as_dict())


class InfuGuider(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="InfuGuider",
            display_name="Guider (InfU)",
            category="InfU/sampling",
            description="CFGGuider with Sampler (InfU)'s dials, for SamplerCustomAdvanced. Neutral settings give exactly CFGGuider's picture, and without a negative prompt BasicGuider's.",
            search_aliases=[*ALIASES, "cfgguider", "basicguider"],
            inputs=[
                io.Model.Input("model", tooltip="From Apply InfiniteYou; any other model is guided as CFGGuider does."),
                io.Conditioning.Input("positive", tooltip="What to draw."),
                io.Conditioning.Input(
                    "negative",
                    optional=True,
                    tooltip="What to avoid; needed where cfg is not 1, leave empty for FLUX.1-dev.",
                ),
                io.Float.Input(
                    "cfg",
                    default=1.0,
                    min=0.0,
                    max=100.0,
                    step=0.1,
                    round=0.01,
                    tooltip="Classifier-free guidance: 1 for FLUX.1-dev and schnell (FLUX's own guidance comes from FluxGuidance).",
                ),
                *dial_inputs(),
            ],
            outputs=[
                io.Guider.Output(
                    display_name="guider", tooltip="For SamplerCustomAdvanced; its report goes to the log."
                )
            ],
        )

    @classmethod
    def validate_inputs(cls, free_curve=None, interaction_blocks=None):
        return complaints(free_curve, interaction_blocks)

    @classmethod
    def execute(cls, model, positive, cfg, negative=None, **widgets) -> io.NodeOutput:
        return io.NodeOutput(InfuCFGGuider(model, read_dials(widgets), positive, negative, cfg))
