"""The subgraph blueprints: listed by both hosts, whole, as their source makes them, and drawing a picture."""

import json

import pytest
from harness.checkout import ROOT
from harness.graphs import api_from_ui
from harness.tiny_workflows import tiny_graph

from workshop.workflows import build
from workshop.workflows.blueprints import OUTSIDE_IN, OUTSIDE_OUT

every_blueprint = pytest.mark.parametrize("name", build.BLUEPRINTS)


def path_of(name: str):
    return ROOT / "subgraphs" / f"{name}.json"


def read(name: str) -> dict:
    return json.loads(path_of(name).read_text(encoding="ascii"))


@pytest.fixture(scope="module")
def object_info(server):
    return server.get("/object_info")


def test_there_is_one_for_each_source_and_no_other():
    assert {path.stem for path in (ROOT / "subgraphs").iterdir()} == build.BLUEPRINTS.keys()


@every_blueprint
def test_both_hosts_hand_it_out(name, any_server):
    """0.14 reads it in the system's encoding, so it must be ASCII: `read` refuses anything else."""
    listed = any_server.get("/global_subgraphs")
    (key,) = [key for key, entry in listed.items() if entry["name"] == name]
    assert listed[key]["info"]["node_pack"] == f"custom_nodes.{any_server.base.pack.name}"
    assert json.loads(any_server.get(f"/global_subgraphs/{key}")["data"]) == read(name)


@every_blueprint
def test_the_file_is_what_its_source_makes(name, object_info):
    """After a change of nodes or of the source: `python -m workshop.workflows.build`."""
    assert build.blueprint(name, object_info) == read(name)


@every_blueprint
def test_what_comes_in_and_goes_out_is_wired_at_both_ends(name):
    file = read(name)
    (definition,), (outer,) = file["definitions"]["subgraphs"], file["nodes"]
    nodes = {node["id"]: node for node in definition["nodes"]}
    links = {link["id"]: link for link in definition["links"]}
    assert outer["type"] == definition["id"]
    for place, (slot, outside) in enumerate(zip(definition["inputs"], outer["inputs"], strict=True)):
        assert (slot["label"], slot["type"]) == (outside["label"], outside["type"])
        (link,) = (links[key] for key in slot["linkIds"])
        inner = nodes[link["target_id"]]["inputs"][link["target_slot"]]
        assert (link["origin_id"], link["origin_slot"], inner["link"]) == (OUTSIDE_IN, place, link["id"])
        assert (
            ("widget" in inner)
            == ("widget" in outside)
            == (["-1", slot["name"]] in outer["properties"]["proxyWidgets"])
        )
    (made,) = definition["outputs"]
    (link,) = (links[key] for key in made["linkIds"])
    assert link["target_id"] == OUTSIDE_OUT and link["type"] == made["type"] == outer["outputs"][0]["type"]
    assert link["id"] in nodes[link["origin_id"]]["outputs"][link["origin_slot"]]["links"]


def flat(name: str, object_info: dict) -> dict:
    """The graph inside as the server takes it, with a photo before it and a saved picture behind it."""
    definition = read(name)["definitions"]["subgraphs"][0]
    order = ("id", "origin_id", "origin_slot", "target_id", "target_slot", "type")
    inner = [
        link for link in definition["links"] if OUTSIDE_IN != link["origin_id"] and link["target_id"] != OUTSIDE_OUT
    ]
    held = {link["id"] for link in inner}
    for slot in (slot for node in definition["nodes"] for slot in node["inputs"]):
        slot["link"] = slot["link"] if slot["link"] in held else None
    api = api_from_ui(
        {"nodes": definition["nodes"], "links": [[link[k] for k in order] for link in inner]}, object_info
    )
    (photo,) = (link for link in definition["links"] if link["origin_id"] == OUTSIDE_IN and link["type"] == "IMAGE")
    (picture,) = (link for link in definition["links"] if link["target_id"] == OUTSIDE_OUT)
    taker = next(node for node in definition["nodes"] if node["id"] == photo["target_id"])
    api[str(taker["id"])]["inputs"][taker["inputs"][photo["target_slot"]]["name"]] = ["photo", 0]
    source = [str(picture["origin_id"]), picture["origin_slot"]]
    return api | {
        "photo": {"class_type": "LoadImage", "inputs": {"image": "face.png"}},
        "save": {"class_type": "SaveImage", "inputs": {"images": source, "filename_prefix": "blueprint"}},
    }


@every_blueprint
def test_it_draws_a_picture(name, object_info, any_server):
    graph = tiny_graph(flat(name, object_info), any_server.names)
    picture = any_server.images(any_server.run(graph))[-1]
    low, high = picture.convert("L").getextrema()
    assert high - low > 30
