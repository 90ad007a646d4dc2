"""Face encoders in ComfyUI: the recogniser under its memory management, and one default shared by all nodes."""

import os
from functools import partial

import comfy.model_management

from ..checkpoints.arcface_file import load_arcface
from ..faces.face_detector import FaceDetector
from ..faces.face_encoder import FaceEncoder
from ..identity.identity import RECOGNISER
from .comfyui_face_files import AUTO, find_both
from .comfyui_memory import managed, run_managed

_latest: dict[tuple, FaceEncoder] = {}
"""The encoder loaded last, by its files and provider. A node without a connected encoder has no output in
which ComfyUI could keep one, and loading takes a second. One entry at most; its weights are managed by
ComfyUI, so it holds no VRAM that ComfyUI cannot take back."""


def face_encoder(detector: str = AUTO, recogniser: str = AUTO, provider: str = "auto") -> FaceEncoder:
    """The encoder of these menu entries; the same object again while files and provider stay the same.

    Raises `FaceError` when a file is missing or is not what it should be, or a package is not installed.
    """
    paths = find_both(detector, recogniser)
    key = (*((path, os.path.getmtime(path), os.path.getsize(path)) for path in paths), provider)
    if key not in _latest:
        encoder = load_face_encoder(*paths, provider)
        _latest.clear()
        _latest[key] = encoder
    return _latest[key]


def load_face_encoder(detector_path: str, recogniser_path: str, provider: str = "auto") -> FaceEncoder:
    """Open a SCRFD file and an ArcFace IR-SE50 file."""
    detector = FaceDetector(detector_path, provider)
    return managed_face_encoder(detector, load_arcface(recogniser_path), RECOGNISER)


def managed_face_encoder(detector, recogniser, name: str, limits: str = "") -> FaceEncoder:
    """An encoder whose recogniser, a module [n, 3, 112, 112] -> [n, 512], ComfyUI loads and offloads."""
    patcher = managed(
        recogniser,
        load_device=comfy.model_management.text_encoder_device(),
        offload_device=comfy.model_management.text_encoder_offload_device(),
    )
    return FaceEncoder(detector, partial(run_managed, patcher), name, models=(patcher,), limits=limits)
