"""How a person is drawn: what changes from picture to picture and says nothing about who it is."""

from dataclasses import dataclass, replace

import numpy as np

from .person import BEARDS, HAIR_COLOURS, HAIR_STYLES, Person

STYLES = ("photo", "ink", "watercolour", "oil")
EXPRESSIONS = ("neutral", "smiling", "laughing", "surprised", "sad", "angry")
BACKDROPS = {
    "white": (236, 236, 234),
    "grey": (140, 142, 146),
    "black": (36, 36, 40),
    "red": (178, 52, 48),
    "orange": (226, 142, 52),
    "yellow": (232, 206, 92),
    "green": (76, 134, 80),
    "blue": (72, 118, 186),
    "purple": (120, 82, 150),
    "pink": (232, 164, 182),
}
PLACES = ("forest", "sea", "city")
HATS = {"red": (186, 44, 44), "blue": (48, 78, 158), "green": (54, 110, 66), "black": (38, 38, 42)}


@dataclass(frozen=True)
class Framing:
    """How near people are, as shares of the picture's height; `wide` gives two people a square each."""

    head: float = 0.315  # half the height of the head of somebody alone
    y: float = 0.48
    wide: bool = False
    detail: float = 1.0  # how finely places are textured and photos grained


BUST = Framing()
"""Heads and shoulders, as the first edition of the miniature was trained on."""
CLOSE_UP = Framing(head=0.42, y=0.53, wide=True, detail=0.5)
"""Heads fill two thirds of the frame: an eye is a token of the miniature wide, instead of half a one."""


@dataclass(frozen=True)
class Placement:
    """Where one head is and how it is turned: centre as shares of the picture, angles in radians."""

    x: float
    y: float
    size: float  # half the height of the head, as a share of the picture's height
    yaw: float
    pitch: float
    roll: float
    expression: str
    gaze: tuple[float, float]
    shirt: str
    hat: str = "none"


@dataclass(frozen=True)
class Scene:
    """One picture: the people with their places, and what they share. `seed` drives textures."""

    seed: int
    people: tuple[Person, ...]
    placements: tuple[Placement, ...]
    style: str
    background: str  # a colour of BACKDROPS or a place of PLACES
    light: tuple[float, float, float]  # direction, towards the light
    framing: Framing = BUST

    @property
    def squares(self) -> int:
        """The picture's width over its height."""
        return max(1, len(self.people)) if self.framing.wide else 1


def scene(
    seed: int,
    people: tuple[Person, ...],
    style: str | None = None,
    restyle: float = 0.35,
    sway: float = 1.0,
    framing: Framing = BUST,
) -> Scene:
    """A random picture of these people (none, one or two).

    With probability `restyle` each, hair colour, hair style, beard and glasses are not what they usually wear.
    `sway`: how far heads turn and move, eyes look about and light comes from the side; 0 sits for a portrait.
    """
    rng = np.random.default_rng((0x5CE2E, seed))
    dressed = tuple(_dressed(person, rng, restyle) for person in people)
    angle = sway * rng.uniform(-1.1, 1.1)
    light = np.array((np.sin(angle), -rng.uniform(0.1, 0.8), rng.uniform(0.7, 1.2)))
    light = light / np.linalg.norm(light)
    chosen = str(rng.choice(STYLES, p=(0.4, 0.2, 0.2, 0.2)))
    background = str(rng.choice(list(BACKDROPS))) if rng.random() < 0.72 else str(rng.choice(PLACES))
    count = len(people)
    return Scene(
        seed=seed,
        people=dressed,
        placements=tuple(_placement(rng, index, count, sway, framing) for index in range(count)),
        style=style or chosen,
        background=background,
        light=tuple(float(v) for v in light),
        framing=framing,
    )


def _dressed(person: Person, rng: np.random.Generator, restyle: float) -> Person:
    changes = {}
    if rng.random() < restyle:
        changes["hair_colour"] = str(rng.choice(list(HAIR_COLOURS)))
    if rng.random() < restyle:
        changes["hair_style"] = str(rng.choice(HAIR_STYLES[1:] if person.woman else HAIR_STYLES[:4]))
    if rng.random() < restyle:
        changes["glasses"] = str(rng.choice(("none", "round", "square"), p=(0.4, 0.3, 0.3)))
    if not person.woman and rng.random() < restyle:
        changes["beard"] = str(rng.choice(BEARDS))
    return replace(person, **changes)


def _placement(rng: np.random.Generator, index: int, count: int, sway: float, framing: Framing) -> Placement:
    if count == 1:
        x, size = 0.5 + 0.06 * sway * rng.standard_normal(), framing.head + sway * rng.uniform(-0.045, 0.045)
    elif framing.wide:
        x, size = (0.25, 0.75)[index] + 0.03 * sway * rng.standard_normal(), framing.head
        size += sway * rng.uniform(-0.045, 0.045)
    else:
        x, size = (0.27, 0.73)[index] + 0.02 * sway * rng.standard_normal(), 0.225 + sway * rng.uniform(-0.025, 0.025)
    yaw = float(np.clip(0.26 * sway * rng.standard_normal(), -0.6, 0.6))
    return Placement(
        x=float(np.clip(x, 0.22, 0.78) if framing.wide else np.clip(x, 0.25, 0.75)),
        y=float(np.clip(framing.y + 0.03 * sway * rng.standard_normal(), framing.y - 0.06, framing.y + 0.07)),
        size=float(size),
        yaw=yaw,
        pitch=float(np.clip(0.1 * sway * rng.standard_normal(), -0.28, 0.28)),
        roll=float(np.clip(0.09 * sway * rng.standard_normal(), -0.3, 0.3)),
        expression=str(rng.choice(EXPRESSIONS, p=(0.34, 0.26, 0.14, 0.1, 0.08, 0.08))),
        gaze=(sway * float(rng.uniform(-0.35, 0.35)) + 0.3 * yaw, sway * float(rng.uniform(-0.15, 0.15))),
        shirt=str(rng.choice(list(BACKDROPS))),
        hat="none" if rng.random() < 0.88 else str(rng.choice(list(HATS))),
    )
