"""Our identity projector equals diffusers' perceiver resampler (IP-Adapter Plus) on the same random weights."""

import re

import pytest
import torch
from harness import tiny_models

embeddings = pytest.importorskip("diffusers.models.embeddings")

from infu_core.checkpoints.load import load_projector  # noqa: E402
from infu_core.networks.identity_projector import IdentityProjector, IdentityProjectorConfig  # noqa: E402

RENAMED = {
    "0.norm1": "ln0",
    "0.norm2": "ln1",
    "0.to_q": "attn.to_q",
    "0.to_out": "attn.to_out.0",
    "1.0": "ff.0",
    "1.1": "ff.1.net.0.proj",
    "1.3": "ff.1.net.2",
}


def to_diffusers(weights):
    """The published names in diffusers' words."""
    renamed = {}
    for name, value in weights.items():
        layer = re.match(r"(layers\.\d+)\.(.+)\.(weight|bias)$", name)
        if layer is None:
            renamed[name] = value
        elif layer[2] == "0.to_kv":
            for part, half in zip(("to_k", "to_v"), value.chunk(2), strict=True):
                renamed[f"{layer[1]}.attn.{part}.weight"] = half
        else:
            renamed[f"{layer[1]}.{RENAMED[layer[2]]}.{layer[3]}"] = value
    return renamed


def reference(weights, config):
    net = embeddings.IPAdapterPlusImageProjection(
        embed_dims=config.embedding_size,
        output_dims=config.context_size,
        hidden_dims=config.width,
        depth=config.depth,
        dim_head=config.head_size,
        heads=config.heads,
        num_queries=config.tokens,
        ffn_ratio=config.mlp_ratio,
    ).eval()
    net.load_state_dict(to_diffusers(weights))
    return net


CONFIGS = {
    # tokens, width, depth, heads, head size, embedding, context
    "two layers": (8, 128, 2, 2, 64, 512, 64),
    "sixteen tokens": (16, 64, 1, 1, 64, 512, 32),
    "heads wider than the stream": (8, 64, 3, 4, 32, 512, 48),
    "published depth and heads": (8, 1280, 4, 20, 64, 512, 96),
}


@pytest.mark.parametrize("vectors", [1, 3])
@pytest.mark.parametrize("name", CONFIGS)
def test_tokens_equal_diffusers(name, vectors):
    torch.manual_seed(3)
    config = IdentityProjectorConfig(*CONFIGS[name])
    ours = IdentityProjector(config).eval()
    torch.nn.init.normal_(ours.latents, std=config.width**-0.5)
    for parameter in ours.norm_out.parameters():
        torch.nn.init.normal_(parameter)
    face = torch.nn.functional.normalize(torch.randn(2, vectors, 512), dim=-1)
    with torch.no_grad():
        made, expected = ours(face), reference(ours.state_dict(), config)(face)
    assert made.shape == (2, config.tokens, config.context_size)
    assert float((made - expected).norm() / expected.norm()) <= 1e-5


def test_a_published_file_equals_diffusers(tmp_path):
    weights = tiny_models.projector()
    torch.save({"image_proj": weights}, tmp_path / "image_proj_model.bin")
    ours = load_projector(tmp_path / "image_proj_model.bin")
    face = torch.nn.functional.normalize(torch.randn(3, 1, 512), dim=-1)
    with torch.no_grad():
        made, expected = ours(face), reference(weights, ours.config)(face)
    assert float((made - expected).norm() / expected.norm()) <= 1e-5
