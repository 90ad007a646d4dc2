"""Identity guidance: its two ends are exact, its window holds, and aligned style gives the means back."""

import math

import pytest
import torch

from infu_core.injection.identity_guidance import IdentityGuidance


def predictions():
    generator = torch.Generator().manual_seed(4)
    return torch.randn(2, 16, 8, 6, generator=generator), torch.randn(2, 16, 8, 6, generator=generator)


def test_one_is_the_identity_itself_and_acts_nowhere():
    with_identity, text = predictions()
    assert torch.equal(IdentityGuidance(1.0).combine(with_identity, text), with_identity)
    assert not any(IdentityGuidance(1.0).acts(percent) for percent in (0.0, 0.5, 1.0))


@pytest.mark.parametrize("guidance", [0.5, 1.7])
def test_others_lie_on_the_line_through_both(guidance):
    with_identity, text = predictions()
    made = IdentityGuidance(guidance).combine(with_identity, text)
    assert torch.allclose(made, (1 - guidance) * text + guidance * with_identity, atol=1e-5)


def test_only_zero_needs_no_prediction_with_the_identity():
    assert [IdentityGuidance(guidance).is_text_alone for guidance in (0.0, 0.5, 1.0)] == [True, False, False]


def test_both_ends_of_the_window_belong_to_it():
    guidance = IdentityGuidance(1.5, 0.2, 0.6)
    assert [guidance.acts(percent) for percent in (0.19, 0.2, 0.4, 0.6, 0.61)] == [False, True, True, True, False]


def test_style_alignment_alone_makes_it_act():
    assert IdentityGuidance(1.0, style_alignment=0.3).acts(0.5)


@pytest.mark.parametrize("guidance", [1.0, 1.5])
def test_style_alignment_gives_the_channel_means_back(guidance):
    """AdaIN-mean: x - mean(x) + mean(y)."""
    with_identity, text = predictions()
    plain = IdentityGuidance(guidance).combine(with_identity, text)
    whole = IdentityGuidance(guidance, style_alignment=1.0).combine(with_identity, text)
    partly = IdentityGuidance(guidance, style_alignment=0.25).combine(with_identity, text)
    assert torch.allclose(whole.mean(dim=(2, 3)), text.mean(dim=(2, 3)), atol=1e-6)
    assert torch.allclose(whole - whole.mean((2, 3), True), plain - plain.mean((2, 3), True), atol=1e-5)
    assert torch.allclose(partly, 0.75 * plain + 0.25 * whole, atol=1e-6)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"guidance": -1.0}, "identity_guidance is -1.0"),
        ({"guidance": math.nan}, "identity_guidance is nan"),
        ({"start_percent": 0.7, "end_percent": 0.2}, "from 0.7 to 0.2"),
        ({"end_percent": math.nan}, "to nan"),
        ({"style_alignment": 2.0}, "style_alignment is 2.0"),
    ],
)
def test_nonsense_is_refused_in_one_sentence(given, sentence):
    with pytest.raises(ValueError, match=sentence):
        IdentityGuidance(**given)
