"""A torch file is a program: only those that make tensors are read, and the others are refused before they are."""

import os
import pickle
import zipfile

import pytest
import torch

from infu_core.checkpoints.headers import CheckpointError
from infu_core.checkpoints.torch_files import read_torch_file

WEIGHTS = {"image_proj": {"latents": torch.arange(6.0).reshape(1, 2, 3), "proj_in.weight": torch.ones(2, 2)}}


class MakesFile:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("zipped", [True, False])
def test_nested_weights_are_read(tmp_path, zipped):
    path = tmp_path / "image_proj_model.bin"
    torch.save(WEIGHTS, path, _use_new_zipfile_serialization=zipped)
    weights = read_torch_file(path)
    assert weights.keys() == {"image_proj.latents", "image_proj.proj_in.weight"}
    assert torch.equal(weights["image_proj.latents"], WEIGHTS["image_proj"]["latents"])


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_every_storage_type_is_read(tmp_path, dtype):
    path = tmp_path / "weights.bin"
    torch.save({"a": torch.nn.Parameter(torch.ones(3, dtype=dtype))}, path)
    assert read_torch_file(path)["a"].dtype == dtype


@pytest.mark.parametrize("zipped", [True, False])
def test_a_program_is_refused_unread(tmp_path, zipped):
    trap = tmp_path / "sprung"
    path = tmp_path / "evil.bin"
    torch.save({**WEIGHTS, "extra": MakesFile(trap)}, path, _use_new_zipfile_serialization=zipped)
    with pytest.raises(CheckpointError, match="refused unread.*mkdir"):
        read_torch_file(path)
    assert not trap.exists()


@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_a_bare_pickle_is_refused_unread(tmp_path, protocol, monkeypatch):
    monkeypatch.setattr(torch, "load", lambda *_, **__: pytest.fail("torch has read a file that was to be refused"))
    path = tmp_path / "evil.bin"
    path.write_bytes(pickle.dumps(MakesFile(tmp_path / "sprung"), protocol=protocol) * 5)
    with pytest.raises(CheckpointError, match="refused unread"):
        read_torch_file(path)
    assert not (tmp_path / "sprung").exists()


def test_a_torchscript_program_is_refused_unread(tmp_path):
    path = tmp_path / "program.bin"
    torch.jit.script(torch.nn.Linear(2, 2)).save(path)
    with pytest.raises(CheckpointError, match="refused unread"):
        read_torch_file(path)


def test_a_cut_off_file_and_a_stray_zip_are_told(tmp_path):
    path = tmp_path / "image_proj_model.bin"
    torch.save(WEIGHTS, path)
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(CheckpointError, match="download did not finish"):
        read_torch_file(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "hello")
    with pytest.raises(CheckpointError, match="zip archive without weights"):
        read_torch_file(path)


def test_something_else_than_named_weights_is_told(tmp_path):
    path = tmp_path / "list.bin"
    torch.save([torch.ones(1)], path)
    with pytest.raises(CheckpointError, match="holds a list"):
        read_torch_file(path)
