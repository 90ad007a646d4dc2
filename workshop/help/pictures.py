"""A picture of every node after a run, for its help page: `python -m workshop.help.pictures` (ComfyUI and Chromium).

The nodes run on the miniature and on drawn people, in the real front end. LoadInfuseNet, Load Face Encoder and Load
Identity show toy files.
"""

import io
import json
import tempfile
from pathlib import Path

from harness.base_directory import make_base_directory
from harness.checkout import find_comfyui
from harness.front_end import FrontEnd, chromium
from harness.graphs import Group, ui_from_api
from harness.server import ComfyServer
from PIL import Image

from ..workflows.build import with_defaults
from .build import DOCS, read_pages

WIDTH = 340


def graph(identity_file: str) -> dict:
    """Every node of the pack at least once, in API format; the values are for looking at."""
    small, encoder = ["1", 0], {"face_encoder": ["1", 3]}
    how = {"infusenet": ["1", 2], "vae": ["1", 1]}
    nodes = {
        "1": ("InfuLoadMiniature", {}),
        "2": ("InfuMiniatureFace", {"person": 2}),
        "3": ("EncodeFaceID", {"image": ["2", 0], **encoder}),
        "4": ("InfuMiniatureFace", {"person": 5}),
        "5": ("EncodeFaceID", {"image": ["4", 0], **encoder}),
        "6": ("MixIdentities", {"identities.identity_0": ["3", 0], "identities.identity_1": ["5", 0]}),
        "7": ("InfuInterpolateIdentities", {"a": ["3", 0], "b": ["5", 0]}),
        "8": ("InfuSaveIdentity", {"identity": ["3", 0], "name": "anna"}),
        "9": ("InfuMiniaturePrompt", {"text": "a photo of a young woman, smiling, on a blue background"}),
        "10": ("ApplyInfuseNet", {"model": small, "identity": ["3", 0], **how}),
        "11": ("EmptySD3LatentImage", {"width": 128, "height": 128, "batch_size": 2}),
        "12": ("ConditioningZeroOut", {"conditioning": ["9", 0]}),
        "13": (
            "InfuSampler",
            {"model": ["10", 0], "positive": ["9", 0], "negative": ["12", 0], "latent_image": ["11", 0]}
            | {"steps": 20, "reuse": "balanced", "strength_curve": "fade in", "seed": 1},
        ),
        "14": ("VAEDecode", {"samples": ["13", 0], "vae": ["1", 1]}),
        "15": ("InfuIdentitySimilarity", {"images": ["14", 0], "identity": ["3", 0], **encoder}),
        "16": ("InfuFacePose", {"image": ["2", 0], "width": 512, "height": 512, **encoder}),
        "17": ("ImageStitch", {"image1": ["2", 0], "image2": ["4", 0]}),
        "18": ("InfuFaceRegions", {"image": ["17", 0], **encoder}),
        "19": ("InfuIdentityRegion", {"identity": ["3", 0], "mask": ["18", 0]}),
        "20": ("InfuIdentityRegion", {"identity": ["5", 0], "mask": ["18", 0], "regions": ["19", 0]}),
        "21": ("InfuFaceCrop", {"image": ["2", 0], "size": 256, **encoder}),
        "22": ("ApplyInfuseNetConditioning", {"positive": ["9", 0], "identity": ["3", 0], **how}),
        "23": ("InfuGuider", {"model": ["10", 0], "positive": ["9", 0]}),
        "24": ("LoadInfuseNet", {}),
        "25": ("InfuLoadFaceEncoder", {}),
        "26": ("InfuLoadIdentity", {"file": identity_file, "recogniser": "any"}),
        "27": ("InfuHeadTurns", {"width": 384, "height": 512}),
        "28": ("InfuSweep", {}),
        "30": ("InfuLabelledGrid", {"images": ["14", 0], "labels": "seed 1, first\nseed 1, second", "columns": 2}),
    }
    ends = {
        f"{key}9": ("PreviewAny", {"source": [key, 0]}) for key in ("6", "7", "20", "22", "23", "24", "25", "26", "28")
    }
    return {key: {"class_type": kind, "inputs": inputs} for key, (kind, inputs) in (nodes | ends).items()}


def photograph(front_end: FrontEnd, api: dict, object_info: dict) -> dict[str, bytes]:
    """Node id -> a PNG of the node (of the last one where there are several), after one run."""
    groups = [Group("", 420 * place, WIDTH + 40, [key]) for place, key in enumerate(api)]
    front_end.open(new_nodes=True)
    graph = ui_from_api(api, groups, [], object_info)
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(graph | {"groups": []}, file)
        file.flush()
        front_end.load(Path(file.name))
    front_end.run(seconds=300)
    front_end.page.wait_for_timeout(2000)
    taken = {}
    for key, entry in api.items():
        if entry["class_type"] in read_pages():
            taken[entry["class_type"]] = front_end.picture_of(int(key))
    return taken


def main() -> None:
    checkout = find_comfyui()
    if checkout is None:
        raise SystemExit("No ComfyUI checkout was found; set COMFYUI_PATH.")
    with tempfile.TemporaryDirectory() as folder, ComfyServer(checkout, make_base_directory(Path(folder))) as server:
        object_info = server.get("/object_info")
        saved = {key: entry for key, entry in graph("").items() if key in ("1", "2", "3", "8")}
        server.run(with_defaults(saved, object_info))
        name = next(Path(folder).rglob("anna*.safetensors")).name
        object_info = server.get("/object_info")  # the menu of saved identities has grown
        files = object_info["InfuLoadIdentity"]["input"]["required"]["file"][1]["options"]
        (entry,) = [file for file in files if name in file]
        with chromium() as browser:
            taken = photograph(FrontEnd(browser, server), with_defaults(graph(entry), object_info), object_info)
    for node, png in taken.items():
        (DOCS / node).mkdir(parents=True, exist_ok=True)
        Image.open(io.BytesIO(png)).convert("RGB").save(DOCS / node / "node.jpg", quality=88)
    print(f"Took {len(taken)} pictures.")


if __name__ == "__main__":
    main()
