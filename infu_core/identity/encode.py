"""Photos of one person into an `Identity`: choose a face in each, embed it, combine what agrees."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from ..faces.face import Face, FaceError
from ..faces.face_encoder import FaceEncoder
from ..faces.face_selection import BEST_MATCH, LARGEST, order_faces, pick_face
from ..faces.picture import picture_sha256
from .identity import FaceSource, Identity
from .mixing import blend
from .outliers import drop_outliers, likeness_to_others, name_outliers
from .similarity import check_same_recogniser, cosine_to

STOP, SKIP = "stop", "skip"
KEEP, DROP = "keep", "drop"


@dataclass(frozen=True)
class FaceChoice:
    """Which face of each photo counts, and what to do where there is none.

    `order` and `index`: see `face_selection`. `no_face`: "stop" or "skip". `outliers`: "keep" (they are
    named in the report) or "drop". `key_points`: faces placed by hand instead of detection.
    """

    order: str = LARGEST
    index: int = 0
    threshold: float = 0.5
    no_face: str = STOP
    outliers: str = KEEP
    outlier_below: float = 0.3
    match: Identity | None = None
    by_hand: tuple[Face, ...] = ()


@dataclass(frozen=True, eq=False)
class FoundFaces:
    """What one photo showed: all faces, their order by the choice, and the one that was chosen."""

    picture: np.ndarray
    faces: tuple[Face, ...]
    ordered: tuple[int, ...]
    chosen: int | None

    @property
    def face(self) -> Face | None:
        return None if self.chosen is None else self.faces[self.chosen]


@dataclass(frozen=True, eq=False)
class Encoding:
    """The result: the identity, the chosen faces' crops [112, 112, 3], every photo's faces, and a report."""

    identity: Identity
    crops: list[np.ndarray]
    photos: list[FoundFaces]
    report: str


def encode_identity(
    encoder: FaceEncoder,
    photos: Sequence[np.ndarray],
    choice: FaceChoice = FaceChoice(),
    weights: Sequence[float] | None = None,
    on_photo: Callable[[], None] = lambda: None,
) -> Encoding:
    """Encode photos (uint8 RGB [H, W, 3], sizes may differ) of one person.

    `weights`: one number of 0 or more per photo. `on_photo` is called after each photo (progress). Raises
    `FaceError` when no face is left, or when a photo has none and the choice says stop.
    """
    shares = photo_weights(photos, weights)
    found = []
    for number, photo in enumerate(photos):
        found.append(find_chosen(encoder, photo, choice, place_name(number, len(photos))))
        on_photo()
    used = [number for number, photo in enumerate(found) if photo.face is not None and shares[number] > 0]
    if not used:
        raise FaceError(no_face_sentence(found, choice.threshold))
    crops = [encoder.crop(photos[number], found[number].face) for number in used]  # type: ignore[arg-type]
    vectors = encoder.embed(crops)
    likeness = likeness_to_others(vectors)
    odd = name_outliers(likeness, choice.outlier_below)
    kept = drop_outliers(len(used), odd) if choice.outliers == DROP else list(range(len(used)))
    identity = combine(
        [single_identity(encoder, vectors[k], found[used[k]]) for k in kept], [shares[used[k]] for k in kept]
    )
    report = write_report(encoder, found, used, likeness, odd, kept)
    return Encoding(identity, [crops[k] for k in kept], found, report)


def photo_weights(photos: Sequence[np.ndarray], weights: Sequence[float] | None) -> list[float]:
    if not photos:
        raise FaceError("No photo is connected; connect at least one.")
    values = list(weights) if weights else [1.0] * len(photos)
    if len(values) != len(photos):
        raise FaceError(f"{len(photos)} photos need {len(photos)} weights, but {len(values)} are given.")
    if min(values) < 0 or sum(values) <= 0:
        raise FaceError(f"Photo weights must be 0 or more and not all 0, not {values}.")
    return values


def find_chosen(encoder: FaceEncoder, picture: np.ndarray, choice: FaceChoice, place: str) -> FoundFaces:
    """All faces of one photo and the chosen one; none chosen where the photo shows no face and may be skipped."""
    faces = list(choice.by_hand) or encoder.detect(picture, choice.threshold)
    if not faces:
        if choice.no_face == SKIP:
            return FoundFaces(picture, (), (), None)
        raise FaceError(no_face_sentence([FoundFaces(picture, (), (), None)], choice.threshold, place))
    ordered = order_by_choice(encoder, picture, faces, choice)
    return FoundFaces(picture, tuple(faces), tuple(ordered), pick_face(ordered, choice.index, place))


def order_by_choice(encoder: FaceEncoder, picture: np.ndarray, faces: Sequence[Face], choice: FaceChoice) -> list[int]:
    """The faces' places in the choice's order; "best match" embeds every face and compares."""
    similarities = None
    if choice.order == BEST_MATCH and choice.match is not None:
        check_same_recogniser(encoder.recogniser, choice.match.recogniser)
        similarities = cosine_to(encoder.embed([encoder.crop(picture, face) for face in faces]), choice.match)
    return order_faces(faces, choice.order, picture.shape[:2], similarities)


def single_identity(encoder: FaceEncoder, vector: Tensor, photo: FoundFaces) -> Identity:
    face = photo.face
    assert face is not None
    source = FaceSource(picture_sha256(photo.picture), face.box, face.key_points, face.score)
    return Identity(vector[None].contiguous(), (1.0,), (source,), encoder.recogniser)


def combine(identities: list[Identity], weights: list[float]) -> Identity:
    """The weighted mean of one person's photos; one photo gives its own vector, exactly."""
    if len(identities) == 1:
        return identities[0]
    return blend(list(zip(identities, weights, strict=True)))


def place_name(number: int, count: int) -> str:
    return "the photo" if count == 1 else f"photo {number + 1} of {count}"


def no_face_sentence(found: Sequence[FoundFaces], threshold: float, place: str | None = None) -> str:
    """Why no face was found, in one sentence."""
    place = place or place_name(0, len(found)) if len(found) == 1 else f"any of the {len(found)} photos"
    height, width = found[0].picture.shape[:2]
    if all(photo.picture.min() == photo.picture.max() for photo in found):
        return f"No face was found in {place}: it has the same colour everywhere ({width} x {height} pixels)."
    return (
        f"No face was found in {place} ({width} x {height} pixels) at a threshold of {threshold:g}, at any size, "
        "padded or turned; lower the threshold, crop closer to the face, or type its key points."
    )


def write_report(
    encoder: FaceEncoder,
    found: Sequence[FoundFaces],
    used: Sequence[int],
    likeness: Tensor | None,
    odd: Sequence[int],
    kept: Sequence[int],
) -> str:
    """One line per photo, and what found and embedded the faces."""
    lines = []
    for number, photo in enumerate(found):
        name = place_name(number, len(found)).capitalize()
        if photo.face is None:
            lines.append(f"{name}: no face, skipped")
            continue
        face = photo.face
        width, height = face.box[2] - face.box[0], face.box[3] - face.box[1]
        line = f"{name}: {len(photo.faces)} found at {face.found_at}, took {width:.0f} x {height:.0f} px"
        line += f" at ({face.box[0]:.0f}, {face.box[1]:.0f}), score {face.score:.2f}"
        if number in used:
            position = list(used).index(number)
            if likeness is not None:
                line += f", {float(likeness[position]):.2f} like the others"
            if position in odd:
                line += ", OUTLIER (perhaps another person)" + ("" if position in kept else ", dropped")
        lines.append(line)
    provider = encoder.detector.provider_used
    lines.append(
        f"{encoder.detector.name} on {provider}; {encoder.recogniser}; {len(kept)} of {len(found)} photos used"
    )
    return "\n".join(lines)
