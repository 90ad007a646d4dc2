"""Every shipped workflow: its two files are one graph, fit the nodes as they are, and make a picture in each host."""

import json

import numpy as np
import pytest
from harness.graphs import NOTE, api_from_ui
from harness.tiny_workflows import WORKFLOWS, api_twin, changed, is_miniature, tiny
from PIL import Image

from infu_core.checkpoints.known_files import FILES
from workshop.workflows import build, model_files

SHOWS = ("SaveImage", "PreviewImage")
every_workflow = pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)


def read(path) -> dict:
    return json.loads(path.read_text(encoding="utf-8"))


def without_titles(api: dict) -> dict:
    return {key: {"class_type": node["class_type"], "inputs": node["inputs"]} for key, node in api.items()}


def pixels(server, graph) -> np.ndarray:
    """The pictures at a graph's end; previews on the way are left out."""
    outputs = server.run(graph)["outputs"]
    ends = {key: outputs[key] for key, node in graph.items() if node["class_type"] in SHOWS}
    pictures = server.images({"outputs": ends})
    return np.asarray([np.asarray(picture.convert("RGB"), dtype=float) for picture in pictures])


def named(stem: str):
    return next(path for path in WORKFLOWS if path.stem == stem)


@pytest.fixture(scope="session")
def object_info(server):
    return server.get("/object_info")


def test_all_are_there_and_the_first_needs_no_download():
    names = [path.stem for path in WORKFLOWS]
    assert names == sorted(build.WORKFLOWS) and [name[:2] for name in names] == [f"{n:02}" for n in range(22)]
    assert is_miniature(read(api_twin(WORKFLOWS[0])))


@every_workflow
def test_both_files_are_one_graph(path, object_info):
    assert api_from_ui(read(path), object_info) == without_titles(read(api_twin(path)))


@every_workflow
def test_links_are_whole(path):
    """The front end drops a link that only one end knows, without a word."""
    ui = read(path)
    nodes = {node["id"]: node for node in ui["nodes"]}
    for link_id, source, output, destination, index, kind in ui["links"]:
        start, slot = nodes[source]["outputs"][output], nodes[destination]["inputs"][index]
        assert link_id in start["links"] and slot["link"] == link_id
        assert kind == slot["type"] and start["type"] in kind.split(",")
    ids = {link[0] for link in ui["links"]}
    held = {slot["link"] for node in ui["nodes"] for slot in node["inputs"] if slot["link"] is not None}
    assert held == ids and len(ids) == len(ui["links"])


@every_workflow
def test_its_notes_say_what_it_needs(path):
    """What it shows, what to change first, what it costs; then one command, and every file with address and folder."""
    texts = [node["widgets_values"][0] for node in read(path)["nodes"] if node["type"] == NOTE]
    assert texts[0].startswith("# ") and "\n## Change first\n\n# " in texts[0] and "\n## Costs\n" in texts[0]
    api = read(api_twin(path))
    if is_miniature(api):
        assert "no download" in texts[0] and len(texts) == 1
        return
    assert texts[1].startswith("# python -m infu_core.checkpoints.download ")
    for file in model_files.of_graph(api):
        assert file.line() in texts[1]


@every_workflow
def test_the_page_can_offer_its_files(path):
    """Every widget that names a file has it in `properties.models`; InfiniteYou's are as `known_files` says."""
    known = {file.name: f"/{file.repository}/resolve/{file.revision}/{file.path}" for file in FILES.values()}
    for node in read(path)["nodes"]:
        if node["type"] == NOTE:
            continue
        offered = node["properties"].get("models", [])
        named = [value for value in node["widgets_values"] if str(value).endswith((".safetensors", ".sft"))]
        if node["type"] != "InfuLoadIdentity":
            assert [file["name"] for file in offered] == named, node["type"]
        for file in offered:
            assert file["url"].startswith("https://huggingface.co/") and file["directory"]
            assert file["directory"] != "infinite_you" or file["url"].endswith(known[file["name"]])


@every_workflow
def test_its_card_is_square(path):
    with Image.open(path.with_suffix(".jpg")) as card:
        assert card.width == card.height >= 256


@every_workflow
def test_it_reads_well(path):
    """Every node says its pack, none lies on another, all are in groups; links run to the right, or down."""
    ui = read(path)
    nodes = {node["id"]: node for node in ui["nodes"]}
    boxes = {key: (*node["pos"], *node["size"]) for key, node in nodes.items()}
    for a, (ax, ay, aw, ah) in boxes.items():
        for b, (bx, by, bw, bh) in boxes.items():
            apart = a == b or ax + aw <= bx or bx + bw <= ax or ay + ah + 30 <= by or by + bh + 30 <= ay
            assert apart, f"nodes {a} and {b} overlap"
    groups = [group["bounding"] for group in ui["groups"]]
    for key, (x, y, w, h) in boxes.items():
        if nodes[key]["type"] != NOTE:
            inside = any(gx <= x and gy <= y and x + w <= gx + gw and y + h <= gy + gh for gx, gy, gw, gh in groups)
            assert inside, f"{nodes[key]['type']} {key} is in no group"
            assert (
                nodes[key]["properties"]["cnr_id"] in ("comfy-core", "infu-nodes") and nodes[key]["properties"]["ver"]
            )
    for _, source, _, destination, *_ in ui["links"]:
        (sx, sy, *_), (dx, dy, *_) = boxes[source], boxes[destination]
        assert (sx, sy) < (dx, dy), f"a link runs back from {nodes[source]['type']} to {nodes[destination]['type']}"


@pytest.mark.parametrize("name", build.WORKFLOWS)
def test_the_files_are_those_that_their_source_makes(name, object_info, tmp_path):
    """After a change of nodes or of the source: `python -m workshop.workflows.build`."""
    build.write(tmp_path, object_info)
    for part in (f"{name}.json", f"api/{name}.json"):
        assert read(tmp_path / part) == read(build.ROOT / "workflows" / part)


@every_workflow
def test_it_makes_a_picture(path, any_server):
    picture = pixels(any_server, tiny(path, any_server.names))
    assert len(picture) >= 1 and picture.std() > 5, picture.std()


@every_workflow
def test_the_identity_is_seen_in_the_picture(path, server):
    graph = tiny(path, server.names)
    difference = np.abs(pixels(server, graph) - pixels(server, changed(graph, "ApplyInfuseNet", strength=0.0)))
    touched = difference[difference > 0]  # a detail pass leaves most of its picture alone
    assert touched.mean() > 2, f"mean change {touched.mean():.2f} of 255, where there is any"


def test_the_face_detail_changes_the_face_alone(server):
    made = pixels(server, tiny(named("14 Face detail"), server.names))[0]
    given = np.asarray(Image.open(server.base.path / "input" / "face_2.png").convert("RGB"), dtype=float)
    change = np.abs(made - given).max(axis=2)
    assert change[256, 256] > 2
    assert max(edge.max() for edge in (change[:40], change[-40:], change[:, :40], change[:, -40:])) == 0


def test_controlnet_and_lora_are_seen_beside_the_identity(server):
    graph = tiny(named("07 ControlNet, LoRA and identity"), server.names)
    with_all = pixels(server, graph)
    for class_type, name in (("ControlNetApplyAdvanced", "strength"), ("LoraLoaderModelOnly", "strength_model")):
        difference = np.abs(with_all - pixels(server, changed(graph, class_type, **{name: 0.0}))).mean()
        assert difference > 1, f"{class_type}: mean change {difference:.2f} of 255"


def test_the_weights_of_the_mix_are_seen(server):
    graph = tiny(named("04 Mix two people"), server.names)
    first, second = (pixels(server, changed(graph, "MixIdentities", weights=weights)) for weights in ("1, 0", "0, 1"))
    assert np.abs(first - second).mean() > 0.1


def test_a_failing_node_says_why(server):
    """The words that a user reads come through the server whole."""
    graph = changed(tiny(named("01 One face"), server.names), "EncodeFaceID", index=7)
    with pytest.raises(RuntimeError, match="EncodeFaceID.*face"):
        server.run(graph)
