"""Subgraph blueprints: a whole workflow as one node that the page's search offers, written to `subgraphs/`.

Each file holds one node and the graph inside it. What is asked for outside (`Opening`) is a wire, or a widget of an
inner node that shows on the outer one.
"""

from dataclasses import dataclass
from uuid import NAMESPACE_URL, uuid5

from .motifs import USUAL_COSTS, apply, decoded, empty, load_models, prompt, sample
from .one_person import PORTRAIT
from .page import Graph, Node, Note

OUTSIDE_IN, OUTSIDE_OUT = -10, -20
"""The page's ids of the two borders of a subgraph."""
THROUGH_A_LINK = -1
"""What stands for the node where an outer widget shows an inner one that is wired to the border."""
BORDER = (120, 140)
"""Width of a border, and how far it lies from the graph inside."""
SIZE = [340, 330]


@dataclass(frozen=True)
class Opening:
    """`name`: of an input of `node`, or of an output; outside it is called `label`."""

    label: str
    node: Node
    name: str


@dataclass(frozen=True)
class Blueprint:
    graph: Graph
    given: tuple[Opening, ...]
    made: Opening
    description: str


def one_photo() -> Blueprint:
    """Workflow 01 without its photo and its saved picture."""
    graph = Graph()
    models = load_models(graph)
    words = prompt(graph, models, PORTRAIT)
    face = graph.add("EncodeFaceID")
    applied, latent = apply(graph, models, face), empty(graph)
    graph.group("The identity goes into the model", face, applied, latent)
    sampler = sample(graph, applied, words.guided, words.nothing, latent)
    picture = decoded(graph, sampler, models)
    graph.group("The picture", sampler, picture)
    graph.note = Note(
        "InfiniteYou (one photo)",
        "Workflow *01* as one node: a photo and words in, a picture out.",
        (
            "outside: **prompt**, **strength** (0.7 to 1), **style** (0.5 where a painting became a photo), **seed**",
            "in here: files of another precision, **width** and **height** in *Empty Latent*, **reuse** in the sampler",
        ),
        USUAL_COSTS,
    )
    given = (
        Opening("photo", face, "image"),
        Opening("prompt", words.prompt, "text"),
        Opening("strength", applied, "strength"),
        Opening("style", applied, "style_alignment"),
        Opening("seed", sampler, "seed"),
    )
    return Blueprint(graph, given, Opening("picture", picture, "IMAGE"), "A person from one photo, in words of yours.")


BLUEPRINTS = {"InfiniteYou (one photo)": one_photo}


def wrapped(name: str, blueprint: Blueprint, inside: dict, properties: dict) -> dict:
    """The file's content: `inside`, a graph as the page saves it, in one node."""
    key = str(uuid5(NAMESPACE_URL, f"infu-nodes/subgraphs/{name}"))
    nodes = {node["id"]: node for node in inside["nodes"]}
    links = [
        dict(zip(("id", "origin_id", "origin_slot", "target_id", "target_slot", "type"), link, strict=True))
        for link in inside["links"]
    ]
    inputs = []
    for place, opening in enumerate(blueprint.given):
        node = nodes[int(opening.node.key)]
        index, slot = next((i, one) for i, one in enumerate(node["inputs"]) if one["name"] == opening.name)
        slot["link"] = len(links) + 1
        ends = {"origin_id": OUTSIDE_IN, "origin_slot": place, "target_id": node["id"], "target_slot": index}
        links.append({"id": slot["link"], **ends, "type": slot["type"]})
        inputs.append(border(key, opening, slot["type"], slot["link"]))
    maker = nodes[int(blueprint.made.node.key)]
    index, slot = next((i, one) for i, one in enumerate(maker["outputs"]) if one["name"] == blueprint.made.name)
    last = len(links) + 1
    slot["links"].append(last)
    ends = {"origin_id": maker["id"], "origin_slot": index, "target_id": OUTSIDE_OUT, "target_slot": 0}
    links.append({"id": last, **ends, "type": slot["type"]})
    definition = {
        "id": key,
        "version": 1,
        "state": {
            "lastGroupId": max(group["id"] for group in inside["groups"]),
            "lastNodeId": inside["last_node_id"],
            "lastLinkId": last,
            "lastRerouteId": 0,
        },
        "revision": 0,
        "config": {},
        "name": name,
        "inputNode": {"id": OUTSIDE_IN, "bounding": beside(inside, len(inputs), before=True)},
        "outputNode": {"id": OUTSIDE_OUT, "bounding": beside(inside, 1, before=False)},
        "inputs": inputs,
        "outputs": [border(key, blueprint.made, slot["type"], last)],
        "widgets": [],
        "nodes": inside["nodes"],
        "groups": inside["groups"],
        "links": links,
        "extra": {},
        "category": "InfU",
        "description": blueprint.description,
    }
    return {
        "revision": 0,
        "last_node_id": 1,
        "last_link_id": 0,
        "nodes": [outer_node(name, key, blueprint, definition, nodes, properties)],
        "links": [],
        "version": 0.4,
        "definitions": {"subgraphs": [definition]},
    }


def border(key: str, opening: Opening, kind: str, link: int) -> dict:
    identity = str(uuid5(NAMESPACE_URL, f"{key}/{opening.label}"))
    return {"id": identity, "name": opening.name, "label": opening.label, "type": kind, "linkIds": [link]}


def outer_node(name: str, key: str, blueprint: Blueprint, definition: dict, nodes: dict, properties: dict) -> dict:
    inputs, shown = [], []
    for opening, slot in zip(blueprint.given, definition["inputs"], strict=True):
        inputs.append({"label": slot["label"], "name": slot["name"], "type": slot["type"], "link": None})
        inner = next(one for one in nodes[int(opening.node.key)]["inputs"] if one["name"] == opening.name)
        if "widget" in inner:
            inputs[-1]["widget"] = {"name": slot["name"]}
            shown.append([str(THROUGH_A_LINK), opening.name])
    made = definition["outputs"][0]
    return {
        "id": 1,
        "type": key,
        "title": name,
        "pos": [0, 0],
        "size": SIZE,
        "flags": {},
        "order": 0,
        "mode": 0,
        "inputs": inputs,
        "outputs": [{"label": made["label"], "name": made["name"], "type": made["type"], "links": []}],
        "properties": {"proxyWidgets": shown, **properties},
        "widgets_values": [],
    }


def beside(inside: dict, slots: int, before: bool) -> list[int]:
    """Where a border lies: left of everything inside, or right of it."""
    width, gap = BORDER
    left = min(node["pos"][0] for node in inside["nodes"]) - gap - width
    right = max(node["pos"][0] + node["size"][0] for node in inside["nodes"]) + gap
    return [left if before else right, 200, width, 40 + 20 * slots]
