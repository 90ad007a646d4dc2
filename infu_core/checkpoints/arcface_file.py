"""ArcFace IR-SE50 from its file: a .pth is scanned like every other pickle, and damaged weights are refused."""

import os
from pathlib import Path

from torch import nn

from ..faces.arcface import filled_arcface
from .damage import check_weights
from .file_faults import reading
from .weight_files import open_weights


def load_arcface(path: str | os.PathLike) -> nn.Module:
    """[n, 3, 112, 112] BGR in -1..1 -> [n, 512] of length one, float32 on the CPU.

    Raises `CheckpointError` for a file that can't be read or is damaged, `FaceError` for another network.
    """
    files = open_weights(Path(path))
    with reading(files.name):
        check_weights(files)
        weights = files.read_all()
    return filled_arcface(weights, files.name)
