"""Residuals are learned at the guidance they are used at, towards the flow itself."""

import pytest
import torch

from infu_core.networks.latent_tokens import token_positions
from infu_core.residuals import Residuals
from workshop.miniature.networks.flux import Flux, FluxConfig
from workshop.miniature.training.objectives import MiniatureBase, StrengthenedBase

BATCH, LENGTH = 5, 4


@pytest.fixture
def flux() -> Flux:
    torch.manual_seed(0)
    flux = Flux(FluxConfig(double_blocks=1, single_blocks=1))
    for weight in flux.parameters():
        torch.nn.init.normal_(weight, std=0.1)
    return flux


@pytest.fixture
def given() -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    return {
        "image": torch.randn(BATCH, LENGTH, 64, generator=generator),
        "context": torch.randn(BATCH, 3, 64, generator=generator),
        "pooled": torch.randn(BATCH, 64, generator=generator),
        "time": torch.rand(BATCH, generator=generator),
        "positions": token_positions(2, 2),
    }


def test_without_residuals_it_is_the_plain_base_at_any_guidance(flux, given):
    plain = MiniatureBase(flux)(**given, residuals=None)
    assert not torch.allclose(MiniatureBase(flux, 5.0)(**given, residuals=None), plain, atol=1e-3)
    assert torch.allclose(StrengthenedBase(flux, 1.0, 5.0)(**given, residuals=None), plain, atol=1e-5)


def test_residuals_act_in_the_base_at_each_rows_guidance(flux, given):
    shape = (BATCH, LENGTH, flux.config.hidden_size)
    residuals = Residuals((torch.ones(shape),), (torch.ones(shape),))
    made = StrengthenedBase(flux, 1.0, 5.0)(**given, residuals=residuals) - MiniatureBase(flux)(**given, residuals=None)
    for row, guidance in enumerate((1.0, 2.0, 3.0, 4.0, 5.0)):
        base = MiniatureBase(flux, guidance)
        wanted = base(**given, residuals=residuals) - base(**given, residuals=None)
        assert torch.allclose(made[row], wanted[row], atol=1e-5)


def test_the_gradient_goes_through_the_residuals_alone(flux, given):
    shape = (BATCH, LENGTH, flux.config.hidden_size)
    residuals = Residuals((torch.zeros(shape, requires_grad=True),), ())
    StrengthenedBase(flux, 1.0, 5.0)(**given, residuals=residuals).sum().backward()
    assert residuals.double[0].grad.abs().amax() > 0
    assert all(weight.grad is None for weight in flux.parameters())
