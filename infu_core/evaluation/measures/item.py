"""What a measurer gets to see of one cell."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ...faces.face import Face, face_from
from ..study.cells import Cell
from ..study.study import Person, Prompt

Values = dict[str, float | int | list | None]
"""Name of a measure -> its value; None where this picture has none."""


@dataclass(frozen=True, eq=False)
class Item:
    """`picture`: uint8 RGB [H, W, 3]. `faces`: those found in it."""

    cell: Cell
    picture: np.ndarray
    people: tuple[Person, ...]
    prompt: Prompt
    faces: tuple[Face, ...]


class Measurer(Protocol):
    """`group`: the file of its scores. `by`: what it measures with; other scores do not count as its own."""

    @property
    def group(self) -> str: ...

    @property
    def by(self) -> str: ...

    def score(self, items: Sequence[Item]) -> list[Values]: ...


def faces_to_json(faces: Sequence[Face]) -> list:
    return [[list(face.box), [list(point) for point in face.key_points], face.score] for face in faces]


def faces_from_json(told: list) -> tuple[Face, ...]:
    return tuple(face_from(box, points, score, "") for box, points, score in told)
