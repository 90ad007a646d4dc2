"""A ComfyUI base directory for tests: tiny models, our pack under a hyphenated name through a symlink, test nodes."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from harness.checkout import ROOT
from harness.tiny_models import ModelNames, write_models

PACK_FOLDER = "infu-nodes"
FACE_PHOTO = "face.png"


@dataclass(frozen=True)
class BaseDirectory:
    """`path`: for ComfyUI's --base-directory. `pack`: our folder in it. `names`: the menu names of the tiny models."""

    path: Path
    pack: Path
    names: ModelNames


def make_base_directory(path: Path, pack_folder: str = PACK_FOLDER) -> BaseDirectory:
    """Fill `path`; `input/face.png` is a photo with a face that the tiny detector finds."""
    for folder in ("models", "input", "output", "temp", "user", "custom_nodes"):
        (path / folder).mkdir(parents=True, exist_ok=True)
    pack = path / "custom_nodes" / pack_folder
    pack.symlink_to(ROOT, target_is_directory=True)
    shutil.copytree(
        ROOT / "tests" / "harness" / "test_nodes",
        path / "custom_nodes" / "infu_test_nodes",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    names = write_models(path)
    return BaseDirectory(path, pack, names)
