"""A shipped graph on the miniature: its loaders, photos and words in place of the real ones, at 128 x 128 pixels.

What the miniature has nothing of (ControlNet, style model, Kontext, pictures beyond 128 pixels) it does not play.
"""

import copy

from .index import WORKFLOWS

SIZE, STEPS, SEED = 128, 20, 2
NOT_PLAYED = ("00", "07", "08", "19", "20")
PLAYED = [name for name in WORKFLOWS if name[:2] not in NOT_PLAYED]
PEOPLE = {"face.png": (2, 0), "face_2.png": (10, 0), "layout.png": (5, 0)}
ONE, COUPLE = (
    "a photo of a woman, smiling, on a blue background",
    "a photo of a woman on the left and a woman on the right",
)
WORDS = {
    "05": [COUPLE],
    "06": [COUPLE],
    "12": [ONE, "an oil painting of a woman on a red background"],
    "16": ["a watercolour of a woman on a green background"],
    "21": ["a watercolour of a woman on a green background"],
}
SAME = {"face.png": (2, 0), "face_2.png": (2, 1), "layout.png": (2, 2)}
"""Photos of one person."""
GONE = {"UNETLoader": 0, "VAELoader": 1, "LoadInfuseNet": 2}
"""Loaders, and which output of *Load Miniature* stands for theirs."""
PASSED = {"FluxGuidance": "conditioning", "ImageScaleToTotalPixels": "image"}
ENCODES = ("EncodeFaceID", "InfuFacePose", "InfuFaceRegions", "InfuFaceCrop", "InfuIdentitySimilarity")


def on_miniature(name: str, api: dict) -> dict:
    """The API graph of the workflow called `name`, changed; keys stay those of the workflow."""
    graph = copy.deepcopy(api)
    graph["mini"] = {"class_type": "InfuLoadMiniature", "inputs": {}}
    words, people = iter(WORDS.get(name[:2], [])), SAME if name.startswith("03") else PEOPLE
    for key, entry in list(graph.items()):
        kind, inputs = entry["class_type"], entry["inputs"]
        if kind == "CLIPTextEncode":
            graph[key] = {"class_type": "InfuMiniaturePrompt", "inputs": {"text": next(words, ONE), "guidance": 3.0}}
        elif kind == "LoadImage":
            graph |= photo(key, inputs["image"], people)
        elif kind in ENCODES:
            inputs["face_encoder"] = ["mini", 3]
        for side in ("width", "height"):
            if isinstance(inputs.get(side), int):
                inputs[side] = SIZE
        if kind == "InfuFaceCrop":
            inputs["size"] = SIZE
        if "steps" in inputs and "sampler_name" in inputs:
            inputs["steps"], inputs["seed"] = STEPS, SEED
    return {key: entry for key, entry in rewired(graph).items() if entry["class_type"] not in dropped()}


def photo(key: str, file: str, people: dict[str, tuple[int, int]]) -> dict:
    """The nodes that draw what a file shows; the one called `key` gives the picture."""
    if file in people:
        return {key: face(*people[file])}
    both = {"image1": [f"{key}a", 0], "image2": [f"{key}b", 0], "direction": "right", "match_image_size": True}
    stitched = {"class_type": "ImageStitch", "inputs": both | {"spacing_width": 0, "spacing_color": "white"}}
    return {f"{key}a": face(7, 0), f"{key}b": face(8, 0), key: stitched}


def face(person: int, picture: int) -> dict:
    return {"class_type": "InfuMiniatureFace", "inputs": {"person": person, "style": "photo", "picture": picture}}


def dropped() -> set[str]:
    return {*GONE, *PASSED, "DualCLIPLoader"}


def rewired(graph: dict) -> dict:
    """Links to what goes lead to what takes its place."""

    def source(value):
        if not isinstance(value, list):
            return value
        entry = graph[value[0]]
        if entry["class_type"] in GONE:
            return ["mini", GONE[entry["class_type"]]]
        if entry["class_type"] in PASSED:
            return source(entry["inputs"][PASSED[entry["class_type"]]])
        return value

    for entry in graph.values():
        entry["inputs"] = {name: source(value) for name, value in entry["inputs"].items()}
    return graph
