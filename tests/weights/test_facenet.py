"""FaceNet's network and cut against facenet-pytorch's own code, on shared random weights and one real photo.

The package pins an old torch; its files are taken from the wheel that `get_face_material.py` unpacks, one by one.
"""

import importlib.util
import sys
import types
from pathlib import Path

import numpy as np
import pytest
import torch

from infu_core.evaluation.measures.judge_cards import read_cards
from infu_core.evaluation.measures.recognisers import Recogniser

FACENET = Path(__file__).parents[2] / "build" / "face_material" / "facenet_pytorch" / "models"
if not FACENET.is_dir():
    pytest.skip("[weights] run tests/weights/get_face_material.py first", allow_module_level=True)


def theirs(name):
    """A module of the package alone: its own imports of siblings are not needed for what is called here."""
    for parent in ("facenet_pytorch", "facenet_pytorch.models", "facenet_pytorch.models.utils"):
        sys.modules.setdefault(parent, types.ModuleType(parent)).__path__ = []
    path = FACENET / f"{name.replace('.', '/')}.py"
    full = f"facenet_pytorch.models.{name}"
    spec = importlib.util.spec_from_file_location(full, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[full] = module
    spec.loader.exec_module(module)
    return module


def test_the_network_is_theirs(tmp_path):
    theirs("utils.download")
    torch.manual_seed(0)
    network = theirs("inception_resnet_v1").InceptionResnetV1(pretrained=None).eval()
    for module in network.modules():
        if isinstance(module, torch.nn.modules.batchnorm._BatchNorm):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 1.5)
    card = read_cards(folder=tmp_path)["facenet_vggface2"]
    torch.save(network.state_dict(), card.path)
    judge = Recogniser(card)
    crop = np.random.default_rng(0).integers(0, 255, (160, 160, 3), dtype=np.uint8)
    pixels = (torch.from_numpy(crop).permute(2, 0, 1)[None].float() - 127.5) / 128.0  # fixed_image_standardization
    with torch.no_grad():
        expected = network(pixels)
    assert torch.allclose(judge.embed([crop]), expected, atol=1e-5)
