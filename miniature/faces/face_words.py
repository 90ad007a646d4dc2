"""What a face looks like, in words: of each feature only what stands out, so that saying nothing is the usual."""

import numpy as np

from .person import IRIS_COLOURS, Person

IRISES = ("brown", "hazel", "green", "blue", "grey")
SKINS = ((205, "pale"), (170, "fair"), (135, "tan"), (95, "brown"), (0, "dark"))


def phrases(who: Person) -> list[str]:
    """A phrase for each feature of which there is something to say, from the skin down to the chin."""
    light = float(np.mean(who.skin))
    iris = IRISES[[tuple(map(float, colour)) for colour in IRIS_COLOURS].index(who.iris)]
    width, height = who.mouth_width, (who.lip_upper + who.lip_lower) / 2
    found = [
        next(word for least, word in SKINS if light >= least) + " skin",
        said(who.face_width, 0.75, 0.87, "narrow face", "wide face"),
        " ".join((said(who.eye_size, 0.175, 0.205, "small", "big"), iris, "eyes")),
        said(who.eye_slant, -0.1, 0.12, "drooping eyes", "slanted eyes"),
        said(who.eye_spacing, 0.43, 0.49, "close eyes", "far eyes"),
        feature(
            "brows",
            said(who.brow_thickness, 0.045, 0.065, "thin", "thick"),
            said(who.brow_arch, 0.03, 0.08, "straight", "arched"),
        ),
        feature(
            "nose",
            said(who.nose_length, 0.39, 0.49, "short", "long"),
            said(who.nose_width, 0.15, 0.21, "narrow", "wide"),
        ),
        feature("lips", said(height, 0.045, 0.075, "thin", "full")),
        feature("mouth", said(width, 0.27, 0.35, "small", "wide")),
        feature(
            "chin", said(who.chin, 0.3, 0.42, "pointed", "broad"), said(who.chin_drop, 0.98, 1.06, "short", "long")
        ),
        said(who.ear_size, 0.0, 0.21, "", "big ears"),
        "freckles" if who.freckles > 0.3 else "",
        "a scar" if who.scar else "",
    ]
    return [phrase.strip() for phrase in found if phrase.strip()]


def said(value: float, low: float, high: float, less: str, more: str) -> str:
    """The word for what lies below or above the usual; nothing in between."""
    return less if value < low else more if value > high else ""


def feature(noun: str, *words: str) -> str:
    return " ".join((*filter(None, words), noun)) if any(words) else ""


WORDS = (
    "skin face eyes brows nose lips mouth chin ears freckles scar pale fair tan brown dark narrow wide small big hazel "
    "green blue grey drooping slanted close far thin thick straight arched short long full pointed broad"
)
