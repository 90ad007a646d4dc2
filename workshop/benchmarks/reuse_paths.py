"""Forecasts of residuals on paths that need no base model: from calm to wild, straight and with fresh noise.

    python -m workshop.benchmarks.reuse_paths

An InfuseNet of random weights sees x = (1 - sigma) picture + sigma noise over 30 steps of FLUX's schedule. `gain`
scales its weights: at 1 it is as wild as a network gets (neighbouring steps share half of their residuals), small ones
are calm. "fresh noise" replaces a tenth of the noise at every step, as ancestral samplers do. Mean and worst relative
error over all blocks, 0 where a step is computed. Where the published network lies, only its weights can tell.
"""

import math
import statistics

import torch
import torch.nn.functional as F

from infu_core.injection.residual_cache import ResidualCache
from infu_core.injection.residual_forecast import list_of
from infu_core.injection.reuse_plan import REUSE_PLANS
from infu_core.networks.infusenet import InfuseNet, InfuseNetConfig
from infu_core.networks.latent_tokens import pack, token_positions

STEPS, SHIFT, SIDE = 30, 1.15, 16
FORECASTS = {"hold": 0.0, "line": 1.0, "ours": None}


def network(gain: float, hidden_size: int = 256, heads: int = 2, double: int = 4, single: int = 10) -> InfuseNet:
    torch.manual_seed(0)
    net = InfuseNet(InfuseNetConfig(hidden_size, heads, double, single, 64, 32, True)).eval()
    for parameter in net.parameters():
        if parameter.ndim > 1:
            torch.nn.init.normal_(parameter, std=gain * parameter.shape[1] ** -0.5)
    return net


def path(net: InfuseNet, fresh_noise: bool):
    """(sigma, residuals) at each step."""
    generator = torch.Generator().manual_seed(3)
    picture = 1.5 * F.interpolate(torch.randn(1, 16, 4, 4, generator=generator), size=(SIDE, SIDE), mode="bicubic")
    noise = torch.randn(picture.shape, generator=generator)
    identity, pooled = torch.randn(1, 8, 64, generator=generator), torch.randn(1, 32, generator=generator)
    positions = token_positions(SIDE // 2, SIDE // 2, torch.device("cpu"))
    for step in range(STEPS):
        percent = step / STEPS
        sigma = math.exp(SHIFT) / (math.exp(SHIFT) + 1 / (1 - percent) - 1)
        now = noise
        if fresh_noise:
            now = 0.9 * noise + math.sqrt(1 - 0.81) * torch.randn(noise.shape, generator=generator)
        image = pack((1 - sigma) * picture + sigma * now)
        control, time = torch.zeros_like(image), torch.tensor([sigma])
        yield sigma, net(image, control, identity, time, pooled, torch.ones(1), positions=positions)


def errors(seen, mode: str, trust: float | None) -> list[float]:
    cache, found = ResidualCache(REUSE_PLANS[mode], STEPS), []
    for step, (sigma, exact) in enumerate(seen):
        made = cache.forecast("picture", step, sigma)
        if made is None:
            cache.remember("picture", step, sigma, exact)
            if trust is not None:
                cache.tracks["picture"].forecast.trust = [torch.full((1, 1, 1), trust)] * len(list_of(exact))
            found.append(0.0)
            continue
        pairs = list(zip(list_of(made), list_of(exact), strict=True))
        found.append(statistics.mean(float((ours - true).norm() / true.norm()) for ours, true in pairs))
    return found


@torch.no_grad()
def main():
    print("| gain | path | plan | " + " | ".join(f"{name}: mean, worst" for name in FORECASTS) + " |")
    print("| --- " * (3 + len(FORECASTS)) + "|")
    for gain in (0.25, 0.4, 0.6, 1.0):
        for fresh_noise in (False, True):
            seen = list(path(network(gain), fresh_noise))
            for mode in ("balanced", "fast"):
                cells = []
                for trust in FORECASTS.values():
                    found = errors(seen, mode, trust)
                    cells.append(f"{statistics.mean(found):.3f}, {max(found):.3f}")
                kind = "fresh noise" if fresh_noise else "straight"
                print(f"| {gain} | {kind} | {mode} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
