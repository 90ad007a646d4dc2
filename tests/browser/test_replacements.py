"""Opening a workflow of the official pack's offers our nodes, and *Replace All* leaves none of theirs."""

import json

OLD = {
    "1": ("IDEmbeddingModelLoader", ["aes_stage2/image_proj_model.bin", 8, "CPU", "AUTO"], 3),
    "2": ("InfuseNetLoader", ["aes_stage2/infusenet_tiny.safetensors"], 1),
    "3": ("ExtractIDEmbedding", [], 1),
    "4": ("ExtractFacePoseImage", [512, 768], 1),
    "5": ("InfuseNetApply", [0.8, 0.1, 0.9], 2),
}
OURS = {"InfuLoadFaceEncoder", "LoadInfuseNet", "EncodeFaceID", "InfuFacePose", "ApplyInfuseNetConditioning"}


def old_workflow() -> dict:
    nodes = [
        {
            "id": int(key),
            "type": kind,
            "pos": [300 * int(key), 100],
            "size": [260, 200],
            "widgets_values": values,
            "inputs": [],
            "outputs": [{"name": str(place), "type": "MODEL", "links": []} for place in range(outputs)],
        }
        for key, (kind, values, outputs) in OLD.items()
    ]
    return {"last_node_id": 5, "last_link_id": 0, "nodes": nodes, "links": [], "groups": [], "version": 0.4}


def test_replace_all(front_end, tmp_path):
    path = tmp_path / "old.json"
    path.write_text(json.dumps(old_workflow()), encoding="utf-8")
    front_end.open()
    front_end.load(path)
    front_end.page.get_by_role("button", name="View details").click()
    front_end.page.get_by_role("button", name="Replace All").click()
    front_end.page.wait_for_function("() => app.graph._nodes.every(n => n.type in LiteGraph.registered_node_types)")
    assert {node["type"] for node in front_end.nodes()} == OURS
    widgets = {node["type"]: front_end.widgets(node["id"]) for node in front_end.nodes()}
    assert widgets["LoadInfuseNet"]["infusenet"] == "aes_stage2/infusenet_tiny.safetensors"
    assert (widgets["InfuFacePose"]["width"], widgets["InfuFacePose"]["height"]) == (512, 768)
    applied = widgets["ApplyInfuseNetConditioning"]
    assert (applied["strength"], applied["start_percent"], applied["end_percent"]) == (0.8, 0.1, 0.9)
