"""The widgets that both ways of applying an identity share, in the order in which they stand on the node."""

from comfy_api.latest import io, ui

from ..infu_core.injection.region_layout import REGION_MODES
from .sockets import IdentityRegionsSocket, IdentitySocket, InfuseNetSocket


def who_and_how() -> list:
    """Sockets: network, identity, VAE."""
    return [
        InfuseNetSocket.Input("infusenet", tooltip="From Load InfiniteYou."),
        io.MultiType.Input(
            "identity",
            types=[IdentitySocket, IdentityRegionsSocket],
            tooltip="Who: an identity from Encode Face ID, or identity regions for several people.",
        ),
        io.Vae.Input("vae", tooltip="FLUX.1's VAE (ae.safetensors); it encodes the pose image."),
    ]


def pose_image():
    return io.Image.Input(
        "pose_image",
        optional=True,
        tooltip="Five key points on black, from Face Pose (InfU): where the face is and how it is turned. Without it the prompt decides.",
    )


def how_much() -> list:
    """Widgets: strength over time, style, several people, and what only experts turn."""
    return [
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
            tooltip="Gives the prompt's style back (AdaIN-mean): 0 as published; where watercolour or ink turns into a photo, try 0.5 first.",
        ),
        io.Combo.Input(
            "region_mode",
            options=list(REGION_MODES),
            default="one_pass",
            advanced=True,
            tooltip="For several people: one_pass runs InfuseNet once for all; separate once for each; cropped once for each on its own region. Usually one_pass.",
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
            tooltip="A factor per InfuseNet block: double blocks, a semicolon, single blocks, such as '1, 1, 0.5, 0.5; 1'. One number stands for all; empty is 1. Write numbers with a point (0.5) and commas between them.",
        ),
    ]


def shown_warning(text: str) -> ui.PreviewText | None:
    """On the node, where there is something to say."""
    return ui.PreviewText(text) if text else None
