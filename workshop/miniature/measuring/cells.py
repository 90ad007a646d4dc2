"""The same people, prompts and noise for every way that is compared; every way is drawn once.

Legend for shapes: `k` people, `n` prompts of each, `S` pixels of a side, `E` judge's vector.
"""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, TypeVar

import torch
from torch import Tensor

from infu_core.evaluation.spread import over_people
from infu_core.identity.identity import Identity
from infu_core.injection.injection_settings import InjectionSettings

from .studio import Studio, Subject, captions_of

log = logging.getLogger(__name__)
Kept = TypeVar("Kept")
AS_PUBLISHED = InjectionSettings()

FOLLOWED = ("eyes", "style", "background", "hair_colour", "hair_style", "glasses", "expression")
HEAD = ("way", "pictures", "likeness", "face found", *(name.replace("_", " ") for name in FOLLOWED))


@dataclass(frozen=True, eq=False)
class Outcome:
    """Everything that one way made and the judges said of it.

    `pictures` uint8 [k, n, S, S, 3]; `vectors` [k, n, E], not a number where no face is; `right`: attribute -> [k, n],
    1 or 0, not a number where it can't be told; `eyes` among them: two open ones; `computed`: InfuseNet runs of
    one sampling.
    """

    pictures: Tensor
    vectors: Tensor
    right: dict[str, Tensor]
    judged: Tensor  # [k, E]: the people themselves
    computed: int = 0

    @property
    def likeness(self) -> Tensor:
        """To the person asked for, [k, n]."""
        return torch.einsum("kne,ke->kn", self.vectors, self.judged)

    @property
    def likeness_to_each_other(self) -> Tensor:
        """To each of the other people, [k, n, k - 1]."""
        to_all = (self.vectors @ self.judged.T).transpose(1, 2)  # [k, k, n]
        others = ~torch.eye(len(self.judged), dtype=torch.bool)
        return to_all[others].unflatten(0, (len(self.judged), -1)).transpose(1, 2)

    @property
    def likeness_to_others(self) -> Tensor:
        """To the other people, mean, [k, n]."""
        return self.likeness_to_each_other.mean(2)

    @property
    def recognised(self) -> Tensor:
        """1 where nobody else of the k people is more like the picture, [k, n]."""
        to_all = self.vectors @ self.judged.T
        first = (to_all.nan_to_num(-1).argmax(2) == torch.arange(len(self.judged))[:, None]).float()
        return torch.where(torch.isfinite(self.likeness), first, torch.nan)

    @property
    def found(self) -> Tensor:
        return torch.isfinite(self.likeness).float()

    def cells(self) -> tuple[str, ...]:
        """Pictures, likeness, faces found, and what was followed, for a table."""
        values = (self.likeness, self.found, *(self.right[name] for name in FOLLOWED))
        return str(self.likeness.numel()), *(str(over_people(value)) for value in values)


def told(settings: Any) -> list[str]:
    """What differs from the defaults of a dataclass, and of the dataclasses in it."""
    changed = []
    for one in fields(settings):
        value, default = getattr(settings, one.name), getattr(type(settings)(), one.name)
        if value != default:
            changed += told(value) if is_dataclass(value) else [f"{one.name} {value}"]
    return changed


class Cells:
    """`people` held-out people from number `first` on, `prompts` of each: the first four in the four styles."""

    def __init__(self, studio: Studio, people: int, prompts: int, first: int = 0):
        self.studio, self.people, self.prompts = studio, people, prompts
        self.subjects = [studio.subject(index) for index in range(first, first + people)]
        self.scenes = [studio.scenes(index, prompts) for index in range(first, first + people)]
        self.judged = torch.stack([subject.judged for subject in self.subjects])
        self.kept: dict[str, Any] = {}

    def once(self, key: str, make: Callable[[], Kept], pictures: int) -> Kept:
        """What `make` gives, made once for each key; says how long it took."""
        if key not in self.kept:
            began = time.monotonic()
            self.kept[key] = make()
            log.info("%s: %d pictures in %.1f s", key, pictures, time.monotonic() - began)
        return self.kept[key]

    def outcome(self, key: str, draw: Callable[[int], tuple[Tensor, int]]) -> Outcome:
        """`draw(place)` -> that person's pictures, and how often InfuseNet ran for them."""

        def make() -> Outcome:
            drawn = [draw(place) for place in range(self.people)]
            pictures = torch.stack([made for made, _ in drawn])
            shown = zip(pictures, self.scenes, strict=True)
            right = [self.studio.followed(*pair) | {"eyes": self.studio.eyes_open(pair[0])} for pair in shown]
            return Outcome(
                pictures,
                torch.stack([self.studio.face_vectors(made) for made in pictures]),
                {name: torch.stack([one[name] for one in right]) for name in right[0]},
                self.judged,
                drawn[0][1],
            )

        return self.once(key, make, self.people * self.prompts)

    def texts(self, place: int) -> list[str]:
        return captions_of(self.scenes[place])

    def seed(self, place: int) -> int:
        return 9000 + self.subjects[place].number

    def renders(self) -> Outcome:
        """What was asked for, by the renderer itself: the most that the judges can be expected to say."""
        return self.outcome("renders", lambda place: (self.studio.renderings(self.scenes[place]), 0))

    def renders_through_vae(self) -> Outcome:
        def draw(place: int) -> tuple[Tensor, int]:
            latents = self.studio.latents_of(self.renders().pictures[place])
            return self.studio.pictures_of(latents), 0

        return self.outcome("renders through the VAE", draw)

    def bare(self) -> Outcome:
        """Without identity."""
        return self.outcome("bare", lambda at: (self.studio.pictures(self.texts(at), self.seed(at))[0], 0))

    def injected(self, settings: InjectionSettings = AS_PUBLISHED, strength: float = 1.0, **more) -> Outcome:
        """With everybody's own identity. `more`: reuse, control, guided, see `Studio.pictures`."""
        changed = told(settings) + ([f"strength {strength:g}"] if strength != 1 else [])
        for key, value in more.items():
            plain = "zero" if isinstance(value, Tensor) else value
            changed += [f"{key}: {' and '.join(told(value))}"] if is_dataclass(value) else [f"{key} {plain}"]
        own = [subject.identity for subject in self.subjects]
        return self.given("with" + "".join(f", {change}" for change in changed), own, settings, strength, **more)

    def given(
        self,
        key: str,
        identities: Sequence[Identity],
        settings: InjectionSettings = AS_PUBLISHED,
        strength: float = 1.0,
        **more,
    ) -> Outcome:
        """With these identities, one for each person."""

        def draw(place: int) -> tuple[Tensor, int]:
            who = self.studio.person(identities[place], strength=strength)
            made, run = self.studio.pictures(self.texts(place), self.seed(place), [who], settings, **more)
            return made, run.report.computed if run else 0

        return self.outcome(key, draw)

    def of_neighbours(self) -> Outcome:
        """With another person's identity."""
        return self.given("with another person's", [subject.identity for subject in self.neighbours()])

    def neighbours(self) -> list[Subject]:
        """Somebody else for everybody: the other one of their pair."""
        return [self.subjects[place ^ 1 if place ^ 1 < self.people else 0] for place in range(self.people)]

    def pairs(self) -> list[tuple[Subject, Subject]]:
        """Everybody once, two by two."""
        return list(zip(self.subjects[0::2], self.subjects[1::2], strict=False))
