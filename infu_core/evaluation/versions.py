"""What a figure was made with, on this side of the server."""

import platform
from importlib import metadata

from ..pack_version import pack_version

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
