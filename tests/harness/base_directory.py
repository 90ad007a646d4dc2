"""A ComfyUI base directory for tests: tiny models, our pack under a hyphenated name through a symlink, test nodes."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from face_fixtures import draw_face, grey_picture, write_arcface, write_detector
from harness.checkout import ROOT
from harness.tiny_models import ModelNames, write_models

PACK_FOLDER = "infu-nodes"
PHOTOS = ("face.png", "face_2.png", "layout.png")
"""One person each in `input/`, drawn so that the detector of `write_detector` finds them."""
GROUP = "group.png"
"""Two people side by side."""


@dataclass(frozen=True)
class BaseDirectory:
    """`path`: for ComfyUI's --base-directory. `pack`: our folder in it. `names`: the menu names of the tiny models."""

    path: Path
    pack: Path
    names: ModelNames


def write_all_models(base: Path) -> ModelNames:
    """Fill `base/models`: the tiny FLUX family, a detector for drawn faces, an ArcFace IR-SE50 of random weights."""
    detector = base / "models" / "insightface" / "models" / "antelopev2" / "scrfd_10g_bnkps.onnx"
    recogniser = base / "models" / "facexlib" / "recognition_arcface_ir_se50.pth"
    for path in (detector, recogniser):
        path.parent.mkdir(parents=True, exist_ok=True)
    write_detector(detector)
    write_arcface(recogniser)
    return write_models(base)


def write_photos(folder: Path) -> None:
    """Draw one person per photo, and two in the group's."""
    from PIL import Image

    for person, name in enumerate(PHOTOS):
        picture = grey_picture(512, 512)
        draw_face(picture, (256, 256), 160, person=person)
        Image.fromarray(picture).save(folder / name)
    group = grey_picture(512, 512)
    for person, x in ((3, 150), (4, 362)):
        draw_face(group, (x, 256), 120, person=person)
    Image.fromarray(group).save(folder / GROUP)


def make_base_directory(path: Path, models: Path | None = None, pack_folder: str = PACK_FOLDER) -> BaseDirectory:
    """Fill `path`. `models`: another base directory whose models are shared instead of written again."""
    for folder in ("input", "output", "temp", "user", "custom_nodes"):
        (path / folder).mkdir(parents=True, exist_ok=True)
    if models:
        (path / "models").symlink_to(models / "models", target_is_directory=True)
    names = ModelNames() if models else write_all_models(path)
    write_photos(path / "input")
    pack = path / "custom_nodes" / pack_folder
    pack.symlink_to(ROOT, target_is_directory=True)
    shutil.copytree(
        ROOT / "tests" / "harness" / "test_nodes",
        path / "custom_nodes" / "infu_test_nodes",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    return BaseDirectory(path, pack, names)
