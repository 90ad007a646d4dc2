"""Photos of one person into an `Identity`: choose a face in each, embed it, combine what agrees."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from ..faces.face import FaceError
from ..faces.face_encoder import FaceEncoder
from ..faces.picture import picture_sha256
from .encode_report import PhotoLine, write_report
from .face_choice import FaceChoice, FoundFaces, find_chosen, no_face_sentence, place_name
from .identity import FaceSource, Identity
from .mixing import blend
from .outliers import KEEP, OUTLIER_BELOW, keep_or_drop, likeness_to_others, name_outliers


@dataclass(frozen=True, eq=False)
class Encoding:
    """The result: the identity, the crops that made it [112, 112, 3], every photo's faces, and a report."""

    identity: Identity
    crops: list[np.ndarray]
    photos: list[FoundFaces]
    report: str


def encode_identity(
    encoder: FaceEncoder,
    photos: Sequence[np.ndarray],
    choice: FaceChoice | None = None,
    weights: Sequence[float] | None = None,
    outliers: str = KEEP,
    outlier_below: float = OUTLIER_BELOW,
    on_photo: Callable[[], None] = lambda: None,
) -> Encoding:
    """Encode photos (uint8 RGB [H, W, 3], sizes may differ) of one person, one face of each.

    The result is the mean of the unit vectors, weighted by `weights` (one number of 0 or more per photo),
    made unit again; one photo gives its own vector. `outliers`: "keep" names those that are less than
    `outlier_below` like the others, "drop" leaves them out. `on_photo` is called after each photo.
    Raises `FaceError` when no face is left, or when a photo has none and the choice says stop.
    """
    choice = choice or FaceChoice()
    shares = photo_weights(photos, weights)
    found = []
    for number, photo in enumerate(photos):
        found.append(find_chosen(encoder, photo, choice, place_name(number, len(photos))))
        on_photo()
    used = [number for number, photo in enumerate(found) if photo.chosen and shares[number] > 0]
    if not used:
        place = place_name(0, 1) if len(photos) == 1 else f"any of the {len(photos)} photos that count"
        raise FaceError(no_face_sentence(photos, choice.threshold, place, encoder.limits))
    crops = [encoder.crop(photos[number], found[number].chosen_faces[0]) for number in used]
    vectors = encoder.embed(crops)
    alike = likeness_to_others(vectors)
    odd = name_outliers(alike, outlier_below)
    kept = keep_or_drop(len(used), odd, outliers)
    identities = [one_photo(encoder, vectors[place], found[used[place]]) for place in kept]
    lines = [
        PhotoLine(found[number], None if alike is None else float(alike[place]), place in odd, place in kept)
        for place, number in enumerate(used)
    ]
    lines_by_photo = [
        lines[used.index(number)] if number in used else PhotoLine(found[number]) for number in range(len(photos))
    ]
    return Encoding(
        combine(identities, [shares[used[place]] for place in kept]),
        [crops[place] for place in kept],
        found,
        write_report(encoder, lines_by_photo),
    )


def photo_weights(photos: Sequence[np.ndarray], weights: Sequence[float] | None) -> list[float]:
    """One weight per photo; all 1 when none are given."""
    if not photos:
        raise FaceError("No photo is connected; connect at least one.")
    values = list(weights) if weights else [1.0] * len(photos)
    if len(values) != len(photos):
        raise FaceError(f"{len(photos)} photos need {len(photos)} weights, but {len(values)} are given.")
    if min(values) < 0 or sum(values) <= 0:
        raise FaceError(f"Photo weights must be 0 or more and not all 0, not {values}.")
    return values


def one_photo(encoder: FaceEncoder, vector: Tensor, photo: FoundFaces) -> Identity:
    face = photo.chosen_faces[0]
    source = FaceSource(picture_sha256(photo.picture), face.box, face.key_points, face.score)
    return Identity(vector[None].contiguous(), (1.0,), (source,), encoder.recogniser)


def combine(identities: list[Identity], weights: list[float]) -> Identity:
    """The weighted mean of one person's photos; one photo gives its own vector, exactly."""
    if len(identities) == 1:
        return identities[0]
    return blend(list(zip(identities, weights, strict=True)))
