"""Faces of a picture, and how like their people they are by one judge.

Legend for shapes: `k` people asked for, `f` faces found, `E` judge's vector.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import fmean

import torch
from torch import Tensor

from ..likeness import copy_paste, copy_paste_released, identity_confidence, match
from ..study.study import Person
from .item import Item, Values, faces_to_json
from .photos import Detect, PhotoShelf
from .recognisers import Recogniser


@dataclass(frozen=True)
class FaceFinder:
    """The first group to be scored: the others read its faces."""

    detect: Detect
    by: str
    group: str = "faces"

    def score(self, items: Sequence[Item]) -> list[Values]:
        return [self.of(item) for item in items]

    def of(self, item: Item) -> Values:
        faces = self.detect(item.picture)
        heights = [face.box[3] - face.box[1] for face in faces]
        return {
            "face_found": int(bool(faces)),
            "faces": len(faces),
            "right_number_of_faces": int(len(faces) == len(item.people)),
            "face_size": max(heights) / item.picture.shape[0] if faces else None,
            "found": faces_to_json(faces),
        }


@dataclass(eq=False)
class LikenessBy:
    """`threshold`: cosine from which a face is taken for the person, if there is one."""

    recogniser: Recogniser
    shelf: PhotoShelf
    threshold: float | None = None
    vectors: dict[str, tuple[Tensor, Tensor]] = field(default_factory=dict)

    @property
    def group(self) -> str:
        return f"judge-{self.recogniser.card.name}"

    @property
    def by(self) -> str:
        return f"{self.recogniser.card.fingerprint()} {self.threshold}"

    def person(self, person: Person) -> tuple[Tensor, Tensor]:
        """The reference photo's vector [E] and the other photos' [m, E]; empty where no face is found."""
        if person.id not in self.vectors:
            reference, others = self.shelf.reference(person), self.shelf.others(person)
            self.vectors[person.id] = self.embed([reference])[:1].flatten(), self.embed(others)
        return self.vectors[person.id]

    def embed(self, photos: list) -> Tensor:
        found = [photo for photo in photos if photo.face is not None]
        return self.recogniser.embed([self.recogniser.crop(photo.picture, photo.face) for photo in found])

    def score(self, items: Sequence[Item]) -> list[Values]:
        return [self.of(item) for item in items]

    def of(self, item: Item) -> Values:
        """Means over the people; no value where fewer faces than people are found, or a photo shows none."""
        people = [self.person(person) for person in item.people]
        if len(item.faces) < len(people) or any(len(reference) < 2 for reference, _ in people):
            return dict.fromkeys(
                ("sim_ref", "sim_gt", "id_loss", "recognised", "copy_paste", "copy_paste_released", "id_conf")
            )
        faces = self.recogniser.embed([self.recogniser.crop(item.picture, face) for face in item.faces])
        references = torch.stack([reference for reference, _ in people])
        own = faces[list(match(references, faces))]  # [k, E]
        sim_ref = (own * references).sum(1).clamp(-1, 1)
        confidence = identity_confidence(references, faces)
        told = [self.against_others(made, *person) for made, person in zip(own, people, strict=True)]
        values: Values = {name: mean([one[name] for one in told]) for name in told[0]}
        values |= {
            "sim_ref": float(sim_ref.mean()),
            "id_loss": float(1 - sim_ref.mean()),
            "id_conf": None if confidence.isnan().any() else 100 * float(confidence.mean()),
            "each": [round(float(value), 6) for value in sim_ref],
        }
        if len(item.faces) != len(people):  # the released code gives no score then
            values["copy_paste_released"] = None
        return values

    def against_others(self, made: Tensor, reference: Tensor, others: Tensor) -> dict[str, float | None]:
        """One face [E] against the photos that were not given, [m, E]: means over them."""
        if others.shape[-1] != len(made) or len(others) == 0:
            return dict.fromkeys(("sim_gt", "recognised", "copy_paste", "copy_paste_released"))
        likeness = float((others @ made).clamp(-1, 1).mean())
        many, given = made.expand_as(others), reference.expand_as(others)
        clean = copy_paste(many, given, others)
        return {
            "sim_gt": likeness,
            "recognised": None if self.threshold is None else float(likeness >= self.threshold),
            "copy_paste": None if clean.isnan().all() else float(clean.nanmean()),
            "copy_paste_released": float(copy_paste_released(many, given, others).mean()),
        }


def mean(values: list[float | None]) -> float | None:
    """None as soon as one of the people has no value."""
    return None if any(value is None for value in values) else fmean(value for value in values if value is not None)


FALSE_ACCEPT, FEWEST_PAIRS = 0.01, 100


def threshold_of(judge: LikenessBy, people: Sequence[Person]) -> tuple[float | None, str]:
    """The card's threshold; else the cosine that one in a hundred pairs of different people's photos reaches."""
    card = judge.recogniser.card
    if card.threshold is not None:
        return card.threshold, card.false_accept or "no false-accept rate is stated"
    found = [[part for part in (ref[None], others) if part.numel() > 1] for ref, others in map(judge.person, people)]
    groups = [torch.cat(parts) for parts in found if parts]
    between = [(a @ b.T).flatten() for place, a in enumerate(groups) for b in groups[place + 1 :]]
    pairs = torch.cat(between) if between else torch.zeros(0)
    if len(pairs) < FEWEST_PAIRS:
        return None, f"{len(pairs)} pairs of different people's photos are too few to find a threshold on"
    return float(pairs.quantile(1 - FALSE_ACCEPT)), f"1 % of {len(pairs)} pairs of different people of this study"
