"""Our InfuseNet equals diffusers' FLUX ControlNet on the same random weights, through our key map."""

import pytest
import torch

diffusers = pytest.importorskip("diffusers")

from infu_core.checkpoints.key_maps import from_published, to_published  # noqa: E402
from infu_core.networks.infusenet import InfuseNet, InfuseNetConfig  # noqa: E402
from infu_core.networks.latent_tokens import pack, token_grid, token_positions  # noqa: E402

CONTEXT, POOLED = 48, 24
CONFIGS = {
    # double, single, heads, guidance, latent height and width, batch, identity tokens
    "one double block": (1, 0, 1, True, 8, 8, 1, 8),
    "two and three": (2, 3, 2, True, 12, 8, 1, 8),
    "published depth": (4, 10, 1, True, 8, 12, 1, 8),
    "no guidance embedder": (2, 3, 1, False, 8, 8, 1, 8),
    "odd latent size": (2, 2, 1, True, 9, 7, 1, 8),
    "batch of three": (2, 2, 1, True, 8, 8, 3, 8),
    "sixteen tokens": (2, 2, 1, False, 10, 6, 3, 16),
}


def reference(double, single, heads, guidance):
    torch.manual_seed(7)
    net = diffusers.FluxControlNetModel(
        in_channels=64,
        num_layers=double,
        num_single_layers=single,
        attention_head_dim=128,
        num_attention_heads=heads,
        joint_attention_dim=CONTEXT,
        pooled_projection_dim=POOLED,
        guidance_embeds=guidance,
    ).eval()
    for name, weight in net.named_parameters():  # its zero layers would hide every difference
        if name.startswith("controlnet"):
            torch.nn.init.normal_(weight, std=0.05)
    return net


def ours(net, double, single, heads, guidance):
    config = InfuseNetConfig(128 * heads, heads, double, single, CONTEXT, POOLED, guidance)
    copy = InfuseNet(config).eval()
    copy.load_state_dict(from_published(net.state_dict(), double, single, guidance))
    return copy


def inputs(height, width, batch, tokens, guidance):
    torch.manual_seed(11)
    noisy, control = torch.randn(batch, 16, height, width), torch.randn(batch, 16, height, width)
    return {
        "image": pack(noisy),
        "control": pack(control),
        "identity": torch.randn(batch, tokens, CONTEXT),
        "timestep": torch.linspace(0.3, 0.9, batch),
        "pooled": torch.randn(batch, POOLED),
        "guidance": torch.ones(batch) if guidance else None,
        "positions": token_positions(*token_grid(height, width)),
    }


def run_reference(net, given):
    dtype = net.dtype
    cast = {name: value.to(dtype) for name, value in given.items() if isinstance(value, torch.Tensor)}
    with torch.no_grad():
        result = net(
            hidden_states=cast["image"],
            controlnet_cond=cast["control"],
            encoder_hidden_states=cast["identity"],
            pooled_projections=cast["pooled"],
            timestep=cast["timestep"],
            guidance=cast.get("guidance"),
            img_ids=given["positions"],
            txt_ids=torch.zeros(given["identity"].shape[1], 3),
        )
    return [*(result.controlnet_block_samples or ()), *(result.controlnet_single_block_samples or ())]


def run_ours(net, given):
    dtype = net.img_in.weight.dtype
    with torch.no_grad():
        made = net(**{**given, "image": given["image"].to(dtype)})
    return [*made.double, *made.single]


def relative_error(made, expected):
    return float((made.float() - expected.float()).norm() / expected.float().norm())


@pytest.mark.parametrize("name", CONFIGS)
def test_residuals_equal_diffusers(name):
    double, single, heads, guidance, height, width, batch, tokens = CONFIGS[name]
    net = reference(double, single, heads, guidance)
    given = inputs(height, width, batch, tokens, guidance)
    expected = run_reference(net, given)
    made = run_ours(ours(net, double, single, heads, guidance), given)
    assert len(made) == len(expected) == double + single
    errors = [relative_error(*pair) for pair in zip(made, expected, strict=True)]
    assert max(errors) <= 1e-5, f"relative errors per block: {errors}"


def test_bfloat16_is_no_further_from_float32_than_diffusers():
    shape = (4, 10, 1, True)
    net = reference(*shape)
    given = inputs(8, 12, 2, 8, True)
    exact = run_reference(net, given)
    network = ours(net, *shape)
    theirs = run_reference(net.to(torch.bfloat16), given)
    made = run_ours(network.to(torch.bfloat16), given)
    error_of_theirs = [relative_error(*pair) for pair in zip(theirs, exact, strict=True)]
    error_of_ours = [relative_error(*pair) for pair in zip(made, exact, strict=True)]
    assert sum(error_of_ours) <= sum(error_of_theirs) * 1.02, (error_of_ours, error_of_theirs)


def test_the_key_map_is_its_own_inverse():
    net = reference(2, 3, 1, True)
    published = net.state_dict()
    back = to_published(from_published(published, 2, 3, True), 2, 3, True)
    assert back.keys() == published.keys()
    assert all(torch.equal(back[name], published[name]) for name in published)
