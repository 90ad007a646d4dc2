"""The demo in real ComfyUI: a server on the CPU, the first workflow posted to it twice."""

import tempfile
from pathlib import Path

from harness.base_directory import make_base_directory
from harness.server import ComfyServer
from harness.tiny_workflows import WORKFLOWS, changed, tiny

ONE_FACE = next(path for path in WORKFLOWS if "01_one_face" in str(path))


def draw(checkout: Path):
    """Returns two PIL pictures, with the identity and without."""
    with tempfile.TemporaryDirectory() as folder:
        base = make_base_directory(Path(folder))
        graph = tiny(ONE_FACE, base.names)
        graph = changed(changed(graph, "EmptySD3LatentImage", width=256, height=384), "InfuSampler", steps=8)
        print("Nodes: " + " -> ".join(node["class_type"] for node in graph.values()))
        with ComfyServer(checkout, base) as server:
            pictures = []
            for strength in (1.0, 0.0):
                history = server.run(changed(graph, "ApplyInfuseNet", strength=strength), seconds=300)
                pictures.append(next(p for p in server.images(history) if p.size == (256, 384)))
                print(f"strength {strength:g}: a picture of {pictures[-1].width} x {pictures[-1].height}, 8 steps")
    return pictures
