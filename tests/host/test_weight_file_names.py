"""Names of weight files: what menus find beside other packs, and what graphs may hold as a name."""

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
