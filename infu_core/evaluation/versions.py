"""What a figure was made with, on this side of the server."""

import platform
from importlib import metadata
from pathlib import Path

PACKAGES = ("torch", "numpy", "opencv-python", "onnxruntime", "insightface", "transformers", "pillow")


def versions() -> dict[str, str]:
    """Name -> version, of this pack, Python, and the packages that measure; a missing package is not named."""
    found = {"infu-nodes": pack_version(), "python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def pack_version() -> str:
    """From pyproject.toml, which lies beside infu_core wherever the pack is."""
    for line in (Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8").splitlines():
        if line.startswith("version = "):
            return line.split('"')[1]
    return "unknown"
