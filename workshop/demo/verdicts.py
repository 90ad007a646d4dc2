"""What the judges say of the demo's pictures. They are other networks than the one that the model is conditioned on.

Legend for shapes: `k` people, `E` judge's vector.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan

import numpy as np
import torch

from miniature.faces.stranger import draw_stranger

from ..miniature.measuring.studio import Studio
from ..miniature.networks.attributes import ATTRIBUTES
from .story import PEOPLE, Section, Shot, shots

OTHER_PHOTOS = range(1, 5)
"""The judge compares with these pictures of a person, never with the one that the model was given."""
STRANGERS = range(100, 120)
SAID = {"hat": "{} hat", "glasses": "{} glasses"}


@dataclass(frozen=True)
class Verdict:
    """`likeness`: per face that was looked for (one, or the left and the right half) to every person [k], not a number
    where no face was found. `right`: what was asked for -> whether the picture shows it."""

    likeness: tuple[tuple[float, ...], ...]
    right: dict[str, bool]


class Judges:
    def __init__(self, studio: Studio):
        self.studio = studio
        self.people = torch.stack([self._judged(number) for number in PEOPLE])  # [k, E]

    def _judged(self, number: int) -> torch.Tensor:
        vectors = self._vectors([draw_stranger(number, picture=picture) for picture in OTHER_PHOTOS])
        mean = vectors[torch.isfinite(vectors[:, 0])].mean(0)
        return mean / mean.norm()

    def _vectors(self, pictures: list[np.ndarray]) -> torch.Tensor:
        return self.studio.face_vectors(torch.from_numpy(np.stack(pictures)))

    def of(self, shot: Shot, picture: np.ndarray) -> Verdict:
        parts = [picture]
        if shot.people == 2:
            parts = [self.studio.half(torch.from_numpy(picture)[None], side)[0].numpy() for side in (False, True)]
        likeness = self._vectors(parts) @ self.people.T
        shown = self._shown(picture)
        right = {SAID.get(name, "{}").format(value): shown[name] == value for name, value in shot.asked}
        return Verdict(tuple(map(tuple, likeness.tolist())), right)

    @torch.inference_mode()
    def _shown(self, picture: np.ndarray) -> dict[str, str]:
        """What the classifier sees, by attribute."""
        pixels = torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 255
        logits = self.studio.networks.classifier(pixels)
        return {name: values[int(logits[name].argmax())] for name, values in ATTRIBUTES.items()}

    def photos_apart(self) -> float:
        """What `Figures.apart` is for the photos themselves."""
        a, b = (self._vectors([draw_stranger(number) for number in PEOPLE]) @ self.people.T).tolist()
        return apart(a, b)

    def scale(self) -> tuple[float, float]:
        """To read the numbers by: likeness of a person's photo to other photos of them, and of strangers' photos."""
        own = (self._vectors([draw_stranger(number) for number in PEOPLE]) * self.people).sum(1)
        others = self._vectors([draw_stranger(number) for number in STRANGERS]) @ self.people.T
        return float(own.nanmean()), float(others.nanmean())


@dataclass(frozen=True)
class Figures:
    """Mean likeness to A without identity and with, over the pairs of pictures that both show a face; and how much more
    like A than like B the face of A alone is, against the face of B alone; in the photos too. Not a number where there
    is no face."""

    without: float
    given: float
    apart: float
    photos_apart: float

    def identity_arrived(self) -> bool:
        """Likeness to A alone would not do: one and the same face for everybody may be like A by chance."""
        return self.given > self.without and self.apart > 0.1 * self.photos_apart


def figures(alone: Section, mixed: Section, said: dict[Shot, Verdict], judges: Judges) -> Figures:
    """From the section of A's pictures, without and with, and from the ends of the mix."""
    every = shots(alone)
    pairs = zip([shot for shot in every if not shot.who], [shot for shot in every if shot.who], strict=True)
    values = [(said[bare].likeness[0][0], said[given].likeness[0][0]) for bare, given in pairs]
    found = [pair for pair in values if not any(map(isnan, pair))]
    without, given = np.mean(found, 0).tolist() if found else (float("nan"), float("nan"))
    a, b = (said[shot].likeness[0] for shot in (shots(mixed)[0], shots(mixed)[-1]))
    return Figures(without, given, apart(a, b), judges.photos_apart())


def apart(a: Sequence[float], b: Sequence[float]) -> float:
    """Two faces by their likeness to A and to B: how much more like A than like B the first is than the second."""
    return (a[0] - a[1]) - (b[0] - b[1])
