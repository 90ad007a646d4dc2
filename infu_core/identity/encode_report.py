"""What the encoder saw and did, in words: one line per photo."""

from collections.abc import Sequence
from dataclasses import dataclass

from ..faces.face_encoder import FaceEncoder
from .face_choice import FoundFaces, place_name


@dataclass(frozen=True, eq=False)
class PhotoLine:
    """One photo's part: likeness to the others (None when it stands alone), and whether it was odd and used."""

    found: FoundFaces
    likeness: float | None = None
    odd: bool = False
    used: bool = False


def write_report(encoder: FaceEncoder, lines: Sequence[PhotoLine]) -> str:
    """One line per photo, then what found and embedded the faces."""
    written = [f"{place_name(n, len(lines)).capitalize()}: {describe(line)}" for n, line in enumerate(lines)]
    used = sum(line.used for line in lines)
    detector = f"{encoder.detector.name} on {encoder.detector.provider_used}"
    note = [f"Note: {encoder.limits}."] if encoder.limits else []
    return "\n".join([*written, f"{used} of {len(lines)} used; {detector}; {encoder.recogniser}", *note])


def describe(line: PhotoLine) -> str:
    if not line.found.chosen:
        return "no face, skipped"
    face = line.found.chosen_faces[0]
    left, top, right, bottom = face.box
    count = len(line.found.faces)
    parts = [
        f"{count} {'face' if count == 1 else 'faces'} ({face.found_at})",
        f"took {right - left:.0f} x {bottom - top:.0f} px at ({left:.0f}, {top:.0f})",
        f"score {face.score:.2f}",
    ]
    if line.likeness is not None:
        parts.append(f"{line.likeness:.2f} like the others")
    if line.odd:
        parts.append("OUTLIER, perhaps another person")
    if not line.used:
        parts.append("not used")
    return ", ".join(parts)
