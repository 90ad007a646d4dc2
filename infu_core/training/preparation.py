"""From pictures and captions to prepared samples. What cannot be used is skipped, counted and listed; nothing stops.

A listing is a JSONL file; each line has `picture` and `caption` (or `captions`, one of which is drawn), and for
stage 2 `reference`: a photo of the same person, from which the identity is taken. Paths are relative to the listing.
"""

import json
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from ..faces.face import Face
from ..faces.pose_image import draw_pose
from .aspect_buckets import Bucket, cut, nearest
from .prepared_data import PreparedWriter


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


class Unusable(Exception):
    """Why a sample is left out, in a few words that are counted."""


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


def prepare(listing: Path, folder: Path, encoders: Encoders, rules: Rules) -> PreparationReport:
    """Write the usable samples of the listing to `folder`, and `skipped.jsonl` with line, picture and reason."""
    writer = PreparedWriter(folder)
    report = PreparationReport()
    with open(folder / "skipped.jsonl", "w", encoding="utf-8") as skipped:
        for number, line in _lines(listing):
            try:
                writer.add(prepare_one(line, listing.parent, encoders, rules, number, writer))
                report.used += 1
            except Unusable as reason:
                report.skipped[str(reason)] += 1
                name = line.get("picture") if isinstance(line, dict) else None
                skipped.write(json.dumps({"line": number, "picture": name, "reason": str(reason)}) + "\n")
    writer.close()
    (folder / "report.json").write_text(json.dumps({"used": report.used, "skipped": report.skipped}, indent=1))
    return report


def _lines(listing: Path) -> Iterator[tuple[int, dict | None]]:
    with open(listing, encoding="utf-8") as file:
        for number, text in enumerate(file, 1):
            if text.strip():
                try:
                    yield number, json.loads(text)
                except ValueError:
                    yield number, None


def prepare_one(line, root: Path, encoders: Encoders, rules: Rules, number: int, writer: PreparedWriter) -> dict:
    """One line as a row of tensors. Raises `Unusable`."""
    if not isinstance(line, dict) or not isinstance(line.get("picture"), str):
        raise Unusable("unreadable line")
    captions = line.get("captions") or [line.get("caption")]
    captions = [text.strip() for text in captions if isinstance(text, str) and text.strip()]
    if not captions:
        raise Unusable("missing caption")
    caption = random.Random(f"{rules.seed}/{number}").choice(captions)

    picture = read_picture(root / line["picture"])
    face = only_face(encoders, picture, rules)
    bucket = nearest(picture.shape[0], picture.shape[1], rules.buckets)
    picture = cut(picture, bucket, face.centre)
    face = only_face(encoders, picture, rules)  # where it is after cutting
    vector = encoders.vector(picture, face)
    if line.get("reference"):
        reference = read_picture(root / line["reference"])
        own = encoders.vector(reference, only_face(encoders, reference, rules))
        if float(own @ vector) < rules.likeness:
            raise Unusable("another person than the reference")
        vector = own

    context, pooled = encoders.text(caption)
    pose = draw_pose([face.points()], bucket.height, bucket.width)
    writer.add_black(encoders.latents(np.zeros_like(picture)).to(torch.bfloat16))
    return {
        "latents": encoders.latents(picture).to(torch.bfloat16),
        "control": encoders.latents(pose).to(torch.bfloat16),
        "context": context.to(torch.bfloat16),
        "pooled": pooled.to(torch.bfloat16),
        "vectors": vector.float(),
    }


def read_picture(path: Path) -> np.ndarray:
    """uint8 RGB [H, W, 3]. Raises `Unusable`."""
    import cv2

    if not path.is_file():
        raise Unusable("missing file")
    image = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_COLOR) if path.stat().st_size else None
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
