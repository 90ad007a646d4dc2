"""A small study on disk: people as drawn squares, two prompts, three methods on one graph."""

import json
from pathlib import Path

import numpy as np

GRAPH = {
    "1": {"class_type": "LoadImage", "inputs": {"image": "x.png"}, "_meta": {"title": "Photo"}},
    "2": {"class_type": "Encode", "inputs": {"text": "words", "image": ["1", 0]}, "_meta": {"title": "Prompt"}},
    "3": {"class_type": "EmptyLatentImage", "inputs": {"width": 512, "height": 512, "batch_size": 1}},
    "4": {"class_type": "KSampler", "inputs": {"seed": 0, "steps": 20, "positive": ["2", 0], "latent": ["3", 0]}},
    "5": {"class_type": "SaveImage", "inputs": {"images": ["4", 0]}, "_meta": {"title": "Save Image"}},
}
HOLES = 'prompt = "2.text"\nseed = "KSampler.seed"\nwidth = "3.width"\nheight = "3.height"\noutput = "Save Image"'
METHOD = """
[[method]]
id = "ours"
graph = "graph.json"
conditioned_on = ["arcface"]
[method.holes]
photo = "Photo.image"
{holes}

[[method]]
id = "wrong"
graph = "graph.json"
photo_of = "next"
[method.holes]
photo = "Photo.image"
{holes}

[[method]]
id = "bare"
graph = "graph.json"
bare = true
[method.holes]
{holes}
"""
TOP = """name = "small"
people = "people"
prompts = "prompts.json"
seeds = 1
sizes = [[64, 64]]
"""
COMPARISON = '\n[[comparison]]\na = "ours"\nb = "bare"\nmeasure = "face_found"\nmargin = 0.1\n'
PROMPTS = [{"id": "desk", "text": "at a desk", "tags": {"style": "photo"}}, {"id": "ink", "text": "in ink"}]


def write_study(
    folder: Path, people: int = 3, top: str = TOP, methods: str | None = None, more: str = COMPARISON
) -> Path:
    """Returns the path of study.toml."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(people):
        write_person(folder / "people" / f"person{number}", number)
    (folder / "prompts.json").write_text(json.dumps(PROMPTS))
    (folder / "graph.json").write_text(json.dumps(GRAPH))
    path = folder / "study.toml"
    path.write_text(top + (METHOD.format(holes=HOLES) if methods is None else methods) + more)
    return path


def write_person(folder: Path, number: int, others: int = 1) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in ["reference", *(f"other{n}" for n in range(others))]:
        write_picture(folder / f"{name}.png", hash((number, name)) % 2**31)


def write_picture(path: Path, seed: int, size: int = 16) -> None:
    from PIL import Image

    pixels = np.random.default_rng(seed).integers(0, 255, (size, size, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)
