"""One picture with all that is known about it."""

from dataclasses import dataclass

import numpy as np

from .painter import paint
from .person import person
from .scene import BUST, Framing, Scene, scene
from .styles import finish

OVERSAMPLING = 2


@dataclass(frozen=True, eq=False)
class Rendering:
    """`image` [size, size * scene.squares, 3] uint8 RGB; boxes [people, 4] and key points [people, 5, 2] in pixels."""

    image: np.ndarray
    boxes: np.ndarray
    key_points: np.ndarray
    scene: Scene


def render(scene: Scene, size: int = 128) -> Rendering:
    """Draw the scene; the same scene and size give the same pixels."""
    canvas, heads = paint(scene, OVERSAMPLING * size)
    image = finish(canvas, scene.style, size, scene.seed, scene.framing.detail)
    boxes = np.array([head.box() for head in heads], np.float32).reshape(-1, 4) / OVERSAMPLING
    key_points = np.array([head.key_points() for head in heads], np.float32).reshape(-1, 5, 2) / OVERSAMPLING
    return Rendering(image, boxes, key_points, scene)


def render_random(
    seed: int,
    people: tuple[int, ...],
    style: str | None = None,
    size: int = 128,
    restyle: float = 0.35,
    sway: float = 1.0,
    framing: Framing = BUST,
) -> Rendering:
    """The people of these numbers in a random scene."""
    return render(scene(seed, tuple(person(number) for number in people), style, restyle, sway, framing), size)
