"""The demo's pictures without ComfyUI: the same parts through the diffusers host."""

from contextlib import contextmanager

import numpy as np

from infu_core.faces.face_encoder import FaceEncoder
from infu_core.identity.encode import encode_identity
from infu_core.identity.mixing import mix
from miniature.faces.stranger import draw_stranger
from miniature.files import RECOGNISER_NAME

from ..miniature.measuring.couples import masks
from ..miniature.measuring.studio import Studio
from .story import PEOPLE, Shot


@contextmanager
def camera(studio: Studio):
    """Gives a function: shots -> their pictures, uint8 [SIZE, SIZE, 3], or wider for two people."""
    networks = studio.networks
    encoder = FaceEncoder(networks.detector, networks.recogniser, RECOGNISER_NAME)
    identities = [encode_identity(encoder, [draw_stranger(number)]).identity for number in PEOPLE]
    yield lambda shots: [draw(studio, identities, shot) for shot in shots]


def draw(studio: Studio, identities: list, shot: Shot) -> np.ndarray:
    people = [identities[place] for place in shot.who]
    if shot.weights:
        people = [mix(people, list(shot.weights), "blend")]
    width = studio.width_of_two if shot.people == 2 else studio.size
    places = masks(studio.size, width) if len(people) == 2 else (None,)
    placed = [studio.person(who, mask) for who, mask in zip(people, places, strict=False)]
    return studio.pictures([shot.text], shot.seed, placed, width=width)[0][0].numpy()
