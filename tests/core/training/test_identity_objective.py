"""The objective learns: pictures that depend on a person are predicted better with that person's vector."""

import pytest
import torch
import torch.nn.functional as F

from infu_core.networks.flux_blocks import DoubleBlock, SingleBlock
from infu_core.networks.identity_projector import IdentityProjector, IdentityProjectorConfig
from infu_core.networks.infusenet import InfuseNet, InfuseNetConfig
from infu_core.training.flow_matching import draw
from infu_core.training.identity_loss import IdentityLoss
from infu_core.training.identity_objective import IdentityObjective, begin_projector, begin_silent, save_memory

CONTEXT, POOLED = 16, 8


class Echo:
    """A base that adds up the residuals it is given and reads a velocity off them."""

    def __init__(self):
        generator = torch.Generator().manual_seed(4)
        self.read = torch.randn(128, 64, generator=generator) / 128**0.5

    def __call__(self, image, context, pooled, time, positions, residuals):
        return (sum(residuals.double) + sum(residuals.single)) @ self.read


def objective():
    torch.manual_seed(2)
    infusenet = InfuseNet(InfuseNetConfig(128, 1, 1, 1, CONTEXT, POOLED, True))
    projector = IdentityProjector(IdentityProjectorConfig(4, 32, 1, 1, 32, 512, CONTEXT))
    begin_silent(infusenet)
    begin_projector(projector)
    return IdentityObjective(Echo(), infusenet, projector)


def people_and_pictures():
    """Four people, each with a picture of one colour of their own."""
    generator = torch.Generator().manual_seed(6)
    vectors = F.normalize(torch.randn(4, 512, generator=generator), dim=1)
    pictures = 2 * torch.randn(4, 16, 1, 1, generator=generator).expand(-1, -1, 4, 4)
    return vectors.repeat(4, 1), pictures.repeat(4, 1, 1, 1)


def batch(step, vectors, pictures):
    draws = draw(0, step, range(len(vectors)), (16, 4, 4))
    rest = {"context": torch.zeros(16, 3, CONTEXT), "pooled": torch.zeros(16, POOLED)}
    control = torch.zeros(16, 16, 4, 4)
    return {
        "latents": pictures,
        "control": control,
        "vectors": vectors,
        "noise": draws.noise,
        "time": draws.time,
        **rest,
    }


def test_it_begins_silent_and_learns_who_is_who():
    vectors, pictures = people_and_pictures()
    whole = objective()
    with torch.no_grad():
        first = whole(**batch(0, vectors, pictures))
        assert torch.equal(first, whole(**batch(0, vectors.flip(0), pictures)))
    optimiser = torch.optim.AdamW(whole.parameters(), lr=3e-3)
    for step in range(80):
        whole(**batch(step, vectors, pictures)).mean().backward()
        optimiser.step()
        optimiser.zero_grad()
    with torch.no_grad():
        own = whole(**batch(1000, vectors, pictures)).mean()
        other = whole(**batch(1000, vectors.flip(0), pictures)).mean()
    assert own < 0.5 * first.mean() and own < 0.6 * other


def test_infusenet_is_trained_at_the_guidance_that_the_published_pipeline_feeds():
    vectors, pictures = people_and_pictures()
    whole, seen = objective(), []
    whole.infusenet.register_forward_pre_hook(lambda network, given: seen.append(given[5]))
    with torch.no_grad():
        whole(**batch(0, vectors, pictures))
    assert torch.equal(seen[0], torch.full((16,), 1.0))


def test_in_a_region_residuals_act_and_loss_counts_there_alone():
    vectors, pictures = people_and_pictures()
    whole, given = objective(), batch(0, vectors, pictures)
    for layer in (*whole.infusenet.double_residuals, *whole.infusenet.single_residuals):
        torch.nn.init.normal_(layer.weight, std=0.02)
    left = torch.tensor([1.0, 0.0]).repeat(2).expand(16, -1)  # of 2 x 2 tokens
    halves = [whole(**given, region=region) for region in (left, 1 - left)]
    assert torch.allclose((halves[0] + halves[1]) / 2, whole(**given), rtol=1e-5)
    seen = []
    whole._base = (lambda *inputs: seen.append(inputs[-1]) or torch.zeros(16, 4, 64),)
    whole(**given, region=left)
    for residual in (*seen[0].double, *seen[0].single):
        assert residual[:, ::2].abs().min() > 0 and not residual[:, 1::2].any()


def test_checkpointing_changes_no_gradient_and_no_name():
    vectors, pictures = people_and_pictures()
    plain, saving = objective(), objective()
    assert save_memory(saving, (DoubleBlock, SingleBlock)) == 2
    assert plain.state_dict().keys() == saving.state_dict().keys()
    for module in (plain, saving):
        for layer in (*module.infusenet.double_residuals, *module.infusenet.single_residuals):
            torch.nn.init.eye_(layer.weight)
        module(**batch(3, vectors, pictures)).mean().backward()
    for one, other in zip(plain.parameters(), saving.parameters(), strict=True):
        assert (one.grad is None) == (other.grad is None)
        assert one.grad is None or torch.allclose(one.grad, other.grad, atol=1e-7)


def test_an_identity_loss_adds_to_the_flow_and_wants_the_faces_vectors():
    vectors, pictures = people_and_pictures()
    whole = objective()
    given = batch(0, vectors, pictures)
    plain = whole(**given)
    whole.identity_loss = IdentityLoss(lambda latents, region: F.normalize(latents.mean((2, 3)), dim=1), 1.0)
    wanted = F.normalize(pictures.mean((2, 3)), dim=1)
    assert (whole(**given, wanted=-wanted) >= plain).all() and (whole(**given, wanted=-wanted) > plain).any()
    with pytest.raises(ValueError, match="give wanted"):
        whole(**given)
