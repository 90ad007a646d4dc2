"""A whole denoising run through our diffusers host equals the published loop on the same weights and inputs.

The published loop, written down here with diffusers' own classes: InfuseNet is told guidance 1.0, sees the identity
tokens as context and the prompt's pooled vector, is gated by step index, and leaves the negative prompt alone.
"""

import pytest
import torch

pytest.importorskip("diffusers")

from diffusers import FluxControlNetModel, FluxTransformer2DModel  # noqa: E402

from infu_core.checkpoints.key_maps import from_published  # noqa: E402
from infu_core.hosts.diffusers_flux import Prompt, denoise  # noqa: E402
from infu_core.injection.injection_settings import InjectionSettings  # noqa: E402
from infu_core.injection.injector import InjectionRun  # noqa: E402
from infu_core.injection.region_layout import Person  # noqa: E402
from infu_core.injection.strength_schedule import StrengthSchedule  # noqa: E402
from infu_core.networks.infusenet import InfuseNet, InfuseNetConfig  # noqa: E402
from infu_core.networks.latent_tokens import pack, token_positions, unpack  # noqa: E402

CONTEXT, POOLED, HEIGHT, WIDTH = 48, 24, 8, 12
SIZES = {
    "attention_head_dim": 128,
    "num_attention_heads": 1,
    "joint_attention_dim": CONTEXT,
    "pooled_projection_dim": POOLED,
    "guidance_embeds": True,
}
SIGMAS = [1.0, 0.93, 0.85, 0.75, 0.63, 0.5, 0.36, 0.2, 0.0]


@pytest.fixture(scope="module")
def models():
    torch.manual_seed(0)
    transformer = FluxTransformer2DModel(num_layers=3, num_single_layers=5, in_channels=64, **SIZES).eval()
    controlnet = FluxControlNetModel(num_layers=2, num_single_layers=3, in_channels=64, **SIZES).eval()
    for name, weight in controlnet.named_parameters():
        if name.startswith("controlnet"):
            torch.nn.init.normal_(weight, std=0.1)
    network = InfuseNet(InfuseNetConfig(128, 1, 2, 3, CONTEXT, POOLED, True)).eval()
    network.load_state_dict(from_published(controlnet.state_dict(), 2, 3, True))
    return transformer, controlnet, network


@pytest.fixture(scope="module")
def given():
    torch.manual_seed(1)
    prompts = [Prompt(torch.randn(1, 20, CONTEXT), torch.randn(1, POOLED)) for _ in range(2)]
    return {
        "latent": torch.randn(1, 16, HEIGHT, WIDTH),
        "control": torch.randn(1, 16, HEIGHT, WIDTH),
        "identity": torch.randn(1, 8, CONTEXT),
        "positive": prompts[0],
        "negative": prompts[1],
    }


@torch.no_grad()
def published_loop(transformer, controlnet, given, scale, start, end, guidance, cfg):
    latents, positions = pack(given["latent"]), token_positions(HEIGHT // 2, WIDTH // 2)
    steps = len(SIGMAS) - 1
    for i in range(steps):
        keep = 1.0 - float(i / steps < start or (i + 1) / steps > end)
        timestep = torch.full((1,), SIGMAS[i])
        common = {"hidden_states": latents, "timestep": timestep, "img_ids": positions}
        double, single = controlnet(
            controlnet_cond=pack(given["control"]),
            conditioning_scale=scale * keep,
            encoder_hidden_states=given["identity"],
            pooled_projections=given["positive"].pooled,
            guidance=torch.tensor([1.0]),
            txt_ids=torch.zeros(8, 3),
            return_dict=False,
            **common,
        )
        text = {"txt_ids": torch.zeros(20, 3), "guidance": torch.tensor([guidance]), "return_dict": False, **common}
        velocity = transformer(
            encoder_hidden_states=given["positive"].context,
            pooled_projections=given["positive"].pooled,
            controlnet_block_samples=double,
            controlnet_single_block_samples=single,
            **text,
        )[0]
        if cfg > 1:
            without = transformer(
                encoder_hidden_states=given["negative"].context,
                pooled_projections=given["negative"].pooled,
                **text,
            )[0]
            velocity = without + cfg * (velocity - without)
        latents = latents + (SIGMAS[i + 1] - SIGMAS[i]) * velocity
    return unpack(latents, HEIGHT, WIDTH)


@pytest.mark.parametrize(
    ("scale", "start", "end", "guidance", "cfg"),
    [(1.0, 0.0, 1.0, 3.5, 1.0), (0.8, 0.25, 0.75, 2.5, 1.0), (1.0, 0.1, 1.0, 3.5, 2.0)],
)
def test_equals_the_published_loop(models, given, scale, start, end, guidance, cfg):
    transformer, controlnet, network = models
    expected = published_loop(transformer, controlnet, given, scale, start, end, guidance, cfg)
    run = InjectionRun(
        InjectionSettings(StrengthSchedule(scale, start, end)),
        [Person(given["identity"][0])],
        lambda person, height, width: given["control"],
        torch.float32,
    )
    negative = given["negative"] if cfg > 1 else None
    made = denoise(transformer, given["latent"], SIGMAS, given["positive"], network, run, guidance, negative, cfg)
    assert float((made - expected).norm() / expected.norm()) <= 1e-4
    bare = denoise(
        transformer, given["latent"], SIGMAS, given["positive"], guidance=guidance, negative=negative, cfg=cfg
    )
    assert float((made - bare).norm() / expected.norm()) > 1e-2, "the identity must change the picture"
