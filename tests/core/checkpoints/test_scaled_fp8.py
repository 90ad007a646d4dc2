"""ComfyUI's scaled fp8: what is written is read again, in both of its spellings, and what can't be read is named."""

import json

import pytest
import torch
from harness import tiny_models
from safetensors.torch import save_file

from infu_core.checkpoints.file_faults import CheckpointError
from infu_core.checkpoints.load import NetworkFile, load_network
from infu_core.checkpoints.scaled_fp8 import MOST, plain, scaled
from infu_core.checkpoints.weight_files import open_weights

FP8 = torch.float8_e4m3fn


@pytest.fixture(scope="module")
def weights():
    """With matrices of very different size, as trained ones have."""
    made = tiny_models.flux_controlnet()
    return {name: value * 10.0 ** (index % 5 - 4) for index, (name, value) in enumerate(made.items())}


def relative(made, wanted):
    return float((made.float() - wanted).norm() / wanted.norm())


def test_matrices_take_a_byte_a_number_and_lose_little_whatever_their_size(weights):
    stored = scaled(weights, smallest=1000)
    matrices = [name for name, value in weights.items() if value.ndim == 2 and value.numel() >= 1000]
    assert len(matrices) > 20 and all(stored[name].dtype == FP8 for name in matrices)
    assert all(
        value.dtype == torch.bfloat16 for name, value in stored.items() if name in weights and name not in matrices
    )
    back = plain(stored, "file")
    assert back.keys() == weights.keys()
    for name in matrices:
        scale = stored[name.replace("weight", "weight_scale")]
        assert torch.equal(back[name].float(), stored[name].float() * scale)  # exact, whoever multiplies
        assert relative(back[name], weights[name]) < 0.03
        assert (
            relative(weights[name].to(FP8), weights[name]) > 0.025
        )  # without a scale it is worse, and often far worse
    assert all(relative(back[name], value) < 0.005 for name, value in weights.items() if name not in matrices)


def test_a_network_is_opened_from_it(weights, tmp_path):
    save_file(scaled(weights, smallest=1000), tmp_path / "scaled.safetensors")
    save_file(weights, tmp_path / "plain.safetensors")
    file = NetworkFile(tmp_path / "scaled.safetensors")
    assert file.dtype == torch.bfloat16 and not any("scale" in name for name in file.files.header.shapes)
    made, wanted = load_network(tmp_path / "scaled.safetensors"), load_network(tmp_path / "plain.safetensors")
    for (name, one), other in zip(made.named_parameters(), wanted.parameters(), strict=True):
        assert one.dtype == torch.bfloat16 and relative(one, other) < 0.03, name


def old_spelling(stored):
    found = {"scaled_fp8": torch.zeros(2, dtype=FP8)}
    for name, value in stored.items():
        if not name.endswith("comfy_quant"):
            found[name.replace("weight_scale", "scale_weight")] = value
    found["controlnet_x_embedder.scale_input"] = torch.ones(())
    return found


def test_the_older_spelling_gives_the_same(weights, tmp_path):
    stored = scaled(weights, smallest=1000)
    save_file(old_spelling(stored), tmp_path / "old.safetensors")
    save_file(stored, tmp_path / "new.safetensors")
    old, new = (open_weights(tmp_path / f"{name}.safetensors").read_all() for name in ("old", "new"))
    assert old.keys() == new.keys() == weights.keys()
    assert all(torch.equal(old[name], new[name]) for name in new)


def test_a_scale_for_each_row_is_meant_for_its_row(tmp_path):
    rows = torch.tensor([[1.0, -2.0], [0.5, 4.0]])
    stored = {"a.weight": rows.to(FP8), "a.weight_scale": torch.tensor([[3.0], [0.25]])}
    assert torch.equal(plain(stored, "file")["a.weight"].float(), rows * torch.tensor([[3.0], [0.25]]))


def note(**told):
    return torch.tensor(list(json.dumps(told).encode()), dtype=torch.uint8)


MATRIX = torch.full((2, 4), MOST).to(FP8)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (
            {"a.comfy_quant": note(format="nvfp4")},
            r"stores a as nvfp4, which InfU nodes \d+\.\d+\.\d+ can't read .* use the bf16",
        ),
        ({"a.comfy_quant": note(format="convrot_w4a4", convrot_groupsize=256)}, "stores a as convrot_w4a4, which"),
        ({"a.comfy_quant": note(format="asym_w4a8_int8")}, "stores a as asym_w4a8_int8, which"),
        (
            {"a.comfy_quant": note(format="int8_tensorwise", params={"convrot": True})},
            "int8_tensorwise with a rotation",
        ),
        ({"a.weight_scale_2": torch.ones(())}, "stores a as nvfp4, which"),
        ({"a.weight_scale": torch.full((2, 1), 127, dtype=torch.uint8)}, "stores a as mxfp8, which"),
        ({"a.comfy_quant": note(form=1)}, "a.comfy_quant does not say how"),
        ({"a.comfy_quant": torch.tensor([1, 2], dtype=torch.uint8)}, "a.comfy_quant does not say how"),
        ({"a.comfy_quant": note(format="float8_e4m3fn", more=" " * 10_000)}, "a.comfy_quant does not say how"),
        ({"a.weight_scale": torch.tensor(float("nan"))}, "the scale of a.weight"),
        ({"a.weight_scale": torch.tensor(0.0)}, "the scale of a.weight"),
        ({"a.weight_scale": torch.ones(3)}, r"of shape \(3,\), can't be one for a matrix of \(2, 4\)"),
    ],
)
def test_what_cannot_be_read_is_named(more, said, tmp_path):
    stored = {"a.weight": MATRIX, "a.weight_scale": torch.ones(()), **more}
    save_file(stored, tmp_path / "file.safetensors")
    with pytest.raises(CheckpointError, match=said):
        open_weights(tmp_path / "file.safetensors").read_all()
    with pytest.raises(CheckpointError, match=said):
        plain(stored, "file")


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (json.dumps({"layers": {"a": {"format": "mxfp8"}}}), r"stores a as mxfp8, which InfU nodes [\d.]+ can't read"),
        (json.dumps({"layers": {"a": {"format": "int8_tensorwise", "convrot": True}}}), "with a rotation .convrot."),
        (json.dumps({"layers": {"a": {"format": ["nvfp4"]}}}), "stores a as"),
        (json.dumps({"layers": ["a"]}), "_quantization_metadata can't be read"),
        ("{", "_quantization_metadata can't be read"),
    ],
)
def test_the_table_in_the_metadata_is_read_like_the_notes(told, said, tmp_path):
    stored = {"a.weight": MATRIX, "a.weight_scale": torch.tensor(0.5)}
    readable = json.dumps({"format_version": "1.0", "layers": {"a": {"format": "float8_e4m3fn"}}})
    save_file(stored, tmp_path / "file.safetensors", {"_quantization_metadata": readable})
    read = open_weights(tmp_path / "file.safetensors").read("a.weight")
    assert torch.equal(read.float(), torch.full((2, 4), MOST / 2))
    save_file(stored, tmp_path / "file.safetensors", {"_quantization_metadata": told})
    with pytest.raises(CheckpointError, match=said):
        open_weights(tmp_path / "file.safetensors")


def as_int8(weights, **more):
    """Matrices as ComfyUI's `int8_tensorwise` has them: one scale for each."""
    stored = {}
    for name, value in weights.items():
        if value.ndim != 2:
            stored[name] = value.bfloat16()
            continue
        module, scale = name.removesuffix(".weight"), value.abs().max() / 127
        stored[name] = (value / scale).round().to(torch.int8)
        stored[f"{module}.weight_scale"] = scale
        note = json.dumps({"format": "int8_tensorwise", **more}).encode()
        stored[f"{module}.comfy_quant"] = torch.tensor(list(note), dtype=torch.uint8)
    return stored


def test_int8_with_a_scale_is_read(weights, tmp_path):
    save_file(as_int8(weights), tmp_path / "int8.safetensors")
    made = open_weights(tmp_path / "int8.safetensors").read_all()
    assert all(relative(made[name], value) < 0.03 for name, value in weights.items())
    assert load_network(tmp_path / "int8.safetensors").img_in.weight.dtype == torch.bfloat16


def test_int8_without_scales_is_named(weights, tmp_path):
    save_file({name: value.to(torch.int8) for name, value in weights.items()}, tmp_path / "bare.safetensors")
    with pytest.raises(CheckpointError, match="stores its weights as I8"):
        _ = NetworkFile(tmp_path / "bare.safetensors").dtype


def test_int8_with_a_rotation_is_named(weights, tmp_path):
    save_file(as_int8(weights, convrot=True), tmp_path / "turned.safetensors")
    with pytest.raises(CheckpointError, match="int8_tensorwise with a rotation .convrot., which InfU"):
        open_weights(tmp_path / "turned.safetensors")


def test_bitsandbytes_is_named(weights, tmp_path):
    packed = {**weights, "x.weight.absmax": torch.zeros(4), "x.weight.quant_state.bitsandbytes__nf4": torch.zeros(9)}
    save_file(packed, tmp_path / "nf4.safetensors")
    with pytest.raises(CheckpointError, match="nf4.safetensors is packed by bitsandbytes .nf4.*use the bf16 or fp8"):
        open_weights(tmp_path / "nf4.safetensors")
