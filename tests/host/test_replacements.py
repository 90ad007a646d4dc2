"""A workflow of the official pack's finds our nodes offered in place of its own, with wires and widgets that exist."""

import pytest

THEIRS = {"InfuseNetLoader", "IDEmbeddingModelLoader", "ExtractIDEmbedding", "ExtractFacePoseImage", "InfuseNetApply"}


@pytest.fixture(scope="module")
def offered(server):
    return server.get("/node_replacements")


def test_each_of_their_nodes_has_one_of_ours(offered):
    assert THEIRS <= offered.keys()


def test_what_it_maps_to_exists(offered, server):
    nodes = server.get("/object_info")
    for old in THEIRS:
        (replacement,) = offered[old]
        node = nodes[replacement["new_node_id"]]
        inputs = node["input"]["required"] | node["input"].get("optional", {})
        unknown = {entry["new_id"] for entry in replacement["input_mapping"]} - inputs.keys()
        assert not unknown, f"{old}: {replacement['new_node_id']} has no inputs {unknown}"
        assert all(entry["new_idx"] < len(node["output"]) for entry in replacement["output_mapping"])
        for entry in replacement["input_mapping"]:
            if "set_value" in entry:
                kind, *options = inputs[entry["new_id"]]
                choices = options[0].get("options") if options else None
                assert kind != "COMBO" or entry["set_value"] in choices, f"{old}: {entry}"
