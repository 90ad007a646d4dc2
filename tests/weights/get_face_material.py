"""Fetch what the real-photo tests need, through pip and npm, into build/face_material (about 25 MB).

    python tests/weights/get_face_material.py

| package | what is used | licence |
| --- | --- | --- |
| facenet-pytorch 2.6.0 | MTCNN, a detector with five key points | MIT |
| @vladmandic/face-api 1.7.15 | dlib ResNet-29, a recogniser InfuseNet never saw; six group photos | MIT |
| face_recognition 1.3.0 | three photos of one person and one of another | MIT; the photos' origin is not stated |

Nothing here is part of the pack or of its tests' defaults: without it those tests are skipped.
"""

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

MATERIAL = Path(__file__).parents[2] / "build" / "face_material"
FACENET = "facenet_pytorch-2.6.0-py3-none-any.whl"
PHOTOS = "face_recognition-1.3.0.tar.gz"
FACE_API = "vladmandic-face-api-1.7.15.tgz"


def fetch() -> None:
    MATERIAL.mkdir(parents=True, exist_ok=True)
    pip = [sys.executable, "-m", "pip", "download", "--no-deps", "-d", str(MATERIAL)]
    if not (MATERIAL / FACENET).exists():
        subprocess.run([*pip, "facenet-pytorch==2.6.0"], check=True)
    if not (MATERIAL / PHOTOS).exists():
        subprocess.run([*pip, "--no-binary", "face-recognition", "face-recognition==1.3.0"], check=True)
    if not (MATERIAL / FACE_API).exists():
        subprocess.run(["npm", "pack", "@vladmandic/face-api@1.7.15"], cwd=MATERIAL, check=True)
    with zipfile.ZipFile(MATERIAL / FACENET) as wheel:
        wheel.extractall(MATERIAL)
    for archive, folder in ((PHOTOS, MATERIAL), (FACE_API, MATERIAL / "face-api")):
        with tarfile.open(MATERIAL / archive) as packed:
            packed.extractall(folder, filter="data")


if __name__ == "__main__":
    fetch()
