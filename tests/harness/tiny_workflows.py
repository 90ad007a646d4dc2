"""A shipped workflow, as it stands in `workflows/api/`, with the tiny models in place of the 40 GB it names."""

import copy
import json
from pathlib import Path

from harness.checkout import ROOT
from harness.tiny_models import ModelNames

WORKFLOWS = sorted((ROOT / "workflows").glob("*.json"))
TRY_ME, ONE_FACE = (path.stem for path in WORKFLOWS[:2])
SIZE = (128, 192)
STEPS = 3
NOT_TINY = {"CLIPVisionLoader", "CLIPVisionEncode", "StyleModelLoader"}


def api_twin(path: Path) -> Path:
    return path.parent / "api" / path.name


def is_miniature(graph: dict) -> bool:
    """Whether an API graph runs on the miniature, which is tiny as it is."""
    return any(node["class_type"] == "InfuLoadMiniature" for node in graph.values())


def tiny(path: Path, names: ModelNames) -> dict:
    """The workflow's API graph on tiny files: other file names, test conditioning for text, few steps, small size."""
    graph = json.loads(api_twin(path).read_text(encoding="utf-8"))
    return graph if is_miniature(graph) else tiny_graph(graph, names)


def tiny_graph(graph: dict, names: ModelNames) -> dict:
    """The same of a graph that names real files, in place."""
    file_of = {
        "unet_name": names.flux,
        "vae_name": names.vae,
        "lora_name": names.lora,
        "control_net_name": names.controlnet,
        "infusenet": names.infusenet,
    }
    for key, node in list(graph.items()):
        inputs = node["inputs"]
        for name, file in file_of.items():
            if isinstance(inputs.get(name), str):
                inputs[name] = file
        if node["class_type"] == "DualCLIPLoader":
            del graph[key]
        elif node["class_type"] in NOT_TINY:
            del graph[key]
        elif node["class_type"] == "CLIPTextEncode":
            seed = sum(map(ord, inputs["text"]))
            sizes = {"tokens": 12, "context": 64, "pooled": 32, "guidance": -1.0}
            graph[key] = {"class_type": "TestConditioning", "inputs": {"seed": seed, **sizes}}
        if isinstance(inputs.get("width"), int) and node["class_type"] != "ImageScale":
            inputs["width"], inputs["height"] = SIZE if "batch_size" in inputs else (160, 160)
        if "megapixels" in inputs:
            inputs["megapixels"] = 0.03
        if "steps" in inputs:
            inputs["steps"] = STEPS
        if node["class_type"] == "InfuFaceCrop":
            inputs["size"] = 160
    return without_style_model(graph)


def without_style_model(graph: dict) -> dict:
    """No style model or vision encoder is tiny: what stood behind it takes the prompt that stood before it."""
    for key, node in list(graph.items()):
        if node["class_type"] != "StyleModelApply":
            continue
        before = node["inputs"]["conditioning"]
        for other in graph.values():
            other["inputs"] = {name: before if value == [key, 0] else value for name, value in other["inputs"].items()}
        del graph[key]
    return graph


def changed(graph: dict, class_type: str, **inputs) -> dict:
    """A copy of the graph with other inputs for every node of this class."""
    graph = copy.deepcopy(graph)
    nodes = [node for node in graph.values() if node["class_type"] == class_type]
    if not nodes:
        raise KeyError(f"The graph has no {class_type}.")
    for node in nodes:
        node["inputs"].update(inputs)
    return graph
