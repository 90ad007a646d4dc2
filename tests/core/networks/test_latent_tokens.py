"""Latents as tokens: odd sizes are padded with the opposite edge, as ComfyUI and the official pipeline pad them."""

import torch

from infu_core.networks.latent_tokens import pack, unpack


def test_odd_sizes_are_padded_with_the_opposite_edge_and_come_back():
    latent = torch.arange(16 * 3 * 5.0).view(1, 16, 3, 5)
    tokens = pack(latent)
    padded = unpack(tokens, 4, 6)
    assert torch.equal(unpack(tokens, 3, 5), latent)
    assert torch.equal(padded[..., 3, :5], latent[..., 0, :])
    assert torch.equal(padded[..., :3, 5], latent[..., :, 0])
