"""What people saved before the house was rearranged still opens: written by the pack at commit 2881b42.

Graphs as that commit shipped them, an identity of two vectors as its Save Identity wrote one, and a tiny random
projector (`tiny_models.projector(64, 1)` in bfloat16) through its `infu_core.checkpoints.convert`.
"""

import json
from pathlib import Path

import pytest
import torch
from harness import tiny_models
from harness.checkout import ROOT

from infu_core.checkpoints.load import load_projector
from infu_core.identity.identity import FaceSource
from infu_core.identity.identity_file import load_identity

SAVED = Path(__file__).parent / "saved_at_2881b42"
GRAPHS = sorted(SAVED.glob("*.json"))
INTERFACE = json.loads((ROOT / "tests" / "host" / "interface.json").read_text(encoding="utf-8"))
OURS = ("Infu", "EncodeFaceID", "MixIdentities", "LoadInfuseNet", "ApplyInfuseNet")


def test_an_old_identity_is_the_same_person():
    vectors = torch.randn(2, 512, generator=torch.Generator().manual_seed(14))
    points = ((5.0, 6.0), (20.0, 6.0), (12.0, 15.0), (7.0, 25.0), (18.0, 25.0))
    identity = load_identity(SAVED / "two_people.safetensors")
    torch.testing.assert_close(identity.vectors, torch.nn.functional.normalize(vectors, dim=1))
    assert identity.weights == (1.0, 0.25)
    assert identity.sources == (FaceSource("ab" * 32, (1.5, 2.0, 30.0, 40.0), points, 0.75),)


def test_an_old_converted_projector_has_its_numbers(tmp_path):
    table = {name: value.bfloat16() for name, value in tiny_models.projector(64, 1).items()}
    torch.save({"image_proj": table}, tmp_path / "image_proj_model.bin")
    paths = (SAVED / "image_proj_model.safetensors", tmp_path / "image_proj_model.bin")
    old, new = (load_projector(path).state_dict() for path in paths)
    assert old.keys() == new.keys() and all(torch.equal(old[name], new[name]) for name in old)


@pytest.mark.parametrize("path", GRAPHS, ids=lambda path: path.stem)
def test_an_old_graph_finds_its_nodes_inputs_and_choices(path):
    nodes = json.loads(path.read_text(encoding="utf-8")).values()
    ours = [node for node in nodes if node["class_type"].startswith(OURS)]
    assert len(ours) > 1
    for node in ours:
        inputs = {each["name"]: each for each in INTERFACE[node["class_type"]]["inputs"]}
        given = {name.split(".")[0]: value for name, value in node["inputs"].items()}  # identities.identity_0
        assert given.keys() <= inputs.keys()
        assert {name for name, each in inputs.items() if not each["optional"]} <= given.keys()
        for name, value in given.items():
            assert isinstance(value, list) or value in inputs[name].get("choices", [value])


def test_all_graphs_of_then_are_asked():
    assert len(GRAPHS) == 7
