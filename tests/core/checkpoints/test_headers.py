"""What a file says of itself is read without its tensors, and a damaged file is told for what it is."""

import json

import pytest
import torch
from safetensors.torch import save_file

from infu_core.checkpoints.headers import CheckpointError, read_safetensors_header

WEIGHTS = {"a.weight": torch.ones(4, 8, dtype=torch.bfloat16), "a.bias": torch.ones(4)}


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "net.safetensors"
    save_file(WEIGHTS, path, metadata={"infu.kind": "infusenet"})
    return path


def test_names_shapes_types_and_metadata(file):
    header = read_safetensors_header(file)
    assert header.shapes == {"a.weight": (4, 8), "a.bias": (4,)}
    assert header.main_type() == "BF16"
    assert header.metadata == {"infu.kind": "infusenet"}


def test_a_file_of_six_gigabytes_is_recognised_from_its_first_bytes(tmp_path):
    """The file is sparse: reading its tensors would take 6 GB of memory and show in the time."""
    table = {"w": {"dtype": "BF16", "shape": [3_000_000_000], "data_offsets": [0, 6_000_000_000]}}
    text = json.dumps(table).encode()
    path = tmp_path / "large.safetensors"
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        file.truncate(8 + len(text) + 6_000_000_000)
    assert read_safetensors_header(path).shapes == {"w": (3_000_000_000,)}


@pytest.mark.parametrize("kept", [-1, 60, 8])
def test_a_cut_off_file_says_so(file, kept):
    file.write_bytes(file.read_bytes()[:kept])
    assert_one_sentence(
        file, "is cut off|no safetensors" if kept == 8 else "is cut off: it has [\\d,]+ bytes of [\\d,]+"
    )


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 5905000000\n", "Git LFS pointer"),
        (b"<!DOCTYPE html><html>not found</html>", "a web page"),
        (b"GGUF" + bytes(100), "a GGUF file"),
        (b"PK\x03\x04" + bytes(100), "a torch file with the wrong ending"),
        (b"\x80\x02}q\x00." + bytes(100), "a pickle with the wrong ending"),
        (b"\x10\x00\x00\x00\x00\x00\x00\x00" + b"[" * 16, "no safetensors file"),
        (b"\x10\x00\x00\x00\x00\x00\x00\x00" + b"{" * 16, "damaged"),
        (b"\x02\x00\x00\x00\x00\x00\x00\x00{}", "without any tensor"),
        (b"nonsense, and more of it", "no safetensors file"),
    ],
)
def test_other_content_is_told(file, content, said):
    file.write_bytes(content)
    assert_one_sentence(file, said)


def assert_one_sentence(file, said):
    with pytest.raises(CheckpointError, match=said) as error:
        read_safetensors_header(file)
    text = str(error.value)
    assert text.startswith("net.safetensors ")
    assert text.endswith(".")
    assert ". " not in text
