"""LoadInfuseNet in real ComfyUI: menus, names, precision, memory management, and what goes wrong."""

from pathlib import Path

import pytest
import torch
from harness import tiny_models
from harness.in_process import ExecutionError

NET = "aes_stage2/infusenet_tiny.safetensors"


def load(comfyui, infusenet=NET, **widgets):
    return comfyui.call("LoadInfuseNet", infusenet=infusenet, **widgets)[0]


def menu(comfyui, name):
    schema = comfyui.node("LoadInfuseNet").define_schema()
    return next(item.options for item in schema.inputs if item.id == name)


def residuals(comfyui, loaded):
    """One run on fixed inputs, under ComfyUI's memory management."""
    import comfy.model_management

    comfy.model_management.load_models_gpu(loaded.get_models())
    return run(comfyui, loaded.network.model, loaded.dtype)


def run(comfyui, network, dtype=torch.float32):
    positions = comfyui.module("infu_core.networks.latent_tokens").token_positions(3, 4)
    random = torch.Generator().manual_seed(1)

    def some(*shape):
        return torch.randn(*shape, generator=random).to(dtype)

    with torch.inference_mode():
        made = network(
            some(2, 12, 64),
            some(1, 12, 64),
            some(1, 8, tiny_models.CONTEXT),
            torch.tensor([0.3, 0.8]),
            some(2, tiny_models.POOLED),
            torch.ones(2),
            positions=positions,
        )
    return [value.float() for value in (*made.double, *made.single)]


def relative_errors(made, expected):
    return [float((a - b).norm() / b.norm()) for a, b in zip(made, expected, strict=True)]


def test_the_value_on_the_wire(comfyui):
    loaded = load(comfyui)
    assert type(loaded).__name__ == "LoadedInfuseNet"
    assert (loaded.name, loaded.recogniser, loaded.dtype) == (NET, "arcface_ir_se50", torch.float32)
    assert loaded.get_models() == [loaded.network, loaded.projector]
    assert type(loaded.network.model).__name__ == "InfuseNet"
    with pytest.raises(AttributeError):
        loaded.name = "another"


def test_reading_the_file_moves_a_progress_bar_to_its_end(comfyui):
    import comfy.utils

    seen = []
    comfy.utils.set_progress_bar_global_hook(lambda value, total, *rest, **named: seen.append((value, total)))
    try:
        load(comfyui)
    finally:
        comfy.utils.set_progress_bar_global_hook(None)
    (first, total), last = seen[0], seen[-1]  # ComfyUI leaves out steps that follow within a moment
    assert first == 1 and total > 20 and last == (total, total)


def test_residuals_equal_the_bare_network(comfyui):
    """ComfyUI's layers and attention change nothing."""
    load_network = comfyui.module("infu_core.checkpoints.load").load_network
    bare = load_network(Path(comfyui.base.path) / "models" / "infinite_you" / NET)
    made, expected = residuals(comfyui, load(comfyui)), run(comfyui, bare)
    assert max(relative_errors(made, expected)) <= 1e-5


def test_loading_twice_shares_nothing(comfyui):
    first, second = load(comfyui), load(comfyui)
    expected = residuals(comfyui, second)
    with torch.inference_mode():
        for parameter in first.network.model.parameters():
            parameter.zero_()
    assert first.network.model is not second.network.model
    assert all(torch.equal(a, b) for a, b in zip(residuals(comfyui, second), expected, strict=True))


@pytest.mark.parametrize("everything", [True, False])
def test_an_fp8_file_stays_fp8_and_runs(comfyui, folder, everything):
    weights, fp8 = tiny_models.flux_controlnet(), torch.float8_e4m3fn
    rounded = tiny_models.stored_as(weights, fp8)
    stored = {name: value.to(fp8) for name, value in weights.items()} if everything else rounded
    tiny_models.save(stored, folder / "net.safetensors")
    tiny_models.save({name: value.float() for name, value in stored.items()}, folder / "same.safetensors")
    projector = {"projector": comfyui.names.projector}
    loaded = load(comfyui, "of_a_test/net.safetensors", **projector)
    assert loaded.dtype == torch.float32
    assert loaded.network.model.img_in.weight.dtype == fp8
    expected = residuals(comfyui, load(comfyui, "of_a_test/same.safetensors", **projector))
    assert max(relative_errors(residuals(comfyui, loaded), expected)) <= 1e-5
    assert loaded.network.model.img_in.weight.dtype == fp8


@pytest.mark.parametrize(("word", "dtype", "error"), [("bf16", "bfloat16", 0.05), ("fp16", "float16", 0.01)])
def test_weight_dtype_is_what_is_kept(comfyui, word, dtype, error):
    loaded = load(comfyui, weight_dtype=word)
    assert {parameter.dtype for parameter in loaded.network.model.parameters()} == {getattr(torch, dtype)}
    errors = relative_errors(residuals(comfyui, loaded), residuals(comfyui, load(comfyui)))
    assert 0 < max(errors) <= error


def test_fp8_by_wish_keeps_vectors_wide(comfyui):
    kept = {(p.dtype, p.ndim) for p in load(comfyui, weight_dtype="fp8_e4m3fn").network.model.parameters()}
    assert kept == {(torch.float8_e4m3fn, 2), (torch.bfloat16, 1)}


def test_a_copy_for_another_card_is_its_own(comfyui):
    """What ComfyUI's multi-GPU support does: the factory reads the file again."""
    loaded = load(comfyui, weight_dtype="bf16")
    for patcher in loaded.get_models():
        factory, arguments = patcher.cached_patcher_init
        copy = factory(*arguments, disable_dynamic=True)
        assert type(copy) is plain_patcher()
        assert copy.model is not patcher.model
        mine, theirs = patcher.model.state_dict(), copy.model.state_dict()
        assert all(torch.equal(mine[name], theirs[name]) and mine[name].dtype == theirs[name].dtype for name in mine)


def plain_patcher():
    import comfy.model_patcher

    return comfy.model_patcher.ModelPatcher


def test_projector_files_give_equal_tokens(comfyui):
    project = comfyui.module("infu_core.hosts.comfyui_memory").run_managed
    face = torch.nn.functional.normalize(torch.randn(2, 1, 512), dim=-1)
    names = ("auto", comfyui.names.projector, comfyui.names.projector_bin)
    made = [project(load(comfyui, projector=name).projector, face) for name in names]
    assert made[0].shape == (2, tiny_models.TOKENS, tiny_models.CONTEXT)
    assert torch.equal(made[0], made[1]) and torch.equal(made[0], made[2])


def test_menus_are_sorted_with_forward_slashes(comfyui, folder):
    tiny_models.save(
        tiny_models.flux_controlnet((1, 0)), folder / "InfuseNetModel" / "diffusion_pytorch_model.safetensors"
    )
    (folder / "net.safetensors").write_bytes(b"")
    networks, projectors = menu(comfyui, "infusenet"), menu(comfyui, "projector")
    assert networks == sorted(networks, key=str.lower)
    assert {NET, "of_a_test/InfuseNetModel", "of_a_test/net.safetensors"} <= set(networks)
    assert comfyui.names.projector not in networks
    assert projectors[0] == "auto" and projectors[1:] == sorted(projectors[1:], key=str.lower)
    assert {comfyui.names.projector, comfyui.names.projector_bin} <= set(projectors)
    assert NET not in projectors and not any("diffusion_pytorch_model" in name for name in projectors)
    assert not any("\\" in name for name in networks + projectors)


def test_aes_is_the_default(comfyui, folder):
    default = comfyui.module("infu_core.hosts.comfyui_weight_files").default_network
    assert default(["a/net.safetensors", "sim_stage1/n.safetensors", "x/aes.safetensors"]) == "x/aes.safetensors"
    assert default(["a/net.safetensors"]) == "a/net.safetensors"
    assert default([]) == "aes_stage2/infusenet_aes_bf16.safetensors"


def test_a_diffusers_folder_takes_the_projector_beside_it(comfyui, folder):
    weights = tiny_models.flux_controlnet((1, 1))
    names = sorted(weights)
    for i in range(2):
        part = {name: weights[name] for name in names[i::2]}
        file = f"diffusion_pytorch_model-{i + 1:05}-of-00002.safetensors"
        tiny_models.save(part, folder / "InfuseNetModel" / file)
    tiny_models.save(tiny_models.projector(), folder / "image_proj_model.safetensors")
    loaded = load(comfyui, "of_a_test/InfuseNetModel")
    assert loaded.name == "of_a_test/InfuseNetModel"
    assert loaded.network.model.config.single_blocks == 1


def graph(comfyui, **inputs):
    widgets = {"infusenet": NET, "projector": "auto", "weight_dtype": "auto"} | inputs
    return {"load": {"class_type": "LoadInfuseNet", "inputs": widgets}}


def test_a_workflow_saved_on_windows_loads(comfyui):
    names = {"infusenet": NET.replace("/", "\\"), "projector": comfyui.names.projector.replace("/", "\\")}
    assert comfyui.run(graph(comfyui, **names), {"net": ["load", 0]})["net"].name == NET


@pytest.mark.parametrize("name", ["../../secret.safetensors", "/etc/passwd", "C:\\secret.safetensors", "a/../../b", ""])
def test_names_stay_inside_their_folder(comfyui, name):
    inside = comfyui.module("infu_core.hosts.comfyui_weight_files").inside
    with pytest.raises(ValueError, match="does not name a file inside"):
        inside(name)


def test_a_missing_file_names_folder_and_command_before_anything_runs(comfyui):
    with pytest.raises(ExecutionError) as error:
        comfyui.run(graph(comfyui, infusenet="sim_stage1/infusenet_sim_fp8e4m3fn.safetensors"), {"net": ["load", 0]})
    text = str(error.value)
    assert "infusenet_sim_fp8e4m3fn.safetensors is not in" in text and "models/infinite_you" in text
    assert "python -m infu_core.checkpoints.download sim-fp8" in text
    assert "Its projector (image_proj_model.bin) is missing too; the command brings both." in text


def test_a_missing_projector_names_folder_and_command(comfyui, folder):
    tiny_models.save(tiny_models.flux_controlnet((1, 0)), folder / "net.safetensors")
    with pytest.raises(ValueError, match="No image_proj_model.*of_a_test.*download aes-projector"):
        load(comfyui, "of_a_test/net.safetensors")


def test_projector_and_network_in_each_others_place(comfyui):
    with pytest.raises(ValueError, match="is an identity projector, not an InfuseNet"):
        load(comfyui, comfyui.names.projector)
    with pytest.raises(ValueError, match="is an InfuseNet, not an identity projector"):
        load(comfyui, projector=NET)


def test_the_log_names_the_pair_and_doubts_a_mixed_one(comfyui, folder, caplog):
    tiny_models.save(tiny_models.projector(), folder / "sim_stage1" / "image_proj_model.safetensors")
    with caplog.at_level("INFO"):
        load(comfyui)
    assert any(NET in line and comfyui.names.projector in line for line in caplog.messages)
    assert not [record for record in caplog.records if record.levelname == "WARNING"]
    with caplog.at_level("INFO"):
        load(comfyui, projector="of_a_test/sim_stage1/image_proj_model.safetensors")
    warned = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert len(warned) == 1 and "'aes'" in warned[0] and "'sim'" in warned[0]


def test_a_torch_file_tells_how_to_convert_it(comfyui, caplog):
    with caplog.at_level("INFO"):
        load(comfyui, projector=comfyui.names.projector_bin)
    assert sum("infu_core.checkpoints.convert" in line for line in caplog.messages) == 1
    caplog.clear()
    with caplog.at_level("INFO"):
        load(comfyui)
    assert not any("convert" in line for line in caplog.messages)


def test_other_folders_and_packs_keep_their_registration(comfyui, tmp_path, monkeypatch):
    import folder_paths

    files = comfyui.module("infu_core.hosts.comfyui_weight_files")
    other = tmp_path / "elsewhere"
    tiny_models.save(tiny_models.flux_controlnet((1, 0)), other / "theirs.safetensors")
    registered = {**folder_paths.folder_names_and_paths, "infinite_you": ([str(other)], {".onnx"})}
    monkeypatch.setattr(folder_paths, "folder_names_and_paths", registered)
    monkeypatch.setattr(folder_paths, "filename_list_cache", {})
    files.register_folder()
    files.register_folder()
    paths, endings = folder_paths.folder_names_and_paths["infinite_you"]
    assert paths == [str(other), str(Path(folder_paths.models_dir) / "infinite_you")]
    assert endings >= {".onnx", ".safetensors", ".bin"}
    assert {"theirs.safetensors", NET} <= set(files.network_menu())
    assert files.locate("theirs.safetensors") == other / "theirs.safetensors"


def test_the_servers_of_both_versions_offer_the_node(any_server):
    info = any_server.get("/object_info/LoadInfuseNet")["LoadInfuseNet"]
    assert info["output"] == ["INFUSENET"]
    assert list(info["input"]["required"]) == ["infusenet", "projector", "weight_dtype"]
    kind, options = info["input"]["required"]["infusenet"]
    assert NET in (options.get("options") or kind)
    assert options["default"] == NET
    assert info["input"]["required"]["weight_dtype"][1]["advanced"]


def test_lazy_layers_of_dynamic_memory_are_filled(comfyui, monkeypatch):
    """With dynamic VRAM ComfyUI's Linear has no weight until one is loaded; the memory manager itself needs a GPU."""
    import comfy.memory_management

    if not hasattr(comfy.memory_management, "aimdo_enabled"):
        pytest.skip("[host-new] this ComfyUI has no dynamic VRAM")
    expected = residuals(comfyui, load(comfyui))
    monkeypatch.setattr(comfy.memory_management, "aimdo_enabled", True)
    lazy, narrow = load(comfyui).network.model, load(comfyui, weight_dtype="fp8_e4m3fn").network.model
    monkeypatch.undo()
    assert max(relative_errors(run(comfyui, lazy), expected)) <= 1e-6
    noted = (narrow.img_in.weight_comfy_model_dtype, narrow.img_in.bias_comfy_model_dtype)
    assert noted == (narrow.img_in.weight.dtype, narrow.img_in.bias.dtype) == (torch.float8_e4m3fn, torch.bfloat16)
