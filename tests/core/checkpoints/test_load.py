"""Every layout gives the same network, in the asked dtype, without a second copy in memory."""

import json
import tracemalloc

import pytest
import torch
from harness import tiny_models
from safetensors.torch import save_file

from infu_core.checkpoints import convert
from infu_core.checkpoints.headers import CheckpointError, read_safetensors_header
from infu_core.checkpoints.key_maps import from_published
from infu_core.checkpoints.load import NetworkFile, ProjectorFile, check_pair, load_network, load_projector
from infu_core.checkpoints.network_sizes import KIND, PROJECTOR, RECOGNISER
from infu_core.checkpoints.weight_files import open_weights

CONFIG = {"num_layers": 1, "num_single_layers": 1, "attention_head_dim": 128, "axes_dims_rope": [16, 56, 56]}


@pytest.fixture(scope="module")
def weights():
    return tiny_models.flux_controlnet((1, 1))


@pytest.fixture(scope="module")
def ours(weights):
    return from_published(weights, 1, 1, True)


def shards(weights, folder, count=2, config=True, index=False):
    """A diffusers folder."""
    folder.mkdir(parents=True)
    names = sorted(weights)
    where = {}
    for i in range(count):
        file = f"diffusion_pytorch_model-{i + 1:05}-of-{count:05}.safetensors"
        save_file({name: weights[name] for name in names[i::count]}, folder / file)
        where |= dict.fromkeys(names[i::count], file)
    if config:
        (folder / "config.json").write_text(json.dumps(CONFIG))
    if index:
        text = json.dumps({"metadata": {}, "weight_map": where})
        (folder / "diffusion_pytorch_model.safetensors.index.json").write_text(text)
    return folder


def single(weights, path, prefix="", metadata=None):
    save_file({prefix + name: value for name, value in weights.items()}, path, metadata)
    return path


LAYOUTS = {
    "single file": lambda weights, ours, at: single(weights, at / "net.safetensors"),
    "single file with a prefix": lambda weights, ours, at: single(weights, at / "net.safetensors", "controlnet."),
    "names of ours": lambda weights, ours, at: single(ours, at / "net.safetensors"),
    "names of ours with a prefix": lambda weights, ours, at: single(ours, at / "net.safetensors", "infusenet."),
    "folder, one file": lambda weights, ours, at: (
        single(weights, shards({}, at / "f", 0) / "diffusion_pytorch_model.safetensors").parent
    ),
    "folder, two shards": lambda weights, ours, at: shards(weights, at / "f"),
    "folder, three shards and an index": lambda weights, ours, at: shards(weights, at / "f", 3, index=True),
    "folder without config": lambda weights, ours, at: shards(weights, at / "f", config=False),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_gives_the_same_weights(layout, weights, ours, tmp_path):
    network = load_network(LAYOUTS[layout](weights, ours, tmp_path))
    loaded = network.state_dict()
    assert loaded.keys() == ours.keys()
    assert all(torch.equal(loaded[name], ours[name]) for name in ours)
    assert not network.training
    assert not any(parameter.requires_grad for parameter in network.parameters())


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float32])
def test_storage_follows_the_file_or_the_wish(dtype, weights, tmp_path):
    path = single(tiny_models.stored_as(weights, dtype), tmp_path / "net.safetensors")
    assert {parameter.dtype for parameter in load_network(path).parameters()} == {dtype}
    assert {parameter.dtype for parameter in load_network(path, torch.float32).parameters()} == {torch.float32}


@pytest.mark.parametrize("vectors_too", [True, False])
def test_fp8_matrices_stay_and_vectors_are_bfloat16(vectors_too, weights, ours, tmp_path):
    """The published fp8 file stores every tensor in fp8; others keep biases and norms wider."""
    fp8 = torch.float8_e4m3fn
    stored = {k: v.to(fp8) for k, v in weights.items()} if vectors_too else tiny_models.stored_as(weights, fp8)
    file = single(stored, tmp_path / "net.safetensors")
    assert NetworkFile(file).dtype == fp8
    network = load_network(file)
    for name, parameter in network.named_parameters():
        assert parameter.dtype == (fp8 if parameter.ndim == 2 else torch.bfloat16), name
    assert torch.equal(network.img_in.weight.float(), ours["img_in.weight"].to(fp8).float())


def test_loading_twice_shares_nothing(weights, tmp_path):
    path = single(weights, tmp_path / "net.safetensors")
    first, second = load_network(path), load_network(path)
    with torch.no_grad():
        for parameter in first.parameters():
            parameter.zero_()
    assert second.img_in.weight.abs().sum() > 0
    assert load_network(path).img_in.weight.abs().sum() > 0


def test_the_network_lies_in_memory_once(weights, tmp_path, monkeypatch):
    """What loading allocates itself is the network; what it reads is dropped tensor by tensor."""
    path = single(weights, tmp_path / "net.safetensors")
    size = sum(value.nbytes for value in weights.values())
    allocated = []
    empty = torch.empty
    monkeypatch.setattr(torch, "empty", lambda *a, **k: allocated.append(t := empty(*a, **k)) or t)
    monkeypatch.setattr(torch, "cat", lambda *_, **__: pytest.fail("a stacked copy was made"))
    load_network(path)
    on_cpu = [tensor for tensor in allocated if tensor.device.type == "cpu"]
    assert sum(tensor.nbytes for tensor in on_cpu) == size


def test_recognition_reads_no_tensor(weights, tmp_path, monkeypatch):
    path = single(weights, tmp_path / "net.safetensors")
    tracemalloc.start()
    NetworkFile(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2_000_000 < path.stat().st_size


def test_projector_files_are_equal(tmp_path):
    table = tiny_models.projector()
    torch.save({"image_proj": table}, tmp_path / "image_proj_model.bin")
    torch.save({"image_proj": table}, tmp_path / "legacy.bin", _use_new_zipfile_serialization=False)
    save_file(table, tmp_path / "image_proj_model.safetensors")
    face = torch.nn.functional.normalize(torch.randn(2, 1, 512), dim=-1)
    made = [load_projector(path)(face) for path in sorted(tmp_path.iterdir())]
    assert len(made) == 3
    assert torch.equal(made[0], made[1]) and torch.equal(made[0], made[2])


def test_converting_keeps_the_numbers_and_the_original(tmp_path, capsys):
    path = tmp_path / "image_proj_model.bin"
    torch.save({"image_proj": tiny_models.projector()}, path)
    assert convert.main([str(path)]) == 0
    copy = tmp_path / "image_proj_model.safetensors"
    assert str(copy) in capsys.readouterr().out
    assert sorted(file.name for file in tmp_path.iterdir()) == [path.name, copy.name]
    assert read_safetensors_header(copy).metadata[KIND] == PROJECTOR
    a, b = load_projector(path).state_dict(), load_projector(copy).state_dict()
    assert all(torch.equal(a[name], b[name]) for name in a)
    assert convert.main([str(path)]) == 1
    assert "is already there" in capsys.readouterr().err


def test_a_pair_must_fit(weights, tmp_path):
    network = NetworkFile(single(weights, tmp_path / "net.safetensors"))
    table = tiny_models.projector()
    fits = ProjectorFile(single(table, tmp_path / "a.safetensors"))
    check_pair(network, fits)
    wide = table | {"proj_out.weight": torch.zeros(96, 128), "proj_out.bias": torch.zeros(96)}
    wide |= {"norm_out.weight": torch.zeros(96), "norm_out.bias": torch.zeros(96)}
    with pytest.raises(CheckpointError, match=r"b.safetensors makes identity tokens of 96 numbers, but .* reads 64"):
        check_pair(network, ProjectorFile(single(wide, tmp_path / "b.safetensors")))
    own = NetworkFile(single(weights, tmp_path / "own.safetensors", metadata={RECOGNISER: "another"}))
    of_ours = ProjectorFile(single(table, tmp_path / "c.safetensors", metadata={RECOGNISER: "arcface_ir_se50"}))
    with pytest.raises(CheckpointError, match="trained on 'arcface_ir_se50', own.safetensors on 'another'"):
        check_pair(own, of_ours)


def test_broken_folders_are_told(weights, tmp_path):
    missing = shards(weights, tmp_path / "a")
    (missing / "diffusion_pytorch_model-00002-of-00002.safetensors").unlink()
    with pytest.raises(CheckpointError, match="lacks diffusion_pytorch_model-00002-of-00002.safetensors"):
        open_weights(missing)
    missing = shards(weights, tmp_path / "b", index=True)
    (missing / "diffusion_pytorch_model-00001-of-00002.safetensors").unlink()
    with pytest.raises(CheckpointError, match="lacks diffusion_pytorch_model-00001-of-00002.safetensors"):
        open_weights(missing)
    with pytest.raises(CheckpointError, match="holds no .safetensors file"):
        open_weights(shards({}, tmp_path / "c", 0))
    several = shards({}, tmp_path / "d", 0)
    single(weights, several / "one.safetensors")
    single(weights, several / "two.safetensors")
    with pytest.raises(CheckpointError, match="several networks .one, two.; give each a folder of its own"):
        open_weights(several)
    wrong = shards(weights, tmp_path / "e")
    (wrong / "config.json").write_text(json.dumps({**CONFIG, "num_layers": 4}))
    with pytest.raises(CheckpointError, match="num_layers is 4 there, but 1"):
        NetworkFile(wrong)
    (wrong / "config.json").write_text("not json")
    with pytest.raises(CheckpointError, match="e/config.json is not valid JSON"):
        NetworkFile(wrong)
    with pytest.raises(CheckpointError, match="of a kind that is not read here"):
        open_weights(tmp_path / "model.ckpt")


def test_an_index_can_name_no_file_outside_its_folder(weights, tmp_path):
    folder = shards(weights, tmp_path / "a")
    single(weights, tmp_path / "outside.safetensors")
    index = folder / "diffusion_pytorch_model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {"x": "../outside.safetensors"}}))
    with pytest.raises(CheckpointError, match="lacks outside.safetensors"):
        open_weights(folder)


def test_the_published_set_is_taken_before_a_variant(weights, ours, tmp_path):
    folder = shards(weights, tmp_path / "a")
    single({name: value.half() for name, value in weights.items()}, folder / "diffusion_pytorch_model.fp16.safetensors")
    assert load_network(folder).img_in.weight.dtype == torch.float32
