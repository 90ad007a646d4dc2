"""Folders that diffusers itself writes open here, and give diffusers' residuals."""

import pytest
import torch

diffusers = pytest.importorskip("diffusers")

from infu_core.checkpoints.load import load_network  # noqa: E402
from infu_core.networks.latent_tokens import token_positions  # noqa: E402

SIZES = {"num_layers": 2, "num_single_layers": 2, "attention_head_dim": 128, "num_attention_heads": 1}
SIZES |= {"in_channels": 64, "joint_attention_dim": 48, "pooled_projection_dim": 24, "guidance_embeds": True}


@pytest.fixture(scope="module")
def reference():
    torch.manual_seed(5)
    net = diffusers.FluxControlNetModel(**SIZES).eval()
    for name, weight in net.named_parameters():  # its zero layers would hide every difference
        if name.startswith("controlnet"):
            torch.nn.init.normal_(weight, std=0.05)
    return net


@pytest.fixture(scope="module")
def given():
    torch.manual_seed(6)
    return {
        "image": torch.randn(2, 12, 64),
        "control": torch.randn(2, 12, 64),
        "identity": torch.randn(2, 8, 48),
        "timestep": torch.tensor([0.3, 0.8]),
        "pooled": torch.randn(2, 24),
        "guidance": torch.ones(2),
        "positions": token_positions(3, 4),
    }


@pytest.fixture(scope="module")
def expected(reference, given):
    with torch.no_grad():
        made = reference(
            hidden_states=given["image"],
            controlnet_cond=given["control"],
            encoder_hidden_states=given["identity"],
            pooled_projections=given["pooled"],
            timestep=given["timestep"],
            guidance=given["guidance"],
            img_ids=given["positions"],
            txt_ids=torch.zeros(8, 3),
        )
    return [*made.controlnet_block_samples, *made.controlnet_single_block_samples]


@pytest.mark.parametrize(
    "saved",
    [{}, {"max_shard_size": "2MB"}, {"variant": "fp32"}],
    ids=["one file", "shards", "variant"],
)
def test_what_diffusers_saves_gives_its_residuals(saved, reference, given, expected, tmp_path):
    reference.save_pretrained(tmp_path / "InfuseNetModel", **saved)
    files = list((tmp_path / "InfuseNetModel").glob("*.safetensors"))
    assert len(files) > 1 if "max_shard_size" in saved else len(files) == 1
    network = load_network(tmp_path / "InfuseNetModel")
    with torch.no_grad():
        made = network(**given)
    for ours, theirs in zip([*made.double, *made.single], expected, strict=True):
        assert float((ours - theirs).norm() / theirs.norm()) <= 1e-5
