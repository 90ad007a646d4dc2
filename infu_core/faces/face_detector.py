"""SCRFD face detection: insightface's decoder over ONE onnxruntime session for every size.

The reference opens fifteen sessions (five models, three sizes) to use three of them; a SCRFD network
accepts any size that is a multiple of 32, so one session serves all.
"""

import logging
import os
import threading
from typing import Any

import numpy as np

from .face import Face, FaceError
from .face_search import search_faces

logger = logging.getLogger(__name__)

INSTALL_HINT = (
    "Finding faces needs the Python packages insightface and onnxruntime; install them into ComfyUI's Python with "
    "`python -m pip install insightface onnxruntime`, then restart ComfyUI."
)
REPAIR_HINT = (
    "onnxruntime-gpu is installed, but the plain onnxruntime lies over it; "
    "`python -m pip install --force-reinstall --no-deps onnxruntime-gpu` repairs it."
)
SHORT_NAMES = {"CPU": "CPUExecutionProvider", "CUDA": "CUDAExecutionProvider"}


class FaceDetector:
    """A SCRFD file with key points, ready to find faces. Raises `FaceError` if the file is none.

    `provider`: "auto" (CUDA where onnxruntime has it, else CPU), "CPU", "CUDA", or onnxruntime's own
    name of another. `provider_used` says what onnxruntime settled on.
    """

    def __init__(self, path: str | os.PathLike, provider: str = "auto"):
        try:
            import insightface.model_zoo
            import onnxruntime
        except ImportError as error:
            raise FaceError(INSTALL_HINT) from error

        self.path = os.fspath(path)
        self.name = os.path.basename(self.path)
        if not os.path.isfile(self.path):
            raise FaceError(f"The face detector {self.path} does not exist; choose another file in the detector menu.")
        providers = wanted_providers(provider, onnxruntime.get_available_providers())
        try:
            model: Any = insightface.model_zoo.get_model(self.path, providers=providers, static_shape_sessions=False)
        except Exception as error:
            raise FaceError(
                f"{self.name} could not be read as an ONNX model ({os.path.getsize(self.path):,} bytes); "
                "it may be damaged or half downloaded, so fetch it again."
            ) from error
        if not getattr(model, "use_kps", False):
            outputs = len(model.session.get_outputs()) if hasattr(model, "session") else "other"
            raise FaceError(
                f"{self.name} is not a SCRFD face detector with key points: it has {outputs} outputs where one has "
                "9 or 15; choose scrfd_10g_bnkps.onnx."
            )
        self._model = model
        self._lock = threading.Lock()
        self.provider_used = model.session.get_providers()[0]
        if providers[0] != self.provider_used:
            logger.warning("onnxruntime could not use %s and runs on %s.", providers[0], self.provider_used)
        if provider == "auto" and gpu_build_is_hidden(onnxruntime.get_available_providers()):
            logger.warning("Faces are found on the CPU. %s", REPAIR_HINT)

    def detect(self, picture: np.ndarray, threshold: float = 0.5) -> list[Face]:
        """The faces of a uint8 RGB picture [H, W, 3] whose score is at least `threshold`; see `search_faces`."""
        return search_faces(self.find, picture, threshold)

    def find(self, picture: np.ndarray, size: int, threshold: float) -> tuple[np.ndarray, np.ndarray]:
        """One pass in a square of `size` pixels: boxes with score [n, 5] and key points [n, 5, 2]."""
        with self._lock:
            self._model.det_thresh = threshold
            bgr = np.ascontiguousarray(picture[..., ::-1])
            boxes, key_points = self._model.detect(bgr, input_size=(size, size))
        return boxes, key_points


def wanted_providers(provider: str, available: list[str]) -> list[str]:
    """The providers to ask onnxruntime for, best first and always ending with the CPU.

    Raises `FaceError` when a provider that was asked for by name is not installed.
    """
    cpu = SHORT_NAMES["CPU"]
    if provider == "auto":
        cuda = SHORT_NAMES["CUDA"]
        return [cuda, cpu] if cuda in available else [cpu]
    name = SHORT_NAMES.get(provider, provider)
    if name not in available:
        if name == SHORT_NAMES["CUDA"] and gpu_build_is_hidden(available):
            raise FaceError(f"onnxruntime cannot use CUDA: {REPAIR_HINT}")
        raise FaceError(
            f"onnxruntime has no {name} here, only {', '.join(available)}; choose auto or CPU, or install the "
            "onnxruntime build that has it (see docs/faces.md)."
        )
    return [name] if name == cpu else [name, cpu]


def gpu_build_is_hidden(available: list[str]) -> bool:
    """Whether onnxruntime-gpu is installed but another build's files have overwritten it (insightface's do)."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        version("onnxruntime-gpu")
    except PackageNotFoundError:
        return False
    return SHORT_NAMES["CUDA"] not in available
