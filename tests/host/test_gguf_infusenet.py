"""An InfuseNet packed as GGUF in ComfyUI: offered, paired, loaded in any weight type, and seen in the picture."""

import shutil

import pytest
import torch
from harness.gguf_writing import write_gguf
from harness.host_injection import Stage, change
from harness.tiny_models import flux_controlnet, projector

pytest.importorskip("gguf")

PACKED = "of_a_test/net-Q8_0.gguf"


@pytest.fixture
def stage(comfyui, folder):
    write_gguf(folder / "net-Q8_0.gguf", flux_controlnet())
    shutil.copy(folder.parent / "aes_stage2" / "image_proj_model.safetensors", folder / "image_proj_model.safetensors")
    return Stage(comfyui)


def picture(stage, infusenet, **widgets):
    """Of the same person by this file."""
    stage.infusenet = stage.call("LoadInfuseNet", infusenet=infusenet, projector="auto", **widgets)[0]
    return stage.sample(stage.apply())


def test_the_menu_offers_networks_alone(stage, folder):
    write_gguf(folder / "projector.gguf", projector())
    (folder / "damaged.gguf").write_bytes(b"GGUF and nothing more")
    menu = stage.module("infu_core.hosts.comfyui_weight_files").network_menu()
    assert PACKED in menu and "of_a_test/damaged.gguf" in menu and "of_a_test/projector.gguf" not in menu
    with pytest.raises(Exception, match=r"damaged\.gguf (is GGUF of version|is cut off|has a damaged)"):
        stage.call("LoadInfuseNet", infusenet="of_a_test/damaged.gguf", projector="auto")


def test_its_picture_is_nearly_the_unpacked_ones(stage):
    bare, whole = stage.sample(), picture(stage, stage.names.infusenet)
    for widgets in ({}, {"weight_dtype": "bf16"}, {"weight_dtype": "fp8_e4m3fn"}):
        made = picture(stage, PACKED, **widgets)
        assert torch.isfinite(made).all()
        assert change(made, whole) < 0.25 * change(bare, whole), widgets
    assert torch.equal(picture(stage, PACKED), picture(stage, PACKED))
