"""Inputs that several face nodes share, so that they read the same everywhere."""

from comfy_api.latest import io

from ..infu_core.faces.face_selection import LARGEST, ORDERS
from .sockets import FaceEncoderSocket, IdentitySocket


def encoder_input():
    return FaceEncoderSocket.Input(
        "face_encoder", optional=True, tooltip="Leave empty to use the files that are found by themselves."
    )


def match_input():
    return IdentitySocket.Input(
        "match", optional=True, tooltip="The identity to look for; used when the order of faces is best match."
    )


def order_input(name: str = "face", default: str = LARGEST):
    return io.Combo.Input(
        name,
        options=list(ORDERS),
        default=default,
        tooltip="Which face is meant when a picture shows several; previews number them in this order. best match compares with the identity connected to match.",
    )


def index_input():
    return io.Int.Input(
        "index", default=0, min=0, max=99, tooltip="The place in that order: 0 is the first, 1 the second. Usually 0."
    )


def threshold_input():
    return io.Float.Input(
        "threshold",
        default=0.5,
        min=0.05,
        max=0.95,
        step=0.05,
        advanced=True,
        tooltip="How sure the detector must be. Usually 0.5; 0.3 for blurred, drawn or turned faces.",
    )


def key_points_input():
    return io.String.Input(
        "key_points",
        default="",
        advanced=True,
        placeholder="0.4,0.4 0.6,0.4 0.5,0.55 0.42,0.68 0.58,0.68",
        tooltip="For drawn faces that no detector finds: left eye, right eye, nose, left and right mouth corner as `x,y x,y x,y x,y x,y`, in pixels or as shares of the picture (0 to 1); ten more numbers for another face. Empty detects faces. Write numbers with a point (0.5) and commas between them.",
    )
