"""The subgraph blueprint: found by its name, one node with the dials that people turn, and a picture comes out."""

import pytest
from harness.front_end import FOUND
from harness.tiny_workflows import tiny_graph

from workshop.workflows.blueprints import BLUEPRINTS

(NAME,) = BLUEPRINTS
DIALS = {"prompt", "strength", "style", "seed"}
BETWEEN_PHOTO_AND_PREVIEW = """id => { const node = app.graph.getNodeById(id);
    const [photo, preview] = ['LoadImage', 'PreviewImage'].map(type => app.graph.add(LiteGraph.createNode(type)));
    photo.widgets[0].value = 'face.png';
    photo.connect(0, node, 0); node.connect(0, preview, 0) }"""
TURN = """([id, values]) => { for (const widget of app.graph.getNodeById(id).widgets)
    widget.value = values[widget.label ?? widget.name] ?? widget.value }"""


def put(front_end) -> dict:
    """Double-click, type the name, Enter: the node."""
    page = front_end.page
    front_end.open_search((900, 300))
    page.keyboard.type(NAME)
    page.locator(FOUND).first.wait_for()
    page.wait_for_timeout(800)
    page.keyboard.press("Enter")
    page.mouse.click(900, 300)
    front_end.settle()
    (node,) = front_end.nodes()
    return node


@pytest.mark.parametrize("new_nodes", [False, True], ids=["classic", "new"])
def test_one_node_with_the_dials_draws_a_picture(front_end, new_nodes):
    front_end.open(new_nodes=new_nodes)
    front_end.clear()
    node = put(front_end)
    assert node["title"] == NAME
    script = "id => Object.fromEntries(app.graph.getNodeById(id).widgets.map(w => [w.label ?? w.name, w.value]))"
    shown = front_end.page.evaluate(script, node["id"])
    assert shown.keys() == DIALS and shown["strength"] == 1
    front_end.page.evaluate(BETWEEN_PHOTO_AND_PREVIEW, node["id"])
    front_end.page.evaluate(TURN, [node["id"], {"strength": 0.77, "style": 0.25, "prompt": "words of mine"}])
    asked = front_end.page.evaluate("async () => (await app.graphToPrompt()).output")
    inner = {entry["class_type"]: entry["inputs"] for entry in asked.values()}
    assert inner["ApplyInfuseNet"]["strength"] == 0.77 and inner["ApplyInfuseNet"]["style_alignment"] == 0.25
    assert inner["CLIPTextEncode"]["text"] == "words of mine"
    server = front_end.server
    (picture,) = server.images(server.run(tiny_graph(asked, server.names)))[-1:]
    assert picture.convert("L").getextrema()[1] > 60


def test_its_missing_files_are_listed(front_end):
    front_end.open()
    front_end.clear()
    put(front_end)
    front_end.page.evaluate("() => app.loadGraphData(app.graph.serialize(), true, true, 'kept')")
    front_end.settle()
    listed = front_end.missing_models()
    assert "flux1-dev.safetensors" in listed and "infusenet_aes_bf16.safetensors" in listed
