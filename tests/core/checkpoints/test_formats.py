"""Files are known by the names and shapes of their tensors, and each wrong one gets its own sentence."""

import json
from functools import cache

import pytest
import torch
from harness import tiny_models

from infu_core.checkpoints.formats import kind_of, recognise_network, recognise_projector
from infu_core.checkpoints.headers import CheckpointError, Header
from infu_core.checkpoints.network_sizes import CONFIG, KIND, NETWORK, PROJECTOR


def header(shapes, metadata=None):
    shapes = {name: tuple(getattr(shape, "shape", shape)) for name, shape in shapes.items()}
    return Header(shapes, dict.fromkeys(shapes, "F32"), metadata or {})


@cache
def shapes_of(make, *arguments):
    return {name: tuple(value.shape) for name, value in make(*arguments).items()}


def published(blocks=(2, 3), guidance=True):
    return dict(shapes_of(tiny_models.flux_controlnet, blocks, guidance))


def projector():
    return dict(shapes_of(tiny_models.projector))


def at_full_size(double, single):
    """The shapes of a FLUX ControlNet of FLUX.1's width; no memory is taken."""
    with torch.device("meta"):
        from infu_core.networks.infusenet import InfuseNet, InfuseNetConfig

        config = InfuseNetConfig(3072, 24, double, single, 4096, 768, True)
        return {name: tuple(value.shape) for name, value in InfuseNet(config).state_dict().items()}


@pytest.mark.parametrize("guidance", [True, False])
@pytest.mark.parametrize("blocks", [(1, 0), (2, 3), (4, 10)])
def test_sizes_are_read_from_shapes(blocks, guidance):
    config = recognise_network(header(published(blocks, guidance)), "net").config
    assert (config.double_blocks, config.single_blocks) == blocks
    assert config.guidance_embeds is guidance
    assert (config.hidden_size, config.heads, config.context_size, config.pooled_size) == (256, 2, 64, 32)


def test_the_published_sizes():
    config = recognise_network(header(at_full_size(4, 10)), "net").config
    assert (config.hidden_size, config.heads, config.axes) == (3072, 24, (16, 56, 56))
    assert (config.double_blocks, config.single_blocks, config.context_size, config.pooled_size) == (4, 10, 4096, 768)


@pytest.mark.parametrize("prefix", ["controlnet.", "module.infusenet."])
def test_a_common_prefix_is_found(prefix):
    shapes = {prefix + name: shape for name, shape in published().items()}
    assert recognise_network(header(shapes), "net").sources["control_in.weight"] == (
        f"{prefix}controlnet_x_embedder.weight",
    )
    shapes = {prefix + name: shape for name, shape in projector().items()}
    assert recognise_projector(header(shapes), "projector").config.tokens == 8


def test_kinds_are_told_without_names_of_files():
    assert kind_of(header(published())) == NETWORK
    assert kind_of(header(projector())) == PROJECTOR
    assert kind_of(header(shapes_of(tiny_models.flux))) is None


def test_projector_sizes_are_read_from_shapes():
    config = recognise_projector(header(projector()), "projector").config
    assert (config.tokens, config.width, config.depth, config.heads, config.head_size) == (8, 128, 2, 2, 64)
    assert (config.embedding_size, config.context_size, config.mlp_ratio) == (512, 64, 4)


def test_other_projector_heads_are_said_by_the_metadata():
    given = {CONFIG: json.dumps({"head_size": 32})}
    assert recognise_projector(header(projector(), given), "projector").config.heads == 4
    given = {CONFIG: json.dumps({"head_size": 48})}
    with pytest.raises(CheckpointError, match="128 channels, which is no whole number of heads of 48"):
        recognise_projector(header(projector(), given), "projector")


UNION = {**published(), "controlnet_mode_embedder.weight": (10, 256)}
HINT = {**published(), "input_hint_block.conv_in.weight": (16, 3, 3, 3)}
XLABS = {
    "double_blocks.0.img_mod.lin.weight": (1, 1),
    "input_hint_block.0.weight": (1, 1),
    "controlnet_blocks.0.weight": (1,),
}
INPAINT = {**published(), "controlnet_x_embedder.weight": (256, 384)}
FULL_DIFFUSERS = {
    "transformer_blocks.0.attn.to_q.weight": (1, 1),
    "norm_out.linear.weight": (1, 1),
    "x_embedder.weight": (1, 1),
}
SDXL_CONTROLNET = {"control_model.zero_convs.0.0.weight": (1,), "control_model.input_blocks.0.0.weight": (1,)}
SDXL_DIFFUSERS = {"controlnet_cond_embedding.conv_in.weight": (1,), "down_blocks.0.resnets.0.conv1.weight": (1,)}
SDXL = {"model.diffusion_model.input_blocks.0.0.weight": (1,), "first_stage_model.decoder.conv_in.weight": (1,)}
PULID = {"pulid_ca.0.norm1.weight": (1,), "pulid_encoder.latents": (1,)}
IP_ADAPTER = {
    **{f"image_proj.{name}": shape for name, shape in projector().items()},
    "ip_adapter.1.to_k_ip.weight": (1,),
}
LORA = {"transformer.transformer_blocks.0.attn.to_q.lora_A.weight": (4, 4)}
ARCFACE = {"input_layer.0.weight": (64, 3, 3, 3), "body.0.res_layer.0.weight": (64,)}
T5 = {"encoder.block.0.layer.0.SelfAttention.q.weight": (1, 1)}

OTHERS = {
    "union ControlNet": (UNION, "union ControlNet"),
    "picture encoder": (HINT, "input_hint_block"),
    "XLabs": (XLABS, "XLabs"),
    "inpainting": (INPAINT, "384 control channels instead of 64"),
    "whole FLUX": (shapes_of(tiny_models.flux), "a whole diffusion model"),
    "whole FLUX, diffusers": (FULL_DIFFUSERS, "a whole diffusion model"),
    "SDXL ControlNet": (SDXL_CONTROLNET, "an SD or SDXL ControlNet"),
    "SDXL ControlNet, diffusers": (SDXL_DIFFUSERS, "an SD or SDXL ControlNet"),
    "SDXL": (SDXL, "an SD or SDXL model"),
    "PuLID": (PULID, "a PuLID file"),
    "IP-Adapter": (IP_ADAPTER, "an IP-Adapter file"),
    "LoRA": (LORA, "a LoRA"),
    "tiny LoRA": (tiny_models.lora(), "a LoRA"),
    "VAE": (tiny_models.taesd(), "a VAE"),
    "text encoder": (T5, "a text encoder"),
    "ArcFace": (ARCFACE, "the face recogniser"),
    "projector": (projector(), "an identity projector, not an InfuseNet"),
    "anything": ({f"layer.{i}": (1,) for i in range(9)}, "its tensors are layer.0, layer.1, layer.2 and 6 more"),
}


@pytest.mark.parametrize("case", OTHERS)
def test_other_files_are_named_for_what_they_are(case):
    shapes, said = OTHERS[case]
    with pytest.raises(CheckpointError) as error:
        recognise_network(header(shapes), "some.safetensors")
    assert said in str(error.value)
    assert str(error.value).startswith("some.safetensors ")
    assert_one_sentence(str(error.value))


def test_a_network_given_as_projector_is_named():
    with pytest.raises(CheckpointError, match="is an InfuseNet, not an identity projector") as error:
        recognise_projector(header(published()), "net.safetensors")
    assert_one_sentence(str(error.value))
    with pytest.raises(CheckpointError, match="no identity projector but a LoRA"):
        recognise_projector(header(LORA), "lora.safetensors")
    with pytest.raises(CheckpointError, match="no identity projector .its tensors are a"):
        recognise_projector(header({"a": (1,)}), "x.safetensors")


@pytest.mark.parametrize("blocks", [(5, 0), (6, 0), (5, 10)])
def test_text_controlnets_of_flux_are_told_by_their_depth(blocks):
    shapes = at_full_size(*blocks)
    with pytest.raises(CheckpointError, match=rf"{blocks[0]} \+ {blocks[1]} blocks") as error:
        recognise_network(header(shapes), "upscaler.safetensors")
    assert_one_sentence(str(error.value))
    said = recognise_network(header(shapes, {KIND: NETWORK}), "own.safetensors").config
    assert (said.double_blocks, said.single_blocks) == blocks
    assert recognise_network(header(shapes), "own", {KIND: NETWORK}).config == said


def test_missing_and_unexpected_tensors_are_named_up_to_three():
    shapes = published()
    for name in [name for name in shapes if name.startswith("transformer_blocks.1.ff.")]:
        del shapes[name]
    with pytest.raises(
        CheckpointError, match=r"lacks transformer_blocks\.1\.ff\.net\.0\.proj\.bias, .* and 1 more; it is"
    ):
        recognise_network(header(shapes), "net")
    with pytest.raises(CheckpointError, match="holds a, b, c and 1 more, which"):
        recognise_network(header({**published(), "a": (1,), "b": (1,), "c": (1,), "d": (1,)}), "net")
    with pytest.raises(CheckpointError, match="lacks layers.1.1.3.weight"):
        recognise_projector(header({k: v for k, v in projector().items() if k != "layers.1.1.3.weight"}), "projector")


def test_a_wrong_shape_is_named_with_both():
    with pytest.raises(
        CheckpointError, match=r"transformer_blocks.0.ff.net.2.weight of shape \(256, 7\) where \(256, 1024\)"
    ):
        recognise_network(header({**published(), "transformer_blocks.0.ff.net.2.weight": (256, 7)}), "net")


def test_a_network_without_its_middle_is_incomplete():
    embedders = {name: shape for name, shape in published().items() if "blocks" not in name}
    with pytest.raises(CheckpointError, match="no transformer blocks"):
        recognise_network(header(embedders), "net")
    with pytest.raises(CheckpointError, match="lacks x_embedder.weight"):
        recognise_network(header({k: v for k, v in published().items() if k != "x_embedder.weight"}), "net")


def test_config_is_checked_against_the_shapes():
    good = {"num_layers": 2, "num_single_layers": 3, "attention_head_dim": 128, "axes_dims_rope": [16, 56, 56]}
    assert recognise_network(header(published()), "net", good).config.axes == (16, 56, 56)
    with pytest.raises(CheckpointError, match="num_layers is 4 there, but 2 by its tensors"):
        recognise_network(header(published()), "net", {**good, "num_layers": 4})
    with pytest.raises(CheckpointError, match="guidance_embeds is False there, but True"):
        recognise_network(header(published()), "net", {"guidance_embeds": False})


def test_config_wins_where_shapes_say_nothing():
    assert recognise_network(header(published()), "net", {"axes_dims_rope": [32, 48, 48]}).config.axes == (32, 48, 48)
    given = {CONFIG: json.dumps({"axes_dims_rope": [32, 48, 48]})}
    assert recognise_network(header(published(), given), "net").config.axes == (32, 48, 48)
    with pytest.raises(CheckpointError, match="rotary axes"):
        recognise_network(header(published()), "net", {"axes_dims_rope": [16, 16, 16]})
    with pytest.raises(CheckpointError, match="not valid JSON"):
        recognise_network(header(published(), {CONFIG: "{"}), "net")


def test_heads_of_another_size_need_a_config():
    shapes = {name: ((64,) if ".norm_" in name else shape) for name, shape in published().items()}
    with pytest.raises(CheckpointError, match="heads of 64 channels"):
        recognise_network(header(shapes), "net")
    assert recognise_network(header(shapes), "net", {"axes_dims_rope": [8, 28, 28]}).config.heads == 4


def assert_one_sentence(text):
    assert text.endswith(".")
    assert ". " not in text
    assert "\n" not in text
