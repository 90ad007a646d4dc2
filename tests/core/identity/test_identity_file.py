"""Identity files: the round trip is exact, and every other file is refused in one sentence."""

import json

import pytest
import torch
from safetensors.torch import save_file

from infu_core.identity.identity import FaceSource, Identity
from infu_core.identity.identity_file import IdentityFileError, load_identity, save_identity


def identity(count=3):
    vectors = torch.nn.functional.normalize(torch.randn(count, 512, generator=torch.Generator().manual_seed(0)), dim=1)
    sources = tuple(
        FaceSource(
            f"{n:064x}", (0.1, 1 / 3, 100.7 + n, 2e-7), tuple((n + 0.1 * k, 1 / 7) for k in range(5)), 0.9 + n / 77
        )
        for n in range(count)
    )
    return Identity(vectors, tuple(1 / (n + 3) for n in range(count)), sources, "arcface_ir_se50")


@pytest.mark.parametrize("count", [1, 3])
def test_the_round_trip_is_exact(tmp_path, count):
    saved = identity(count)
    save_identity(saved, tmp_path / "anna.safetensors")
    loaded = load_identity(tmp_path / "anna.safetensors", "arcface_ir_se50")
    assert torch.equal(loaded.vectors, saved.vectors)
    assert (loaded.weights, loaded.sources, loaded.recogniser) == (saved.weights, saved.sources, saved.recogniser)
    assert loaded.digest() == saved.digest()


def test_saving_replaces_the_file_and_leaves_nothing_else(tmp_path):
    save_identity(identity(1), tmp_path / "a.safetensors")
    save_identity(identity(3), tmp_path / "a.safetensors")
    assert len(load_identity(tmp_path / "a.safetensors").vectors) == 3
    assert [path.name for path in tmp_path.iterdir()] == ["a.safetensors"]


def test_a_file_is_small(tmp_path):
    save_identity(identity(1), tmp_path / "a.safetensors")
    assert (tmp_path / "a.safetensors").stat().st_size < 4000


def write(path, tensors=None, **metadata):
    good = {"format": "infu.identity", "schema": "1", "recogniser": "arcface_ir_se50", "sources": "[]"}
    vector = torch.zeros(1, 512)
    vector[0, 0] = 1
    tensors = {"vectors": vector, "weights": torch.ones(1, dtype=torch.float64)} if tensors is None else tensors
    save_file(tensors, path, metadata={**good, **metadata})


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda path: path.write_text("hello"), "is not an identity: it is no safetensors file"),
        (lambda path: path.write_bytes(b""), "is not an identity: it is no safetensors file"),
        (lambda path: save_file({"x": torch.zeros(2)}, path), "a safetensors file of another kind"),
        (lambda path: write(path, schema="2"), r"newer version \(schema 2, this one reads 1\)"),
        (lambda path: write(path, schema="one"), "newer version"),
        (lambda path: write(path, recogniser="glintr100"), "made with the recogniser glintr100, but arcface_ir_se50"),
        (lambda path: write(path, {"vectors": torch.zeros(1, 512)}), "is a damaged identity: it holds"),
        (
            lambda path: write(path, {"vectors": torch.zeros(1, 128), "weights": torch.ones(1)}),
            "instead of vectors of 512",
        ),
        (
            lambda path: write(path, {"vectors": torch.ones(1, 512), "weights": torch.ones(1)}),
            "is a damaged identity: .* length 1",
        ),
        (lambda path: write(path, sources=json.dumps([{"box": [1]}])), "is a damaged identity"),
        (lambda path: write(path, sources="{"), "is a damaged identity"),
    ],
)
def test_every_other_file_is_refused_in_one_sentence(tmp_path, make, sentence):
    path = tmp_path / "face.safetensors"
    make(path)
    with pytest.raises(IdentityFileError, match=sentence) as error:
        load_identity(path, "arcface_ir_se50")
    assert "face.safetensors" in str(error.value) and "\n" not in str(error.value)


def test_a_missing_file_and_any_recogniser(tmp_path):
    with pytest.raises(IdentityFileError, match="gone.safetensors does not exist"):
        load_identity(tmp_path / "gone.safetensors")
    write(tmp_path / "other.safetensors", recogniser="tiny")
    assert load_identity(tmp_path / "other.safetensors").recogniser == "tiny"
