"""ApplyInfuseNet: put an identity into a MODEL."""

from comfy_api.latest import io

from ..infu_core.hosts.comfyui_flux import apply_infusenet
from ..infu_core.injection.block_weights import parse_block_weights
from ..infu_core.injection.injector import InjectionSettings
from ..infu_core.injection.regions import REGION_MODES
from ..infu_core.injection.strength_schedule import StrengthSchedule
from .sockets import IdentityRegionsSocket, IdentitySocket, InfuseNetSocket


class ApplyInfuseNet(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="ApplyInfuseNet",
            display_name="Apply InfuseNet",
            category="InfU",
            description="Makes a FLUX.1 model draw this person. Everything downstream (samplers, LoRAs, ControlNets) stays as it is.",
            search_aliases=[
                "infiniteyou",
                "infinite you",
                "infuse",
                "face id",
                "faceid",
                "pulid",
                "instantid",
                "identity",
            ],
            inputs=[
                io.Model.Input(
                    "model",
                    tooltip="A FLUX.1 model (dev, schnell, Krea, Fill, Kontext; any precision), with LoRAs or without.",
                ),
                InfuseNetSocket.Input("infusenet", tooltip="From Load InfuseNet."),
                io.MultiType.Input(
                    "identity",
                    types=[IdentitySocket, IdentityRegionsSocket],
                    tooltip="Who: an identity from Encode Face ID, or identity regions for several people.",
                ),
                io.Vae.Input("vae", tooltip="FLUX.1's VAE (ae.safetensors); it encodes the pose image."),
                io.Image.Input(
                    "pose_image",
                    optional=True,
                    tooltip="Five key points on black, from Infu Face Pose: where the face is and how it is turned. Without it the prompt decides.",
                ),
                io.Float.Input(
                    "strength",
                    default=1.0,
                    min=0.0,
                    max=3.0,
                    step=0.01,
                    tooltip="How much identity: 0 is off, 1 as trained; people use 0.6 to 1.",
                ),
                io.Float.Input(
                    "start_percent",
                    default=0.0,
                    min=0.0,
                    max=1.0,
                    step=0.001,
                    tooltip="When the identity begins to act: 0 as published; 0.1 gives the prompt more say in pose and expression.",
                ),
                io.Float.Input(
                    "end_percent",
                    default=1.0,
                    min=0.0,
                    max=1.0,
                    step=0.001,
                    tooltip="When the identity stops acting: 1 as published; 0.6 to 0.9 lets the prompt finish the picture and saves time.",
                ),
                io.Float.Input(
                    "style_alignment",
                    default=0.0,
                    min=0.0,
                    max=1.0,
                    step=0.01,
                    tooltip="Gives the prompt's style back (AdaIN-mean): 0 as published; raise it where watercolour or ink turns into a photo.",
                ),
                io.Combo.Input(
                    "region_mode",
                    options=list(REGION_MODES),
                    default="one_pass",
                    advanced=True,
                    tooltip="For several people: one_pass runs InfuseNet once for all; separate once for each; cropped once for each on its own region.",
                ),
                io.Float.Input(
                    "guidance",
                    default=1.0,
                    min=0.0,
                    max=10.0,
                    step=0.1,
                    advanced=True,
                    tooltip="The guidance that InfuseNet itself is told: 1 as published, whatever the model's guidance is.",
                ),
                io.Boolean.Input(
                    "on_negative",
                    default=False,
                    advanced=True,
                    tooltip="Also give the negative prompt the identity (CFG above 1); off as published.",
                ),
                io.String.Input(
                    "block_weights",
                    default="",
                    advanced=True,
                    tooltip="A factor per InfuseNet block: double blocks, a semicolon, single blocks, such as '1, 1, 0.5, 0.5; 1'. One number stands for all; empty is 1.",
                ),
            ],
            outputs=[io.Model.Output(tooltip="The model with the identity; the one you connected is unchanged.")],
        )

    @classmethod
    def execute(
        cls,
        model,
        infusenet,
        identity,
        vae,
        pose_image=None,
        *,
        strength,
        start_percent,
        end_percent,
        style_alignment,
        region_mode,
        guidance,
        on_negative,
        block_weights,
    ) -> io.NodeOutput:
        config = infusenet.network.model.config
        double_weights, single_weights = parse_block_weights(block_weights, config.double_blocks, config.single_blocks)
        settings = InjectionSettings(
            schedule=StrengthSchedule(strength, start_percent, end_percent),
            guidance=guidance,
            style_alignment=style_alignment,
            region_mode=region_mode,
            on_negative=on_negative,
            double_weights=double_weights,
            single_weights=single_weights,
        )
        return io.NodeOutput(apply_infusenet(model, infusenet, identity, vae, pose_image, settings))
