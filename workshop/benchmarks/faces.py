"""Load time, memory and time per photo: our face encoder against the official pack's way, on the CPU.

    python -m workshop.benchmarks.faces                      stand-ins with random weights of the published sizes
    python -m workshop.benchmarks.faces --antelopev2 DIR     the real files, and drawn photos replaced by --photos

The official pack (bytedance/ComfyUI_InfiniteYou 1.0.1) opens antelopev2 three times, five models each, and
runs all five on every photo. Here its way is repeated with insightface's and facexlib's own classes. Every
way runs in a process of its own, in turn, so that both meet the same machine.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

WAYS = ("official", "ours")


def memory_mb(entry: str = "VmRSS") -> float:
    """Memory of this process now, or with "VmHWM" at its highest so far."""
    status = Path("/proc/self/status").read_text()
    return int(status.split(f"{entry}:")[1].split()[0]) / 1024


def official(folder: Path, recogniser: Path):
    """Three FaceAnalysis, tried in turn; the largest face; facexlib's class on the aligned crop."""
    import numpy as np
    import torch
    from facexlib.recognition.arcface_arch import Backbone
    from insightface.app import FaceAnalysis
    from insightface.utils import face_align

    apps = []
    for size in (640, 320, 160):
        app = FaceAnalysis(name=folder.name, root=str(folder.parents[1]), providers=["CPUExecutionProvider"])
        app.prepare(ctx_id=0, det_size=(size, size))
        apps.append(app)
    arcface = Backbone(50, 0.6, "ir_se")
    arcface.load_state_dict({k: v.float() for k, v in torch.load(recogniser, weights_only=True).items()})
    arcface.eval()

    def encode(photo):
        bgr = np.ascontiguousarray(photo[..., ::-1])
        faces = next((found for found in (app.get(bgr) for app in apps) if found), None)
        face = max(faces, key=lambda f: (f["bbox"][2] - f["bbox"][0]) * (f["bbox"][3] - f["bbox"][1]))
        crop = face_align.norm_crop(bgr, landmark=np.array(face["kps"]), image_size=112)
        pixels = 2 * (torch.from_numpy(crop).unsqueeze(0).permute(0, 3, 1, 2).contiguous() / 255.0) - 1
        return arcface(pixels)[0].detach()

    return encode


def ours(folder: Path, recogniser: Path):
    from infu_core.checkpoints.arcface_file import load_arcface
    from infu_core.faces.face_detector import FaceDetector
    from infu_core.faces.face_encoder import FaceEncoder
    from infu_core.identity.encode import encode_identity

    detector = FaceDetector(folder / "scrfd_10g_bnkps.onnx", "CPU")
    encoder = FaceEncoder(detector, load_arcface(recogniser), "arcface_ir_se50")
    return lambda photo: encode_identity(encoder, [photo]).identity.vectors[0]


def photos() -> dict:
    """Drawn photos: a portrait, a group of six, and a face that fills the frame."""
    from face_fixtures import draw_face, grey_picture

    portrait, group, close = grey_picture(1200, 900), grey_picture(900, 1400), grey_picture(900, 900)
    draw_face(portrait, (450, 500), 300, 1)
    for person in range(6):
        draw_face(group, (200 + 400 * (person % 3), 250 + 400 * (person // 3)), 180, person)
    draw_face(close, (450, 450), 780, 1)
    return {"portrait": portrait, "group of six": group, "face fills the frame": close}


def measure(way: str, folder: Path, recogniser: Path, repeats: int) -> dict:
    """One way in this process: MB and seconds to load, then CPU and wall milliseconds per photo."""
    import torch

    torch.set_num_threads(len(os.sched_getaffinity(0)))
    pictures = photos()
    libraries = memory_mb()
    # Both ways need the same libraries; what they weigh is told apart from what the models weigh.
    import facexlib.recognition.arcface_arch  # noqa: F401
    import insightface.app  # noqa: F401

    before, started = memory_mb(), time.perf_counter()
    encode = {"official": official, "ours": ours}[way](folder, recogniser)
    result = {"libraries_mb": before - libraries, "load_s": time.perf_counter() - started}
    result |= {"load_mb": memory_mb() - before, "photos": {}, "vectors": {}}
    for name, picture in pictures.items():
        result["vectors"][name] = encode(picture).tolist()
        wall, cpu = [], []
        for _ in range(repeats):
            a, b = time.perf_counter(), time.process_time()
            encode(picture)
            wall.append(1000 * (time.perf_counter() - a))
            cpu.append(1000 * (time.process_time() - b))
        result["photos"][name] = {"wall_ms": statistics.median(wall), "cpu_ms": statistics.median(cpu)}
    result["used_mb"] = memory_mb() - before
    result["peak_mb"] = memory_mb("VmHWM") - before
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--antelopev2", type=Path, help="folder .../models/antelopev2 with the five real files")
    parser.add_argument("--recogniser", type=Path, help="recognition_arcface_ir_se50.pth")
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.way:
        print(json.dumps(measure(arguments.way, arguments.antelopev2, arguments.recogniser, arguments.repeats)))
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder, recogniser = prepare(arguments, Path(temporary))
        command = [sys.executable, "-m", __spec__.name, "--antelopev2", folder, "--recogniser", recogniser]
        command += ["--repeats", str(arguments.repeats), "--way"]
        results = {}
        for way in WAYS:
            done = subprocess.run([*map(str, command), way], capture_output=True, text=True)
            if done.returncode:
                sys.exit(done.stderr)
            results[way] = json.loads(done.stdout.strip().splitlines()[-1])
    show(results)


def prepare(arguments, temporary: Path) -> tuple[Path, Path]:
    from face_fixtures import write_arcface

    from .face_standins import write_antelopev2

    folder = arguments.antelopev2
    if folder is None:
        folder = temporary / "models" / "antelopev2"
        write_antelopev2(folder)
    return folder, arguments.recogniser or Path(write_arcface(temporary / "recognition_arcface_ir_se50.pth"))


def show(results: dict) -> None:
    theirs, mine = results["official"], results["ours"]
    rows = [(f"{key} ", theirs[key], mine[key]) for key in ("libraries_mb", "load_s", "load_mb", "used_mb", "peak_mb")]
    for name in theirs["photos"]:
        for unit in ("wall_ms", "cpu_ms"):
            rows.append((f"{name}, {unit}", theirs["photos"][name][unit], mine["photos"][name][unit]))
    print(f"{'':34}{'official':>10}{'ours':>10}{'ratio':>8}")
    for name, a, b in rows:
        print(f"{name:34}{a:10.2f}{b:10.2f}{a / b:8.2f}")
    for name, vector in theirs["vectors"].items():
        cosine = sum(x * y for x, y in zip(vector, mine["vectors"][name], strict=True))
        print(f"{name}: cosine of their vector to ours {cosine:.6f}")


if __name__ == "__main__":
    main()
