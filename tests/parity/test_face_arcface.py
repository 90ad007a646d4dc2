"""Our ArcFace is facexlib's class on the same weights, from either kind of file, on every device there is."""

import pytest
import torch
from face_fixtures import write_arcface

from infu_core.checkpoints.arcface_file import load_arcface
from infu_core.checkpoints.file_faults import CheckpointError
from infu_core.faces.face import FaceError

arch = pytest.importorskip("facexlib.recognition.arcface_arch")
DEVICES = ["cpu"] + (["cuda"] if torch.cuda.is_available() else [])


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    return write_arcface(tmp_path_factory.mktemp("arcface") / "recognition_arcface_ir_se50.pth")


@pytest.fixture(scope="module")
def pixels():
    return torch.rand(2, 3, 112, 112, generator=torch.Generator().manual_seed(1)) * 2 - 1


@pytest.mark.parametrize("device", DEVICES)
def test_equal_to_facexlibs_class(weights, pixels, device):
    reference = arch.Backbone(50, 0.6, "ir_se").eval()
    reference.load_state_dict(torch.load(weights, weights_only=True), strict=True)
    ours = load_arcface(weights)
    with torch.inference_mode():
        expected = reference(pixels)
        result = ours.to(device)(pixels.to(device)).cpu()
    # On a GPU convolutions may run in TF32, which keeps ten bits of the mantissa.
    tolerance = 1e-6 if device == "cpu" else 2e-3
    torch.testing.assert_close(result, expected, atol=tolerance, rtol=0)
    torch.testing.assert_close(result.norm(dim=1), torch.ones(2), atol=1e-5, rtol=0)


def test_channels_last_pixels_are_welcome(weights, pixels):
    module = load_arcface(weights)
    with torch.inference_mode():
        last = module(pixels.to(memory_format=torch.channels_last))
        torch.testing.assert_close(last, module(pixels), atol=1e-5, rtol=0)


def test_it_needs_no_gradients_and_drops_nothing(weights, pixels):
    module = load_arcface(weights)
    assert not module.training and not any(parameter.requires_grad for parameter in module.parameters())
    assert torch.equal(module(pixels[:1]), module(pixels[:1]))


def test_a_safetensors_file_gives_the_same(weights, pixels, tmp_path):
    other = load_arcface(write_arcface(tmp_path / "arcface.safetensors"))
    with torch.inference_mode():
        assert torch.equal(other(pixels), load_arcface(weights)(pixels))


class Harmful:
    def __reduce__(self):
        return (print, ("this must never run",))


def test_a_pickle_with_code_is_refused_unread(tmp_path, capsys):
    path = tmp_path / "arcface.pth"
    torch.save({"a": Harmful()}, path)
    with pytest.raises(CheckpointError, match="arcface.pth was refused unread"):
        load_arcface(path)
    assert "never run" not in capsys.readouterr().out


def test_a_damaged_file_and_another_network_are_told_apart(tmp_path):
    (tmp_path / "half.pth").write_bytes(b"PK\x03\x04 half a download")
    with pytest.raises(CheckpointError, match="half.pth is no torch weight file, or its download did not finish"):
        load_arcface(tmp_path / "half.pth")
    torch.save({"weight": torch.zeros(3)}, tmp_path / "other.pth")
    with pytest.raises(FaceError, match="other.pth is not ArcFace IR-SE50: 398 of its tensors are missing"):
        load_arcface(tmp_path / "other.pth")
    with pytest.raises(CheckpointError, match="There is no file gone.pth"):
        load_arcface(tmp_path / "gone.pth")
