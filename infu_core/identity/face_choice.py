"""Which faces of a photo count: the user's choice, and what it finds."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..faces.face import Face, FaceError
from ..faces.face_encoder import FaceEncoder
from ..faces.face_selection import BEST_MATCH, LARGEST, order_faces, pick_several
from .identity import Identity
from .similarity import check_same_recogniser, cosine_to

STOP, SKIP = "stop", "skip"


@dataclass(frozen=True)
class FaceChoice:
    """Which faces of each photo count, and what to do where there is none.

    `order` and `index`: see `face_selection`. `count`: how many faces from `index` on, 0 for all.
    `no_face`: "stop" or "skip". `match`: what "best match" compares with. `by_hand`: key points that were
    placed by hand and replace detection.
    """

    order: str = LARGEST
    index: int = 0
    count: int = 1
    threshold: float = 0.5
    no_face: str = STOP
    match: Identity | None = None
    by_hand: tuple[Face, ...] = ()


@dataclass(frozen=True, eq=False)
class FoundFaces:
    """What one photo showed: its faces, their places in the chosen order, and the places of the chosen ones."""

    picture: np.ndarray
    faces: tuple[Face, ...] = ()
    ordered: tuple[int, ...] = ()
    chosen: tuple[int, ...] = ()

    @property
    def chosen_faces(self) -> list[Face]:
        return [self.faces[place] for place in self.chosen]


def find_chosen(encoder: FaceEncoder | None, picture: np.ndarray, choice: FaceChoice, place: str) -> FoundFaces:
    """All faces of one photo and the chosen ones; none where the photo shows no face and may be skipped.

    `place` names the photo in messages. The encoder may be missing when all faces are placed by hand.
    """
    faces = list(choice.by_hand)
    if not faces and encoder is not None:
        faces = encoder.detect(picture, choice.threshold)
    if not faces:
        if choice.no_face == SKIP:
            return FoundFaces(picture)
        raise FaceError(no_face_sentence([picture], choice.threshold, place, encoder.limits if encoder else ""))
    ordered = order_faces(
        faces, choice.order, (picture.shape[0], picture.shape[1]), likeness(encoder, picture, faces, choice)
    )
    chosen = pick_several(ordered, choice.index, choice.count, place)
    return FoundFaces(picture, tuple(faces), tuple(ordered), tuple(chosen))


def likeness(encoder: FaceEncoder | None, picture: np.ndarray, faces: Sequence[Face], choice: FaceChoice):
    """Each face's cosine to the identity to match, [n]; None unless the order asks for it."""
    if choice.order != BEST_MATCH or choice.match is None or encoder is None:
        return None
    check_same_recogniser(encoder.recogniser, choice.match.recogniser)
    return cosine_to(encoder.embed([encoder.crop(picture, face) for face in faces]), choice.match)


def place_name(number: int, count: int) -> str:
    return "the photo" if count == 1 else f"photo {number + 1} of {count}"


def no_face_sentence(pictures: Sequence[np.ndarray], threshold: float, place: str, limits: str = "") -> str:
    """Why no face was found, in one sentence. `limits`: what the encoder can't see."""
    height, width = pictures[0].shape[:2]
    if all(picture.min() == picture.max() for picture in pictures):
        return f"No face was found in {place}: it has one colour everywhere ({width} x {height} pixels)."
    found_none = f"No face was found in {place} ({width} x {height} pixels) at a threshold of {threshold:g}"
    if limits:
        return f"{found_none}; {limits}."
    return (
        f"{found_none}, at any size, padded or turned; lower the threshold, crop closer to the face, or type its key "
        "points."
    )
