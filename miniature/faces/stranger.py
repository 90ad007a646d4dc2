"""People whom the miniature never saw in training, as the photos that a user would bring."""

import numpy as np

from ..edition import shipped_edition
from .person import Person, person
from .render import render
from .scene import Framing, scene

HELD_OUT = 1_000_000
"""People of this number and above are never trained on."""


def stranger(number: int) -> Person:
    """The stranger of this number, 0 or more."""
    return person(HELD_OUT + number)


def draw_stranger(
    number: int, style: str = "photo", picture: int = 0, size: int = 128, framing: Framing | None = None
) -> np.ndarray:
    """Picture number `picture` of a stranger as they usually look, uint8 RGB [size, size, 3].

    `framing` None: as near as the weights that came with the pack know people.
    """
    near = framing or shipped_edition().framing
    seed = 1000 * (HELD_OUT + number) + picture
    return render(scene(seed, (stranger(number),), style, restyle=0.0, framing=near), size).image
