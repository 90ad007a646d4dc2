"""What the editions of the miniature's weights differ in: how near people are, and how many words they were told in."""

from dataclasses import dataclass

from .faces.captions import MOST_WORDS
from .faces.scene import BUST, CLOSE_UP, Framing
from .files import MiniatureFiles

FIRST_WORDS = 70
"""Rows of the first edition's words, the empty one among them; later ones also know those that tell a face."""


@dataclass(frozen=True)
class Edition:
    """`places`: in how many words, padded as in training, a text of at most one person and one of two are read."""

    framing: Framing
    places: tuple[int, int]


FIRST = Edition(BUST, (40, 40))
SECOND = Edition(CLOSE_UP, (MOST_WORDS[1], MOST_WORDS[2]))


def edition_of(words: int) -> Edition:
    """`words`: rows of a trained encoder's table."""
    return FIRST if words <= FIRST_WORDS else SECOND


def shipped_edition() -> Edition:
    """Of the weights that came with the pack, read from the head of one file."""
    from safetensors import safe_open

    files = MiniatureFiles()
    files.require()
    with safe_open(files.text, "pt") as stored:
        return edition_of(stored.get_slice("word.weight").get_shape()[0])
