"""FaceNet's network and its cut against facenet-pytorch's own code, on shared random weights and one real photo.

The package pins an old torch; it is taken from the wheel that `get_face_material.py` unpacks.
"""

import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from infu_core.evaluation.measures.judge_cards import read_cards
from infu_core.evaluation.measures.recognisers import Recogniser, box_crop
from infu_core.faces.face import face_from

MATERIAL = Path(__file__).parents[2] / "build" / "face_material"
if not (MATERIAL / "facenet_pytorch").is_dir():
    pytest.skip("[weights] run tests/weights/get_face_material.py first", allow_module_level=True)
sys.path.append(str(MATERIAL))

from facenet_pytorch.models.inception_resnet_v1 import InceptionResnetV1  # noqa: E402
from facenet_pytorch.models.mtcnn import fixed_image_standardization  # noqa: E402
from facenet_pytorch.models.utils.detect_face import extract_face  # noqa: E402


def photo():
    import skimage.data

    return skimage.data.astronaut()


def test_the_network_and_its_preprocessing_are_theirs(tmp_path):
    torch.manual_seed(0)
    network = InceptionResnetV1(pretrained=None).eval()
    for module in network.modules():
        if isinstance(module, torch.nn.modules.batchnorm._BatchNorm):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 1.5)
    card = read_cards(folder=tmp_path)["facenet_vggface2"]
    torch.save(network.state_dict(), card.path)
    judge, box = Recogniser(card), (180.0, 60.0, 280.0, 190.0)
    theirs = extract_face(photo(), np.array(box), 160, 0)
    with torch.no_grad():
        expected = network(fixed_image_standardization(theirs)[None])
    made = judge.embed([judge.crop(photo(), face_from(box, [(0, 0)] * 5, 0.9, ""))])
    assert torch.allclose(made, expected, atol=1e-5)


@pytest.mark.parametrize("box", [(180.4, 60.7, 280.2, 190.9), (-20.0, -5.0, 100.0, 90.0), (430.0, 400.0, 530.0, 540.0)])
@pytest.mark.parametrize("margin", [0, 14, 32])
def test_the_cut_is_theirs(box, margin):
    theirs = extract_face(photo(), np.array(box), 160, margin).permute(1, 2, 0).byte().numpy()
    assert np.array_equal(box_crop(photo(), face_from(box, [(0, 0)] * 5, 0.9, ""), 160, margin), theirs)
