"""The API graphs of the miniature's study: one person by our nodes or by the official pack's, a couple, nobody."""

from typing import Any

SIZE, STEPS = 128, 20
ONE, COUPLE = ("Photo of the person",), ("Photo of the left", "Photo of the right")
"""Titles of the nodes that take the photos."""
HALVES = ("0, 0, 0.5, 1", "0.5, 0, 0.5, 1")

Graph = dict[str, dict[str, Any]]


def node(kind: str, title: str = "", **inputs) -> dict[str, Any]:
    return {"class_type": kind, "inputs": inputs, "_meta": {"title": title or kind}}


def bare(steps: int) -> Graph:
    """No identity; the others hang theirs between."""
    return {
        "1": node("InfuLoadMiniature"),
        "4": node("InfuMiniaturePrompt", "Prompt", text="", guidance=3.0),
        "5": node("EmptySD3LatentImage", width=SIZE, height=SIZE, batch_size=1),
        "7": node(
            "KSampler", model=["1", 0], seed=0, steps=steps, cfg=1.0, sampler_name="euler", scheduler="simple",
            positive=["4", 0], negative=["4", 0], latent_image=["5", 0], denoise=1.0,
        ),
        "8": node("VAEDecode", samples=["7", 0], vae=["1", 1]),
        "9": node("SaveImage", "Save Image", images=["8", 0], filename_prefix="study"),
    }  # fmt: skip


def identity(number: int, title: str) -> Graph:
    """Nodes "photo{number}" and "who{number}"."""
    return {
        f"photo{number}": node("LoadImage", title, image=""),
        f"who{number}": node(
            "EncodeFaceID", image=[f"photo{number}", 0], face="largest", index=0, no_face="stop", threshold=0.5,
            outliers="keep", photo_weights="", key_points="", face_encoder=["1", 3],
        ),
    }  # fmt: skip


def applied(steps: int, who: list, **nodes) -> Graph:
    graph = bare(steps) | nodes
    graph["6"] = node(
        "ApplyInfuseNet", model=["1", 0], infusenet=["1", 2], identity=who, vae=["1", 1], strength=1.0,
        start_percent=0.0, end_percent=1.0, style_alignment=0.0, region_mode="one_pass", guidance=1.0,
        on_negative=False, block_weights="",
    )  # fmt: skip
    graph["7"]["inputs"]["model"] = ["6", 0]
    return graph


def ours(steps: int) -> Graph:
    return applied(steps, ["who0", 0], **identity(0, ONE[0]))


def couple(steps: int) -> Graph:
    """The first person on the left."""
    nodes: Graph = {}
    for number, (title, box) in enumerate(zip(COUPLE, HALVES, strict=True)):
        before: dict[str, Any] = {"regions": [f"region{number - 1}", 0]} if number else {}
        nodes |= identity(number, title)
        nodes[f"region{number}"] = node(
            "InfuIdentityRegion", identity=[f"who{number}", 0], strength=1.0, feather=0.0, box=box, mask_index=-1,
            **before,
        )  # fmt: skip
    return applied(steps, ["region1", 0], **nodes)


def official_pack(steps: int) -> Graph:
    """Their Apply InfuseNet; the nodes of `official_nodes` hand it the miniature instead of InfiniteYou's files."""
    graph = bare(steps) | identity(0, ONE[0])
    graph["network"] = node("MiniatureForOfficialPack", model=["1", 0], infusenet=["1", 2], identity=["who0", 0])
    graph["black"] = node("EmptyImage", width=SIZE, height=SIZE, batch_size=1, color=0)
    graph["6"] = node(
        "InfuseNetApply", positive=["4", 0], id_embedding=["network", 1], control_net=["network", 0],
        image=["black", 0], vae=["1", 1], strength=1.0, start_percent=0.0, end_percent=1.0,
    )  # fmt: skip
    graph["7"]["inputs"]["positive"] = ["6", 0]
    return graph


GRAPHS = {"bare": bare, "ours": ours, "couple": couple, "official_pack": official_pack}
