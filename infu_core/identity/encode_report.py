"""What the encoder saw and did, in words: what the identity is made of, then one line per photo."""

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
    """What the identity is made of, one line per photo, then what found and embedded the faces."""
    written = [f"{place_name(n, len(lines)).capitalize()}: {describe(line)}" for n, line in enumerate(lines)]
    detector = f"{encoder.detector.name} on {encoder.detector.provider_used}"
    note = [f"Note: {encoder.limits}."] if encoder.limits else []
    return "\n".join([*made_of(lines), *written, f"{detector}; {encoder.recogniser}", *note])


def made_of(lines: Sequence[PhotoLine]) -> list[str]:
    """The photos that make the identity, and how many were skipped or left out; nothing to say of a single photo."""
    if len(lines) == 1:
        return []
    used = [number for number, line in enumerate(lines, start=1) if line.used]
    skipped = [number for number, line in enumerate(lines, start=1) if not line.found.chosen]
    left_out = [n for n in range(1, len(lines) + 1) if n not in used and n not in skipped]
    told = [f"Made of {len(used)} of {len(lines)} photos: {listed(used)}"]
    told += [f"Skipped, no face found: {len(skipped)} ({listed(skipped)})"] if skipped else []
    told += [f"Left out: {len(left_out)} ({listed(left_out)})"] if left_out else []
    return told


def listed(numbers: Sequence[int]) -> str:
    """1, 2, 3, 7 as "1 to 3, 7"."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ", ".join(str(first) if first == last else f"{first} to {last}" for first, last in runs)


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
