"""The shipped miniature under its judges. Its files are found where they ship; without them nothing here can run."""

from pathlib import Path

import pytest

JUDGES = Path(__file__).parent / "judges"


@pytest.fixture(scope="session")
def networks():
    """The shipped networks. Tests are skipped, and counted aloud, where the weights or a package are not there."""
    for package in ("cv2", "onnxruntime", "insightface"):
        pytest.importorskip(package, reason=f"[behaviour] {package} is not installed")
    from miniature.files import JUDGES as NAMES
    from miniature.files import MiniatureFiles
    from miniature.measuring.networks import load_networks

    files = MiniatureFiles()
    wanted = (*files.all(), *(JUDGES / f"{name}.safetensors" for name in NAMES))
    missing = [path.name for path in wanted if not path.is_file()]
    if missing:
        pytest.skip(f"[behaviour] THE MINIATURE'S WEIGHTS ARE NOT THERE: {len(missing)} files are missing")
    return load_networks(files, JUDGES)
