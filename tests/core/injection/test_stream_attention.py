"""What the stream with identity sees of the text-only one, and how blocks are named."""

from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F

from infu_core.injection.block_ranges import read_blocks
from infu_core.injection.stream_attention import (
    INTERACTIONS,
    FeatureInteraction,
    TextOnly,
    TokenLayout,
    attend_to_text_stream,
)
from infu_core.networks.flux_blocks import rotary_table, rotate

TOKENS = TokenLayout(text=3, height=2, width=4, axes=(2, 4, 4))
HEADS, SIZE, ALL = 2, 10, 13  # two reference tokens follow the image


def attend(q, k, v, mask):
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask).transpose(1, 2).flatten(2)


def some(seed):
    return torch.randn(3, 2, HEADS, ALL, SIZE, generator=torch.Generator().manual_seed(seed))


def met(interaction, mask=None, seeds=(1, 2)):
    (q, k, v), (_, text_k, text_v) = some(seeds[0]), some(seeds[1])
    plain = attend(q, k, v, mask)[:, TOKENS.image]
    text_only = TextOnly.of(text_k, text_v, interaction, TOKENS)
    return plain, attend_to_text_stream(plain, q, k, v, text_only, interaction, TOKENS, attend, mask)


def test_a_weight_between_lies_between():
    mixed = INTERACTIONS["mixed attention"]
    plain, whole = met(mixed)
    _, half = met(replace(mixed, weight=0.5))
    assert torch.allclose(half, (plain + whole) / 2, atol=1e-6)


@pytest.mark.parametrize("name", ["mixed attention", "AdaIN-mean", "cross-attention merge"])
def test_a_mask_holds_for_both_streams(name):
    """What a query may not see of its own stream it does not see of the other: hidden tokens change nothing."""
    hidden = TOKENS.image.start + 1 if name != "cross-attention merge" else 1
    mask = torch.zeros(ALL, ALL)
    mask[:, hidden] = -torch.inf
    interaction = INTERACTIONS[name]
    (q, k, v), (_, text_k, text_v) = some(1), some(2)
    plain = attend(q, k, v, mask)[:, TOKENS.image]
    text_only = TextOnly.of(text_k, text_v, interaction, TOKENS)
    made = attend_to_text_stream(plain, q, k, v, text_only, interaction, TOKENS, attend, mask)
    if name == "mixed attention":
        other_v = text_v.clone()
        other_v[:, :, hidden] = 100.0
    elif name == "cross-attention merge":
        other_v = text_v.clone()
        other_v[:, :, hidden] = 100.0
    else:
        other_v = text_v
    again = TextOnly.of(text_k, other_v, interaction, TOKENS)
    assert torch.allclose(
        attend_to_text_stream(plain, q, k, v, again, interaction, TOKENS, attend, mask), made, atol=1e-5
    )


def test_equal_streams_of_adain_mean_change_nothing():
    plain, made = met(INTERACTIONS["AdaIN-mean"], seeds=(1, 1))
    assert torch.allclose(plain, made, atol=1e-6)


def test_shifted_keys_are_those_of_positions_further_right():
    keys = torch.randn(1, HEADS, 8, SIZE)
    y, x = torch.meshgrid(torch.arange(2.0), torch.arange(4.0), indexing="ij")
    positions = torch.stack((torch.zeros(8), y.flatten(), x.flatten()), -1)
    right = positions + torch.tensor([0.0, 0.0, 4.0])
    rotated = F.pad(rotate(keys, rotary_table(positions, TOKENS.axes)), (0, 0, 3, 2))
    made = TextOnly.of(rotated, rotated, FeatureInteraction(mixed=True, shifted=True), TOKENS)
    assert torch.allclose(made.keys, rotate(keys, rotary_table(right, TOKENS.axes)), atol=1e-5)


def test_only_what_is_needed_is_kept():
    (_, k, v) = some(1)
    assert TextOnly.of(k, v, INTERACTIONS["AdaIN-mean"], TOKENS).on_its_own().keys.numel() == 0
    assert TextOnly.of(k, v, INTERACTIONS["mixed attention"], TOKENS).keys.shape[2] == 8
    assert TextOnly.of(k, v, INTERACTIONS["cross-attention merge"], TOKENS).keys.shape[2] == 3


@pytest.mark.parametrize("weight", [-0.1, 1.5, float("nan")])
def test_a_weight_that_makes_no_sense(weight):
    with pytest.raises(ValueError, match="interaction_weight"):
        FeatureInteraction(mixed=True, weight=weight)


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("all", [("double", 0), ("single", 37)], []),
        ("Double", [("double", 18)], [("single", 0)]),
        ("single 10-20, double 3", [("single", 10), ("single", 20), ("double", 3)], [("single", 9), ("double", 4)]),
        ("single 5", [("single", 5)], [("single", 6)]),
    ],
)
def test_blocks_by_name(text, inside, outside):
    interaction = FeatureInteraction(mixed=True, blocks=read_blocks(text))
    assert all(interaction.acts_in(block) for block in inside)
    assert not any(interaction.acts_in(block) for block in outside)


@pytest.mark.parametrize(
    "text", ["", "triple", "single 9-3", "all 2", "single ٣", "single -1", "double 1-2-3", "x" * 500]
)
def test_blocks_that_cannot_be_read(text):
    with pytest.raises(ValueError, match="interaction_blocks") as told:
        read_blocks(text)
    assert len(str(told.value)) < 240
