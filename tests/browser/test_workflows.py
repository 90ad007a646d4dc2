"""Every workflow opens by the template browser, in classic nodes, and five of them in new ones: whole, in order, and
lacking nothing but model files that the page offers. `INFU_BROWSER=all` opens all in new nodes too.
"""

import os

import pytest
from harness.tiny_workflows import ONE_FACE, TRY_ME, WORKFLOWS

NAMES = [path.stem for path in WORKFLOWS]
FIVE = NAMES if os.environ.get("INFU_BROWSER") == "all" else NAMES[:: max(len(NAMES) // 5, 1)][:5]
CASES = [(name, False) for name in NAMES] + [(name, True) for name in FIVE]
ids = [f"{name}-{'new' if new else 'classic'}" for name, new in CASES]
MODEL_FILES = (".safetensors", ".sft", ".gguf", ".pth", ".onnx", ".bin")
TITLE = 30
LEGIBLE = 9
"""Pixels of a letter's size, in a window of 1920 x 1080: the captions of nodes are drawn at 7 to 8."""


def lacking(front_end) -> dict[str, list]:
    """Node type -> the values of its menus that are not in them."""
    script = """() => { const lacks = w => w.type === 'combo' && w.options?.values?.includes?.(w.value) === false;
                return app.graph._nodes.map(node => [node.type, (node.widgets ?? []).filter(lacks).map(w => w.value)])
                    .filter(([, values]) => values.length) }"""
    return dict(front_end.page.evaluate(script))


def overlapping(nodes: list[dict]) -> list[tuple]:
    """Pairs of nodes that lie on each other, title bars included."""
    pairs = [(a, b) for i, a in enumerate(nodes) for b in nodes[i + 1 :]]
    return [(a["type"], b["type"]) for a, b in pairs if not apart(a["box"], b["box"])]


def apart(a, b) -> bool:
    (ax, ay, aw, ah), (bx, by, bw, bh) = a, b
    return ax + aw <= bx or bx + bw <= ax or ay + ah + TITLE <= by or by + bh + TITLE <= ay


@pytest.mark.parametrize(("name", "new_nodes"), CASES, ids=ids)
def test_it_opens_whole(front_end, name, new_nodes):
    front_end.open(new_nodes=new_nodes)
    front_end.open_template(name)
    nodes = front_end.nodes()
    assert nodes and all(node["known"] for node in nodes), [node["type"] for node in nodes if not node["known"]]
    missing = lacking(front_end)
    no_models = {node: values for node, values in missing.items() if not all(is_model(value) for value in values)}
    assert not no_models, f"menus without these values: {no_models}"
    red = {node["type"] for node in nodes if node["red"]}
    assert red <= missing.keys(), f"red although it lacks no file: {red - missing.keys()}"
    assert not overlapping(nodes)
    assert front_end.note_in_view(), "the note lies outside the window"
    for note in front_end.notes():
        assert note["headline"] >= LEGIBLE, f"{note['title']} is drawn {note['headline']:.1f} pixels high"
        assert note["needs"] <= note["has"], f"{note['title']} needs {note['needs']} pixels and has {note['has']}"


def is_model(value) -> bool:
    return str(value).endswith(MODEL_FILES)


def test_files_that_are_missing_are_listed(front_end):
    """What a newcomer without any file sees of workflow 01: the page's own list, each file under its folder."""
    front_end.open()
    front_end.open_template(ONE_FACE)
    listed = front_end.missing_models()
    for file in ("flux1-dev.safetensors", "ae.safetensors", "infusenet_aes_bf16.safetensors", "clip_l.safetensors"):
        assert file in listed, f"{file} is not in the list of missing models:\n{listed}"


def test_the_first_picture_by_the_button(front_end):
    """Templates, 00, Run: the picture stands on its node, and no node grew over another."""
    front_end.open()
    front_end.open_template(TRY_ME)
    front_end.forget()
    front_end.run()
    front_end.page.wait_for_function(
        "() => app.graph._nodes.filter(n => n.type === 'PreviewImage').every(n => n.imgs?.length)"
    )
    front_end.fit()
    assert not overlapping(front_end.nodes())
    assert not [node["type"] for node in front_end.nodes() if node["red"]]
