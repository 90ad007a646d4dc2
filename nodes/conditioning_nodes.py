"""ApplyInfuseNetConditioning: put an identity into one prompt."""

from comfy_api.latest import io

from ..infu_core.hosts.comfyui_checks import warning_of
from ..infu_core.hosts.comfyui_injection import read_settings
from ..infu_core.hosts.comfyui_prompt_control import apply_to_conditioning
from ..infu_core.injection.block_weights import check_block_weights
from ..infu_core.injection.region_chain import with_mask
from ..infu_core.typed_numbers import complaint
from .injection_inputs import how_much, pose_image, shown_warning, who_and_how


class ApplyInfuseNetConditioning(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="ApplyInfuseNetConditioning",
            display_name="Apply to Conditioning (InfU)",
            category="InfU",
            description="Gives one prompt a person, as a ControlNet does: for regional prompts, one person each. For one prompt, Apply InfiniteYou on the model is simpler and saves more time with step caches.",
            search_aliases=["regional prompt", "identity", "controlnet"],
            inputs=[
                io.Conditioning.Input(
                    "positive", tooltip="The prompt that gets the person, with ControlNets, area or mask or without."
                ),
                *who_and_how(),
                pose_image(),
                io.Mask.Input(
                    "mask",
                    optional=True,
                    tooltip="Where in this prompt's picture the person is, at any size. Without it: everywhere.",
                ),
                *how_much(),
            ],
            outputs=[io.Conditioning.Output(display_name="positive")],
        )

    @classmethod
    def validate_inputs(cls, block_weights=None):
        return complaint(check_block_weights, block_weights)

    @classmethod
    def execute(cls, positive, infusenet, identity, vae, pose_image=None, mask=None, **widgets) -> io.NodeOutput:
        settings = read_settings(infusenet, **widgets)
        who = with_mask(identity, mask)
        prompts = apply_to_conditioning(positive, infusenet, who, vae, pose_image, settings)
        return io.NodeOutput(prompts, ui=shown_warning(warning_of(pose_image)))
