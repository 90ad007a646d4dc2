"""InfuseNets in GGUF: the same numbers as the library reads, bounds before belief, one sentence for a damaged file."""

import importlib.util
import random
import struct
import time

import pytest
import torch
from harness import tiny_models
from harness.gguf_writing import random_blocks, write_gguf

from infu_core.checkpoints import gguf_files
from infu_core.checkpoints.file_faults import CheckpointError
from infu_core.checkpoints.formats import kind_of
from infu_core.checkpoints.gguf_header import BLOCKS, KINDS, PACKED, read_gguf_header
from infu_core.checkpoints.key_maps import from_published
from infu_core.checkpoints.load import NetworkFile, load_network, load_projector
from infu_core.checkpoints.network_sizes import NETWORK
from infu_core.checkpoints.weight_files import open_weights

gguf = pytest.importorskip("gguf")

WRITTEN = ("F32", "F16", "BF16", "Q8_0", "Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K", "Q4_0", "Q5_1", "IQ4_NL", "IQ4_XS")


@pytest.fixture(scope="module")
def weights():
    return tiny_models.flux_controlnet((1, 1))


@pytest.fixture(scope="module")
def sound(weights, tmp_path_factory):
    path = tmp_path_factory.mktemp("gguf") / "net.gguf"
    write_gguf(path, weights)
    load_network(path)
    return path


def test_the_table_of_types_is_the_librarys():
    sizes = {int(kind): (kind.name, *size) for kind, size in gguf.GGML_QUANT_SIZES.items()}
    assert {number: sizes[number] for number in KINDS} == KINDS
    readable = {kind.name for kind in gguf.quants._type_traits} | {"F32", "F16", "F64"}
    assert set(BLOCKS) <= readable


@pytest.mark.parametrize("kind", WRITTEN)
def test_a_network_is_what_the_library_reads(kind, weights, tmp_path):
    expected = write_gguf(tmp_path / "net.gguf", weights, kind)
    file = NetworkFile(tmp_path / "net.gguf")
    assert kind_of(file.files.header) == NETWORK
    assert file.dtype == {"F32": torch.float32, "F16": torch.float16}.get(kind, torch.bfloat16)
    ours = from_published(expected, 1, 1, True)
    loaded = load_network(tmp_path / "net.gguf").state_dict()
    assert loaded.keys() == ours.keys()
    for name, value in ours.items():
        assert loaded[name].dtype == file.dtype
        assert torch.equal(loaded[name], value.to(file.dtype)), name


@pytest.mark.parametrize("kind", sorted(PACKED))
def test_any_blocks_are_what_the_library_makes_of_them(kind, tmp_path):
    """Random bytes, whatever they mean: scales that are infinite or NaN among them."""
    numbers, size = BLOCKS[kind]
    quant = gguf.GGMLQuantizationType[kind]
    stored = random_blocks("raw", (3, 2 * size), size, seed=5)
    writer = gguf.GGUFWriter(tmp_path / "some.gguf", "any")
    writer.add_tensor("before", torch.ones(3).numpy())
    writer.add_tensor("a.weight", stored, raw_dtype=quant)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    read = open_weights(tmp_path / "some.gguf").read("a.weight")
    expected = torch.from_numpy(gguf.quants.dequantize(stored, quant).copy()).to(torch.bfloat16)
    assert read.shape == expected.shape == (3, 2 * numbers)
    assert torch.equal(read.nan_to_num(7.0), expected.nan_to_num(7.0))


def test_matrices_become_fp8_where_that_is_asked_for(sound):
    network = load_network(sound, torch.float8_e4m3fn)
    assert network.double_blocks[0].img_attn.qkv.weight.dtype == torch.float8_e4m3fn
    assert network.double_blocks[0].img_attn.qkv.bias.dtype == torch.bfloat16


def test_metadata_and_a_prefix_are_read(weights, tmp_path):
    named = {f"controlnet.{name}": value for name, value in weights.items()}
    write_gguf(tmp_path / "net.gguf", named, infu__recogniser="miniature")
    assert NetworkFile(tmp_path / "net.gguf").recogniser == "miniature"
    load_network(tmp_path / "net.gguf")


def test_what_is_no_network_is_named(tmp_path):
    write_gguf(tmp_path / "flux.gguf", tiny_models.flux((1, 1)))
    with pytest.raises(CheckpointError, match="flux.gguf is no InfuseNet but a whole diffusion model"):
        load_network(tmp_path / "flux.gguf")
    write_gguf(tmp_path / "projector.gguf", tiny_models.projector())
    with pytest.raises(CheckpointError, match="is an identity projector"):
        load_network(tmp_path / "projector.gguf")
    load_projector(tmp_path / "projector.gguf")


def test_without_the_library_the_install_is_told_where_it_is_needed(sound, weights, tmp_path, monkeypatch):
    write_gguf(tmp_path / "half.gguf", weights, "F16")
    find = importlib.util.find_spec
    monkeypatch.setattr(gguf_files.importlib.util, "find_spec", lambda name: None if name == "gguf" else find(name))
    said = r"net.gguf is packed as GGUF \(Q8_0\), for which the package gguf is needed: run .*pip install gguf"
    with pytest.raises(CheckpointError, match=said):
        load_network(sound)
    load_network(tmp_path / "half.gguf")


def spoilt(weights, value):
    return {**weights, "transformer_blocks.0.attn.to_q.weight": torch.full((256, 256), value)}


@pytest.mark.parametrize(("value", "said"), [(0.0, "holds zeros"), (float("nan"), "NaN or infinite")])
def test_zeros_and_nan_are_found_in_packed_weights(value, said, weights, tmp_path):
    if value == 0:
        weights = {name: torch.zeros_like(old) if old.ndim == 2 else old for name, old in weights.items()}
    write_gguf(tmp_path / "net.gguf", spoilt(weights, value), "Q8_0" if value == 0 else "F16")
    with pytest.raises(CheckpointError, match=f"net.gguf is damaged: .*{said}"):
        load_network(tmp_path / "net.gguf")


def one_line(path, most_seconds=2.0) -> str | None:
    """What is said of a file, None where it loads."""
    began = time.perf_counter()
    try:
        load_network(path)
        return None
    except CheckpointError as error:
        assert path.name in str(error) and "\n" not in str(error)
        return str(error)
    finally:
        assert time.perf_counter() - began < most_seconds


def edited(sound, tmp_path, at, form, *values):
    content = bytearray(sound.read_bytes())
    struct.pack_into(f"<{form}", content, at, *values)
    (tmp_path / "bad.gguf").write_bytes(content)
    return tmp_path / "bad.gguf"


@pytest.mark.parametrize(
    ("at", "form", "value", "said"),
    [
        (0, "I", 0, "is no GGUF file"),
        (4, "I", 1, "version 1"),
        (4, "I", 3 << 24, "version 50331648"),
        (8, "Q", 2**63, "damaged GGUF header"),
        (8, "Q", 0, "without any tensor"),
        (16, "Q", 2**63, "damaged GGUF header"),
        (24, "Q", 2**62, "damaged GGUF header"),  # the length of the first key
        (24, "Q", 900, "bad.gguf"),
    ],
)
def test_counts_are_checked_before_they_are_believed(sound, tmp_path, at, form, value, said):
    assert said in one_line(edited(sound, tmp_path, at, form, value))


def listing(kind, count, tail=b""):
    """A file whose only key is a list that claims so many values."""
    key = struct.pack("<Q", 1) + b"k" + struct.pack("<IIQ", 9, kind, count)
    return b"GGUF" + struct.pack("<IQQ", 3, 1, 1) + key + tail


@pytest.mark.parametrize(("kind", "count"), [(0, 2**40), (0, 99_999_999), (8, 2**40), (8, 999_999), (9, 5), (99, 1)])
def test_a_list_that_claims_too_much_is_refused(kind, count, tmp_path):
    (tmp_path / "bad.gguf").write_bytes(listing(kind, count, bytes(64)))
    assert one_line(tmp_path / "bad.gguf")


def test_a_file_that_is_cut_off_says_so(sound, tmp_path):
    content = sound.read_bytes()
    for kept in (0, 3, 5, 20, 30, 200, 2000, len(content) // 2, len(content) - 40):
        (tmp_path / "bad.gguf").write_bytes(content[:kept])
        said = one_line(tmp_path / "bad.gguf")
        assert said and (kept < 4 or "is cut off" in said), said


def test_one_part_of_several_and_an_unknown_type_are_named(sound, weights, tmp_path):
    writer = gguf.GGUFWriter(tmp_path / "part.gguf", "any")
    writer.add_uint16("split.count", 3)
    writer.add_tensor("a", torch.ones(3).numpy())
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    assert "one of 3 parts" in one_line(tmp_path / "part.gguf")
    content = sound.read_bytes()
    name = b"transformer_blocks.0.attn.to_q.weight"
    at = content.index(name) + len(name) + 4 + 16
    assert "GGUF's type 77, which can't be read" in one_line(edited(sound, tmp_path, at, "I", 77))


def test_random_damage_to_the_header_never_surprises(sound, tmp_path):
    content, end = sound.read_bytes(), min(first for first, _ in read_gguf_header(sound).places.values())
    chosen = random.Random(3)
    refused = 0
    for _ in range(150):
        bad = bytearray(content)
        for _ in range(chosen.choice((1, 1, 4))):
            bad[chosen.randrange(4, end)] = chosen.choice((0, 1, 127, 255, chosen.randrange(256)))
        (tmp_path / "bad.gguf").write_bytes(bad)
        refused += one_line(tmp_path / "bad.gguf") is not None
    assert refused > 75
