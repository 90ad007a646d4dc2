"""Importing the face and identity rooms loads none of the heavy face libraries, and works without them."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
HEAVY = ("insightface", "onnxruntime", "onnx", "facexlib", "cv2", "skimage")


def modules():
    for room in ("faces", "identity"):
        for file in sorted((ROOT / "infu_core" / room).glob("*.py")):
            yield f"infu_core.{room}.{file.stem}"


def test_no_heavy_library_is_needed_to_import():
    blocked = "\n".join(f"sys.modules[{name!r}] = None" for name in HEAVY)
    imports = "\n".join(f"import {name}" for name in modules())
    result = subprocess.run(
        [sys.executable, "-c", f"import sys\n{blocked}\n{imports}"], cwd=ROOT, capture_output=True, text=True
    )
    assert result.returncode == 0, result.stderr
