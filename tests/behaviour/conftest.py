"""The shipped miniature under its judges."""

from pathlib import Path

import pytest

JUDGES = Path(__file__).parent / "judges"


@pytest.fixture(scope="session")
def networks():
    """The shipped networks; tests are skipped, and counted aloud, where a package is not there."""
    for package in ("cv2", "onnxruntime", "insightface"):
        pytest.importorskip(package, reason=f"[behaviour] {package} is not installed")
    from miniature.files import MiniatureFiles
    from workshop.miniature.measuring.networks import load_networks

    return load_networks(MiniatureFiles(), JUDGES)
