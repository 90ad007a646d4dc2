"""The miniature uses the first few of the latents' 16 channels; noise that a host puts into the others does nothing."""

import pytest
import torch

from infu_core.networks.latent_tokens import pack, token_grid, token_positions
from miniature.networks.text_encoder import LENGTH, TextEncoder
from workshop.miniature.networks.autoencoder import LIVE_CHANNELS, Autoencoder
from workshop.miniature.networks.flux import Flux, FluxConfig
from workshop.miniature.training.batches import Batches, latents_with_words, picture_parts
from workshop.miniature.training.objectives import AutoencoderObjective, TextToImageObjective

BATCH = 2


def learn(objective, columns, make, steps=2):
    """A few steps of training, large enough to move every weight that has a gradient."""
    optimiser = torch.optim.AdamW(objective.parameters(), lr=0.02)
    batches = Batches(columns, BATCH, 0, make)
    for step in range(steps):
        optimiser.zero_grad()
        objective(**batches(step, 0, 1)).mean().backward()
        optimiser.step()
    return objective.eval()


@torch.no_grad()
def test_the_autoencoder_uses_the_first_channels_alone():
    network = Autoencoder()
    before = network.taesd_decoder[1].weight.clone()
    pictures = torch.randint(0, 256, (BATCH, 32, 32, 3), dtype=torch.uint8)
    columns = {"pictures": pictures, "points": 32 * torch.rand(BATCH, 1, 10)}
    with torch.enable_grad():
        learn(AutoencoderObjective(network), columns, picture_parts(16))
    assert not torch.equal(network.taesd_decoder[1].weight, before)
    latents = network.encode(torch.rand(1, 3, 32, 32))
    assert latents[:, :LIVE_CHANNELS].abs().amin((0, 2, 3)).gt(0).all()
    assert not latents[:, LIVE_CHANNELS:].any()
    disturbed = latents.clone()
    disturbed[:, LIVE_CHANNELS:] = torch.randn_like(latents[:, LIVE_CHANNELS:])
    assert torch.equal(network.decode(disturbed), network.decode(latents))


@pytest.fixture
def trained():
    text = TextEncoder(12, 64, 64)
    flux = Flux(FluxConfig(double_blocks=1, single_blocks=1))
    latents = torch.randn(4, 16, 4, 4)
    latents[:, LIVE_CHANNELS:] = 0
    columns = {"latents": latents, "words": torch.randint(1, 12, (4, 3, LENGTH))}
    return learn(TextToImageObjective(text, flux), columns, latents_with_words)


@torch.no_grad()
def test_the_base_neither_sees_nor_moves_the_others(trained):
    context, pooled = trained.text(torch.ones(1, LENGTH, dtype=torch.long))
    noise = torch.randn(1, 16, 4, 4)
    disturbed = noise.clone()
    disturbed[:, LIVE_CHANNELS:] += 1
    time = torch.full((1,), 0.5)

    def velocity(latents):
        return trained.flux(pack(latents), context, pooled, time, torch.ones(1), token_positions(*token_grid(4, 4)))

    made = velocity(noise)
    assert torch.equal(velocity(disturbed), made)
    assert made[..., : 4 * LIVE_CHANNELS].any() and not made[..., 4 * LIVE_CHANNELS :].any()
