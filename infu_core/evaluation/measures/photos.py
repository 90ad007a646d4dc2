"""Photos of people as measurers read them: opened once, with the face that is theirs."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ...faces.face import Face
from ..study.study import Person

Detect = Callable[[np.ndarray], list[Face]]


def open_picture(path: Path) -> np.ndarray:
    """uint8 RGB [H, W, 3], turned as the camera was held; transparency is laid over white."""
    from PIL import Image, ImageOps

    with Image.open(path) as file:
        upright = ImageOps.exif_transpose(file)
        if upright.mode in ("RGBA", "LA", "PA") or "transparency" in upright.info:
            rgba = upright.convert("RGBA")
            upright = Image.alpha_composite(Image.new("RGBA", rgba.size, "white"), rgba)
        return np.asarray(upright.convert("RGB"))


@dataclass(frozen=True, eq=False)
class Photo:
    """`face`: the largest, or None where none is found. The pixels are read anew each time: memory stays flat."""

    path: Path
    face: Face | None

    @property
    def picture(self) -> np.ndarray:
        return open_picture(self.path)


@dataclass(eq=False)
class PhotoShelf:
    """Every photo is looked at once in a scoring."""

    detect: Detect
    kept: dict[Path, Photo] = field(default_factory=dict)

    def photo(self, path: Path) -> Photo:
        if path not in self.kept:
            faces = self.detect(open_picture(path))
            self.kept[path] = Photo(path, max(faces, key=lambda face: face.area, default=None))
        return self.kept[path]

    def reference(self, person: Person) -> Photo:
        return self.photo(person.reference)

    def others(self, person: Person) -> list[Photo]:
        return [self.photo(path) for path in person.others]


def no_faces(picture: np.ndarray) -> list[Face]:
    """Stands in where no detector is there: nothing that needs a face is measured."""
    return []
