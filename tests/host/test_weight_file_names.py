"""Names of weight files: what menus find beside other packs, and what graphs may hold as a name."""

import shutil
from pathlib import Path

import pytest

NET = "aes_stage2/infusenet_tiny.safetensors"


def test_another_packs_endings_hide_no_file(comfyui, folder, monkeypatch):
    """A pack that registers a folder first, with torch's endings alone, as peers do."""
    import folder_paths

    places = {**folder_paths.folder_names_and_paths}
    for name in ("insightface", "infinite_you"):
        places[name] = (folder_paths.get_folder_paths(name), {".ckpt"})
    monkeypatch.setattr(folder_paths, "folder_names_and_paths", places)
    monkeypatch.setattr(folder_paths, "filename_list_cache", {})
    (folder / ".cache").mkdir()
    (folder / ".cache" / "net.safetensors").write_bytes(b"")
    (folder / "back").symlink_to(folder.parent)
    files = comfyui.module("infu_core.hosts.comfyui_face_files")
    assert any(entry.endswith("scrfd_10g_bnkps.onnx") for entry in files.detector_files())
    assert files.path_of(files.detector_files()[0])
    networks = comfyui.module("infu_core.hosts.comfyui_weight_files").network_menu()
    assert NET in networks and not any(".cache" in name or "back" in name for name in networks)


@pytest.mark.parametrize("name", [None, 5, 1.5, ["a"], {"a": 1}, "n" * 5000])
def test_any_value_of_a_graph_as_a_file_name_is_a_sentence(comfyui, name):
    locate = comfyui.module("infu_core.hosts.comfyui_weight_files").locate
    with pytest.raises(ValueError) as error:
        locate(name)
    assert type(error.value).__name__ == "CheckpointError" and str(error.value).isprintable()


def split_in_two(source, stem):
    """A numbered set of two files from one."""
    from safetensors.torch import load_file, save_file

    weights = load_file(source)
    names = sorted(weights)
    for number, part in enumerate((names[::2], names[1::2]), 1):
        save_file({name: weights[name] for name in part}, Path(f"{stem}-0000{number}-of-00002.safetensors"))


@pytest.fixture
def root(comfyui):
    """models/infinite_you itself; what a test lays there is gone afterwards."""
    path = Path(comfyui.base.path) / "models" / "infinite_you"
    before = set(path.iterdir())
    yield path
    for new in set(path.iterdir()) - before:
        new.unlink()


def test_shards_in_the_root_are_one_entry_that_opens_them_all(comfyui, root):
    split_in_two(root / NET, root / "mine")
    shutil.copy(root / "aes_stage2" / "image_proj_model.safetensors", root / "image_proj_model.safetensors")
    menu = comfyui.module("infu_core.hosts.comfyui_weight_files").network_menu()
    assert [name for name in menu if "mine" in name] == ["mine-00001-of-00002.safetensors"]
    loaded = comfyui.call("LoadInfuseNet", infusenet="mine-00001-of-00002.safetensors", projector="auto")[0]
    whole = comfyui.call("LoadInfuseNet", infusenet=NET, projector="auto")[0]
    pairs = zip(loaded.network.model.parameters(), whole.network.model.parameters(), strict=True)
    assert all((one == other).all() for one, other in pairs)
    (root / "mine-00002-of-00002.safetensors").unlink()
    with pytest.raises(Exception, match=r"lacks mine-00002-of-00002.safetensors"):
        comfyui.call("LoadInfuseNet", infusenet="mine-00001-of-00002.safetensors", projector="auto")


def test_a_converted_projector_of_another_stem_beside_shards_is_no_second_network(comfyui, folder):
    split_in_two(folder.parent / NET, folder / "trained")
    shutil.copy(folder.parent / "aes_stage2" / "image_proj_model.safetensors", folder / "my_projector.safetensors")
    chosen = "of_a_test/my_projector.safetensors"
    menu = comfyui.module("infu_core.hosts.comfyui_weight_files")
    assert "of_a_test" in menu.network_menu() and chosen in menu.projector_menu()
    comfyui.call("LoadInfuseNet", infusenet="of_a_test", projector=chosen)
    split_in_two(folder.parent / NET, folder / "second")
    with pytest.raises(Exception, match=r"several networks \(second, trained\); give each a folder of its own"):
        comfyui.call("LoadInfuseNet", infusenet="of_a_test", projector=chosen)


def test_a_dangling_link_is_called_one(comfyui, folder):
    (folder / "gone.safetensors").symlink_to(folder / "nowhere.safetensors")
    with pytest.raises(Exception, match=r"gone.safetensors in .* is a link to a file that is gone"):
        comfyui.call("LoadInfuseNet", infusenet="of_a_test/gone.safetensors", projector="auto")


def test_a_projector_at_the_same_place_of_another_folder_is_found(comfyui, folder, tmp_path, monkeypatch):
    import folder_paths

    shutil.copy(folder.parent / NET, folder / "net.safetensors")
    other = tmp_path / "of_a_test"
    other.mkdir()
    shutil.copy(folder.parent / "aes_stage2" / "image_proj_model.safetensors", other / "image_proj_model.safetensors")
    with pytest.raises(Exception, match=r"No image_proj_model"):
        comfyui.call("LoadInfuseNet", infusenet="of_a_test/net.safetensors", projector="auto")
    paths, endings = folder_paths.folder_names_and_paths["infinite_you"]
    monkeypatch.setitem(folder_paths.folder_names_and_paths, "infinite_you", ([*paths, str(tmp_path)], endings))
    comfyui.call("LoadInfuseNet", infusenet="of_a_test/net.safetensors", projector="auto")
