"""Rendered pictures with their labels in one folder of memory-mapped arrays, drawn by every core of the machine."""

import json
import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from miniature.faces.captions import caption
from miniature.faces.render import render_random
from miniature.faces.scene import BUST, CLOSE_UP
from miniature.networks.text_encoder import LENGTH, Words

from ..networks.attributes import ATTRIBUTES, labels

CROP = 112
WORDINGS = 3
CHUNK = 64


@dataclass(frozen=True)
class RenderPlan:
    """Which pictures: `count` of them, of people first .. first + people - 1 in turn, `group` of them in each.

    `close`: heads fill the frame, and two people have a square each. `restyle`: how often hair, beard and glasses are
    not what the person usually wears. `style`: None for all of them. `face`: how often a caption says what a feature
    of the face is like.
    """

    count: int
    people: int
    first: int = 0
    group: int = 1
    size: int = 128
    seed: int = 0
    sway: float = 1.0
    restyle: float = 0.35
    close: bool = False
    face: float = 0.0
    style: str | None = None

    @property
    def width(self) -> int:
        return self.size * (self.group if self.close else 1)

    def people_of(self, index: int) -> tuple[int, ...]:
        if self.group == 1:
            return (self.first + index % self.people,)
        rng = np.random.default_rng((0xC0, self.seed, index))
        if not self.close and rng.random() < 0.12:
            return ()  # a picture without a face, for the detector
        return tuple(int(self.first + number) for number in rng.choice(self.people, self.group, replace=False))

    def arrays(self) -> dict[str, tuple[tuple[int, ...], str]]:
        """Name -> shape and type of each array."""
        faces = max(1, self.group)
        return {
            "pictures": ((self.count, self.size, self.width, 3), "uint8"),
            "crops": ((self.count, faces, CROP, CROP, 3), "uint8"),
            "people": ((self.count, faces), "int32"),
            "boxes": ((self.count, faces, 4), "float32"),
            "points": ((self.count, faces, 10), "float32"),
            "words": ((self.count, WORDINGS, LENGTH), "uint8"),
            "labels": ((self.count, len(ATTRIBUTES)), "int16"),
        }


def open_renders(folder: Path, plan: RenderPlan, processes: int | None = None) -> dict[str, np.ndarray]:
    """The arrays of the plan, read-only; what is not drawn yet is drawn first. Stopping and starting again is safe."""
    folder.mkdir(parents=True, exist_ok=True)
    note = folder / "plan.json"
    if note.exists() and json.loads(note.read_text()) != asdict(plan):
        raise ValueError(f"{folder} holds pictures of another plan, {note.read_text()}; delete it or choose another.")
    for name, (shape, kind) in plan.arrays().items():
        if not (folder / f"{name}.npy").exists():
            np.lib.format.open_memmap(folder / f"{name}.npy", "w+", kind, shape).flush()
    note.write_text(json.dumps(asdict(plan)))
    missing = [start for start in range(0, plan.count, CHUNK) if not (folder / f"done.{start}").exists()]
    if missing and not (folder / "done").exists():
        _draw_all(folder, plan, missing, processes or os.cpu_count() or 1)
        for start in range(0, plan.count, CHUNK):
            (folder / f"done.{start}").unlink()
        (folder / "done").touch()
    return {name: np.load(folder / f"{name}.npy", mmap_mode="c") for name in plan.arrays()}


def _draw_all(folder: Path, plan: RenderPlan, starts: list[int], processes: int) -> None:
    if processes == 1:
        for start in starts:
            _draw_chunk(folder, plan, start)
        return
    context = multiprocessing.get_context("spawn")  # a fork would copy the threads of torch and OpenCV half-dead
    with ProcessPoolExecutor(processes, mp_context=context) as pool:
        list(pool.map(_draw_chunk, [folder] * len(starts), [plan] * len(starts), starts))


def _draw_chunk(folder: Path, plan: RenderPlan, start: int) -> None:
    import cv2

    cv2.setNumThreads(1)
    words = Words()
    rows = [describe(plan, index, words) for index in range(start, min(start + CHUNK, plan.count))]
    for name in plan.arrays():
        chunk = np.stack([row[name] for row in rows])
        header = np.load(folder / f"{name}.npy", mmap_mode="r").offset
        with open(folder / f"{name}.npy", "r+b") as file:  # plain writes: other processes write beside us
            file.seek(header + start * chunk[0].nbytes)
            file.write(chunk.tobytes())
    (folder / f"done.{start}").touch()


def describe(plan: RenderPlan, index: int, words: Words) -> dict[str, np.ndarray]:
    """One picture of the plan as rows of its arrays."""
    from infu_core.faces.face_alignment import align_face

    people = plan.people_of(index)
    made = render_random(
        plan.seed * 10_000_019 + index,
        people,
        plan.style,
        plan.size,
        restyle=plan.restyle,
        sway=plan.sway,
        framing=CLOSE_UP if plan.close else BUST,
    )
    shapes = plan.arrays()
    row = {
        name: np.full(shape[1:], -1 if name in ("people", "boxes", "points") else 0, kind)
        for name, (shape, kind) in shapes.items()
    }
    row["pictures"] = made.image
    rng = np.random.default_rng((0xC2B, plan.seed, index))
    for face, (box, points) in enumerate(zip(made.boxes, made.key_points, strict=True)):
        eyes = float(np.linalg.norm(points[1] - points[0]))
        jitter = rng.normal(0, 0.035 * eyes, (5, 2))  # a detector's error
        row["crops"][face] = align_face(made.image, points + jitter)
        row["people"][face] = people[face]
        row["boxes"][face] = box
        row["points"][face] = points.ravel()
    wordings = [caption(made.scene, wording, face=plan.face) for wording in range(WORDINGS)]
    row["words"] = np.array([words.indices(wording) for wording in wordings], np.uint8)
    if people:
        row["labels"] = np.array(labels(made.scene), np.int16)
    return row
