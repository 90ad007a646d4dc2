"""judges.toml: which recognisers there are, how each reads a face, and who is conditioned on it."""

import hashlib
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path

from ..study.method_graph import StudyError

BUILT_IN = Path(__file__).with_name("judges.toml")
KINDS, CHANNELS, ALIGNMENTS = ("ir_se50", "facenet", "onnx"), ("rgb", "bgr"), ("arcface", "box")


class Unmeasured(Exception):
    """Why a column can't be measured here: one sentence for the report."""


@dataclass(frozen=True)
class JudgeCard:
    """See the head of judges.toml. `path`: where `file` was found to be meant."""

    name: str
    path: Path
    file: str
    kind: str
    size: int
    mean: float
    scale: float
    channels: str
    alignment: str = "arcface"
    margin: int = 0
    sha256: str = ""
    threshold: float | None = None
    false_accept: str = ""
    conditioned: str = ""
    source: str = ""

    def __post_init__(self):
        for value, known, what in (
            (self.kind, KINDS, "kind"),
            (self.channels, CHANNELS, "channels"),
            (self.alignment, ALIGNMENTS, "alignment"),
        ):
            if value not in known:
                raise StudyError(f"Judge {self.name!r} has {what} {value!r}; it can be {', '.join(known)}.")
        if self.size < 16 or self.scale <= 0:
            raise StudyError(
                f"Judge {self.name!r} reads {self.size} pixels divided by {self.scale:g}; both are too small."
            )

    def checked_file(self) -> Path:
        """The file, if it is there and has its hash; raises `Unmeasured`."""
        if not self.path.is_file():
            raise Unmeasured(f"{self.file} is not in the folder {self.path.parent.name}.")
        if self.sha256 and file_sha256(self.path) != self.sha256:
            raise Unmeasured(
                f"{self.file} has the SHA-256 {file_sha256(self.path)[:12]}..., not {self.sha256[:12]}...."
            )
        return self.path

    def fingerprint(self) -> str:
        """Names the file's content and how it is read, so that scores of another are not taken for its own."""
        read = (self.kind, self.size, self.mean, self.scale, self.channels, self.alignment, self.margin)
        return f"{file_sha256(self.path)[:16]} {read}"


@cache
def file_sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as content:
        while block := content.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def read_cards(path: Path = BUILT_IN, folder: Path | None = None) -> dict[str, JudgeCard]:
    """Every judge of a table. `folder`: where files lie; the table's own folder by default."""
    from ..study.read_study import toml

    cards, known = {}, {field.name for field in fields(JudgeCard)} - {"name", "path"}
    for name, entry in toml(path).items():
        if not isinstance(entry, dict) or not {"file", "kind", "size", "mean", "scale", "channels"} <= entry.keys():
            raise StudyError(f"Judge {name!r} in {path.name} needs file, kind, size, mean, scale and channels.")
        unknown = sorted(entry.keys() - known)
        if unknown:
            raise StudyError(f"Judge {name!r} in {path.name} has an unknown setting {unknown[0]!r}.")
        cards[name] = JudgeCard(name, (folder or path.parent) / entry["file"], **entry)
    return cards
