"""A small random InfuseNet, people and steps for the injection tests."""

import torch

from infu_core.injection.denoising_step import DenoisingStep
from infu_core.injection.injection_settings import InjectionSettings
from infu_core.injection.injector import InjectionRun
from infu_core.injection.region_layout import Person
from infu_core.networks.infusenet import InfuseNet, InfuseNetConfig

CONTEXT, POOLED = 16, 8


class CountingNet(InfuseNet):
    """Counts its runs and the image tokens of each."""

    def __init__(self, config):
        super().__init__(config)
        self.runs: list[int] = []

    def forward(self, image, *args, **kwargs):
        self.runs.append(image.shape[1])
        return super().forward(image, *args, **kwargs)


def network(double=2, single=3):
    torch.manual_seed(1)
    net = CountingNet(InfuseNetConfig(32, 2, double, single, CONTEXT, POOLED, True, axes=(4, 6, 6)))
    return net.eval().requires_grad_(False)


def person(seed=0, mask=None, strength=1.0, tokens=8):
    generator = torch.Generator().manual_seed(seed)
    return Person(torch.randn(tokens, CONTEXT, generator=generator), mask, strength)


def black(person, height, width):
    return torch.zeros(1, 16, height, width)


def step(batch=1, began=0.0, index=0, steps=1, height=8, width=8, seed=5):
    rows = [torch.randn(16, height, width, generator=torch.Generator().manual_seed(seed + row)) for row in range(batch)]
    return DenoisingStep(
        latent=torch.stack(rows),
        timestep=torch.full((batch,), 1 - began),
        pooled=torch.ones(batch, POOLED),
        began=began,
        step=index,
        steps=steps,
    )


def run(people, reuse="exact", steps=1, control=black, **settings):
    return InjectionRun(InjectionSettings(**settings), people, control, torch.float32, reuse, steps)


def residuals(people, net=None, at=None, **settings):
    return run(people, **settings).residuals(net or network(), at or step())


def blocks(residuals):
    return [*residuals.double, *residuals.single]


def equal(a, b):
    return all(torch.equal(x, y) for x, y in zip(blocks(a), blocks(b), strict=True))


def close(a, b, tolerance=1e-5):
    return all(torch.allclose(x, y, atol=tolerance, rtol=tolerance) for x, y in zip(blocks(a), blocks(b), strict=True))
