"""From pictures and captions to prepared samples. What cannot be used is skipped, counted and listed; nothing stops."""

import json
from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from ...faces.face import Face
from ...faces.pose_image import draw_pose
from .aspect_buckets import Bucket, cut, nearest
from .listing import Line, Unusable, read_listing
from .parts import WHOLE, Part
from .prepared_data import INDEX, PreparedWriter


class Encoders(Protocol):
    """Everything that turns raw data into tensors; see `flux_encoders.py` for FLUX's own."""

    def latents(self, picture: np.ndarray) -> Tensor:
        """uint8 RGB [H, W, 3] -> [16, H / 8, W / 8] in the denoiser's scale."""
        ...

    def text(self, caption: str) -> tuple[Tensor, Tensor]:
        """-> context [T, C], pooled [P]."""
        ...

    def faces(self, picture: np.ndarray) -> list[Face]: ...

    def vector(self, picture: np.ndarray, face: Face) -> Tensor:
        """-> [512] of length one."""
        ...


@dataclass(frozen=True)
class Rules:
    """What a sample must fulfil. `likeness`: of a made picture to its reference (InfiniteYou section 3.4)."""

    buckets: tuple[Bucket, ...]
    smallest_face: float = 0.05  # of the picture's shorter side
    likeness: float = 0.5
    seed: int = 0


@dataclass
class PreparationReport:
    used: int = 0
    skipped: Counter = field(default_factory=Counter)

    def sentence(self) -> str:
        total = self.used + sum(self.skipped.values())
        why = ", ".join(f"{count} {reason}" for reason, count in self.skipped.most_common())
        return f"{self.used} of {total} samples are prepared" + (f"; left out: {why}." if why else ".")


def prepare(listing: Path, folder: Path, encoders: Encoders, rules: Rules, part: Part = WHOLE) -> PreparationReport:
    """Write the usable samples of the listing to `folder`, and `skipped.jsonl` with line, picture and reason.

    A `part` of the lines goes to a folder of its own below; training reads them all.
    """
    folder = part.folder(folder)
    if (folder / INDEX).exists():
        raise ValueError(f"{folder} is prepared already; remove it to prepare it again.")
    writer = PreparedWriter(folder)
    preparation = Preparation(encoders, rules, writer)
    report = PreparationReport()
    with open(folder / "skipped.jsonl", "w", encoding="utf-8") as skipped:
        for line in read_listing(listing):
            if not part.has(line.number - 1):
                continue
            try:
                writer.add(preparation.row(line))
                report.used += 1
            except Unusable as reason:
                report.skipped[str(reason)] += 1
                skipped.write(json.dumps({"line": line.number, "picture": line.name, "reason": str(reason)}) + "\n")
    (folder / "report.json").write_text(json.dumps({"used": report.used, "skipped": report.skipped}, indent=1))
    writer.close()
    return report


class Preparation:
    """Makes rows of tensors from lines."""

    def __init__(self, encoders: Encoders, rules: Rules, writer: PreparedWriter):
        self.encoders, self.rules, self.writer = encoders, rules, writer
        self.person_of = lru_cache(8)(self._person_of)  # pictures made of one photo follow one another

    def row(self, line: Line) -> dict[str, Tensor]:
        """A tensor for each of `prepared_data`'s columns. Raises `Unusable`."""
        encoders, rules = self.encoders, self.rules
        file, caption = line.picture(), line.caption(rules.seed)
        picture = read_picture(file)
        face = only_face(encoders, picture, rules)
        bucket = nearest(picture.shape[0], picture.shape[1], rules.buckets)
        picture = cut(picture, bucket, face.centre)
        face = only_face(encoders, picture, rules)  # where it is after cutting
        own_vector = vector = encoders.vector(picture, face)
        reference = line.reference()
        if reference:
            own = self.person_of(reference)
            if float(own @ vector) < rules.likeness:
                raise Unusable("another person than the reference")
            vector = own
        context, pooled = encoders.text(caption)
        pose = draw_pose([face.points()], bucket.height, bucket.width)
        self.writer.add_black(bucket.height // 8, bucket.width // 8, lambda: encoders.latents(np.zeros_like(picture)))
        return {
            "latents": encoders.latents(picture).to(torch.bfloat16),
            "control": encoders.latents(pose).to(torch.bfloat16),
            "context": context.to(torch.bfloat16),
            "pooled": pooled.to(torch.bfloat16),
            "vectors": vector.float(),
            "points": torch.as_tensor(face.points(), dtype=torch.float32),
            "wanted": own_vector.float(),
        }

    def _person_of(self, photo: Path) -> Tensor:
        picture = read_picture(photo)
        return self.encoders.vector(picture, only_face(self.encoders, picture, self.rules))


def read_picture(path: Path) -> np.ndarray:
    """uint8 RGB [H, W, 3]. Raises `Unusable`."""
    import cv2

    if not path.is_file():
        raise Unusable("missing file")
    try:
        image = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_COLOR) if path.stat().st_size else None
    except (cv2.error, OSError):
        image = None
    if image is None:
        raise Unusable("corrupt image")
    return np.ascontiguousarray(image[..., ::-1])


def only_face(encoders: Encoders, picture: np.ndarray, rules: Rules) -> Face:
    """The face of a picture with one. Multi-face pictures are left out (InfiniteYou, supplement B)."""
    faces = encoders.faces(picture)
    if not faces:
        raise Unusable("no face")
    if len(faces) > 1:
        raise Unusable("two faces" if len(faces) == 2 else "several faces")
    left, top, right, bottom = faces[0].box
    if min(right - left, bottom - top) < rules.smallest_face * min(picture.shape[:2]):
        raise Unusable("face too small")
    return faces[0]
