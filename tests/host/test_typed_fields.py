"""Text fields of numbers are checked before anything runs, in the words of the field."""

import pytest
from harness.server import GraphError

FIELDS = {
    "MixIdentities": ("weights", "0,5"),
    "EncodeFaceID": ("photo_weights", "1,,1"),
    "InfuFacePose": ("key_points", "0.4, left"),
    "InfuIdentityRegion": ("box", "0, 0, 1_0, 1"),
    "ApplyInfuseNet": ("block_weights", "1, x"),
    "ApplyInfuseNetConditioning": ("block_weights", "1; \u0663"),
    "InfuSampler": ("free_curve", "0, -1"),
    "InfuGuider": ("free_curve", "nan"),
    "InfuHeadTurns": ("nod", "10, down"),
    "InfuSweep": ("columns", "0; half"),
}


@pytest.mark.parametrize("node", FIELDS)
def test_a_text_that_is_no_list_of_numbers(comfyui, node):
    field, text = FIELDS[node]
    said = comfyui.node(node).validate_inputs(**{field: text})
    assert isinstance(said, str) and field in said and "\n" not in said
    assert comfyui.node(node).validate_inputs(**{field: ""}) is True
    assert comfyui.node(node).validate_inputs(**{field: None}) is True


def test_a_server_refuses_it_before_the_queue(any_server):
    graph = {
        "2": {"class_type": "LoadImage", "inputs": {"image": "face.png"}},
        "3": {
            "class_type": "EncodeFaceID",
            "inputs": {
                "image": ["2", 0], "face": "largest", "index": 0, "no_face": "stop", "outliers": "keep",
                "threshold": 0.5, "photo_weights": "1,,1", "key_points": "",
            },
        },
    }  # fmt: skip
    with pytest.raises(GraphError, match="photo_weights should hold numbers"):
        any_server.queue(graph)
    graph["3"]["inputs"]["photo_weights"] = "1,"
    any_server.run(graph)
