"""ApplyInfuseNet: put an identity into a MODEL."""

from comfy_api.latest import io

from ..infu_core.hosts.comfyui_checks import warning_of
from ..infu_core.hosts.comfyui_injection import read_settings
from ..infu_core.hosts.comfyui_model_wrappers import apply_infusenet
from ..infu_core.injection.block_weights import check_block_weights
from ..infu_core.typed_numbers import complaint
from .injection_inputs import how_much, pose_image, shown_warning, who_and_how
from .search_words import GENERAL


class ApplyInfuseNet(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="ApplyInfuseNet",
            display_name="Apply InfiniteYou (InfuseNet)",
            category="InfU",
            description="Makes a FLUX.1 model draw this person. Everything downstream (samplers, LoRAs, ControlNets) stays as it is.",
            search_aliases=[*GENERAL, "infuse", "identity"],
            inputs=[
                io.Model.Input(
                    "model",
                    tooltip="A FLUX.1 model (dev, schnell, Krea, Fill, Kontext; any precision), with LoRAs or without.",
                ),
                *who_and_how(),
                pose_image(),
                *how_much(),
            ],
            outputs=[io.Model.Output(tooltip="The model with the identity; the one you connected is unchanged.")],
        )

    @classmethod
    def validate_inputs(cls, block_weights=None):
        return complaint(check_block_weights, block_weights)

    @classmethod
    def execute(cls, model, infusenet, identity, vae, pose_image=None, **widgets) -> io.NodeOutput:
        settings = read_settings(infusenet, **widgets)
        patched = apply_infusenet(model, infusenet, identity, vae, pose_image, settings)
        return io.NodeOutput(patched, ui=shown_warning(warning_of(pose_image)))
