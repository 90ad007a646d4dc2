"""Who is drawn: the numbers that make one person, all from one seed.

Lengths are in units of half the height of the head; colours are RGB in 0..255; angles are radians.
"""

from dataclasses import dataclass

import numpy as np

HAIR_COLOURS = {
    "black": (28, 24, 26),
    "brown": (92, 58, 34),
    "blond": (214, 176, 98),
    "red": (176, 70, 28),
    "grey": (158, 158, 162),
}
HAIR_STYLES = ("bald", "short", "curly", "long", "bob", "bun")
BEARDS = ("none", "moustache", "goatee", "full")
IRIS_COLOURS = ((74, 46, 28), (96, 72, 36), (70, 112, 70), (70, 120, 168), (112, 128, 138))
SKIN_LADDER = ((252, 222, 202), (238, 196, 164), (218, 168, 128), (184, 128, 88), (138, 90, 60), (88, 56, 40))


@dataclass(frozen=True)
class Person:
    """One person. Hair, beard and glasses are what they usually wear: a prompt may change them."""

    seed: int
    woman: bool
    old: bool
    skin: tuple[float, float, float]
    face_width: float  # 0.68 .. 0.95 of half the height
    cheek: float  # where the face is widest, as height below the eyes
    jaw: float  # width of the jaw over the width of the face
    chin: float  # width of the chin over the width of the face
    chin_drop: float
    eye_height: float
    eye_spacing: float
    eye_size: float
    eye_open: float
    eye_slant: float
    iris: tuple[float, float, float]
    lashes: float
    brow_height: float
    brow_thickness: float
    brow_angle: float
    brow_arch: float
    brow_length: float
    nose_length: float
    nose_width: float
    nose_bridge: float
    nose_hook: float
    mouth_height: float
    mouth_width: float
    lip_upper: float
    lip_lower: float
    lip_red: float
    cheek_red: float
    ear_size: float
    ear_out: float
    neck_width: float
    freckles: float
    moles: tuple[tuple[float, float], ...]
    scar: float
    hairline: float
    parting: float
    hair_colour: str
    hair_style: str
    hair_volume: float
    beard: str
    glasses: str


def person(seed: int) -> Person:
    """The person of this number; the same for ever."""
    rng = np.random.default_rng((0xFACE, seed))

    def spread(low: float, high: float) -> float:
        """Even over the range, so that unusual faces are as frequent as ordinary ones."""
        return float(rng.uniform(low, high))

    woman = bool(rng.random() < 0.5)
    old = bool(rng.random() < 0.25)
    colour = (
        "grey" if old and rng.random() < 0.6 else str(rng.choice(list(HAIR_COLOURS)[:4], p=(0.32, 0.3, 0.22, 0.16)))
    )
    styles = ("short", "curly", "long", "bob", "bun") if woman else ("bald", "short", "curly", "long")
    weights = (0.1, 0.2, 0.3, 0.2, 0.2) if woman else (0.24, 0.4, 0.22, 0.14)
    return Person(
        seed=seed,
        woman=woman,
        old=old,
        skin=_skin(rng),
        face_width=spread(0.66, 0.96),
        cheek=spread(-0.05, 0.3),
        jaw=spread(0.62, 0.84) if woman else spread(0.7, 0.98),
        chin=spread(0.2, 0.42) if woman else spread(0.28, 0.62),
        chin_drop=spread(0.92, 1.12),
        eye_height=spread(-0.14, 0.06),
        eye_spacing=spread(0.38, 0.54),
        eye_size=spread(0.145, 0.235) * (1.06 if woman else 1.0),
        eye_open=spread(0.34, 0.72),
        eye_slant=spread(-0.28, 0.3),
        iris=tuple(float(v) for v in IRIS_COLOURS[rng.integers(len(IRIS_COLOURS))]),
        lashes=spread(0.5, 1.0) if woman else spread(0.0, 0.35),
        brow_height=spread(0.17, 0.34),
        brow_thickness=spread(0.025, 0.06) if woman else spread(0.04, 0.105),
        brow_angle=spread(-0.28, 0.3),
        brow_arch=spread(0.0, 0.11),
        brow_length=spread(0.16, 0.3),
        nose_length=spread(0.3, 0.58),
        nose_width=spread(0.1, 0.26),
        nose_bridge=spread(0.03, 0.09),
        nose_hook=spread(-0.05, 0.07),
        mouth_height=spread(0.16, 0.28),
        mouth_width=spread(0.2, 0.42),
        lip_upper=spread(0.02, 0.085),
        lip_lower=spread(0.03, 0.11),
        lip_red=spread(0.45, 1.0) if woman else spread(0.05, 0.5),
        cheek_red=spread(0.0, 0.5),
        ear_size=spread(0.13, 0.25),
        ear_out=spread(0.02, 0.1),
        neck_width=spread(0.36, 0.48) if woman else spread(0.46, 0.66),
        freckles=float(rng.random()) if rng.random() < 0.18 else 0.0,
        moles=tuple(
            (spread(-0.6, 0.6), spread(0.05, 0.75)) for _ in range(int(rng.choice((0, 1, 2), p=(0.6, 0.3, 0.1))))
        ),
        scar=float(rng.choice((0, -1, 1), p=(0.88, 0.06, 0.06))),
        hairline=spread(-0.72, -0.42),
        parting=spread(-0.6, 0.6),
        hair_colour=colour,
        hair_style=str(rng.choice(styles, p=weights)),
        hair_volume=spread(0.06, 0.24),
        beard="none" if woman else str(rng.choice(BEARDS, p=(0.5, 0.14, 0.14, 0.22))),
        glasses=str(rng.choice(("none", "round", "square"), p=(0.76, 0.12, 0.12))),
    )


def _skin(rng: np.random.Generator) -> tuple[float, float, float]:
    """A place on the ladder from pale to dark, warmed or cooled a little."""
    step = rng.uniform(0, len(SKIN_LADDER) - 1)
    low = min(int(step), len(SKIN_LADDER) - 2)
    share = step - low
    colour = (1 - share) * np.array(SKIN_LADDER[low]) + share * np.array(SKIN_LADDER[low + 1])
    warmth = rng.uniform(-7, 9)
    return tuple(float(v) for v in np.clip(colour + np.array((warmth, 0.2 * warmth, -warmth)), 20, 255))
