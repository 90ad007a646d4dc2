"""The laws of mixing: exact ends, order, symmetry, and what says nothing is an error."""

import math

import pytest
import torch

from infu_core.identity.identity import FaceSource, Identity
from infu_core.identity.mixing import BLEND, MODES, SLERP, STACK, interpolate, mix, report_mix


def person(seed, recogniser="arcface_ir_se50"):
    vector = torch.randn(512, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    source = FaceSource(f"photo {seed}", (0, 0, 1, 1), ((0, 0),) * 5, 0.9)
    return Identity((vector / vector.norm()).float()[None], (1.0,), (source,), recogniser)


def opposite(identity):
    return Identity(-identity.vectors)


def angle(first, second):
    return math.acos(float((first.vectors[0].double() @ second.vectors[0].double()).clamp(-1, 1)))


A, B, C = person(1), person(2), person(3)


@pytest.mark.parametrize("mode", MODES)
def test_the_ends_are_exact(mode):
    assert mix([A, B], [1, 0], mode) is A
    assert mix([A, B], [0, 0.3], mode) is B


@pytest.mark.parametrize("mode", [BLEND, STACK])
def test_one_identity_is_itself(mode):
    assert mix([A], None, mode) is A


def test_the_order_of_inputs_does_not_matter_for_blend():
    digests = {mix([p[0] for p in order], [p[1] for p in order]).digest() for order in permutations()}
    assert len(digests) == 1


def permutations():
    import itertools

    return itertools.permutations([(A, 0.3), (B, 1.0), (C, 0.7), (person(4), 0.11)])


def test_blend_is_the_unit_weighted_mean():
    mean = A.vectors[0].double() + 0.5 * B.vectors[0].double()
    torch.testing.assert_close(mix([A, B], [1, 0.5]).vectors[0].double(), mean / mean.norm(), atol=1e-7, rtol=0)


def test_in_a_blend_a_stack_counts_as_much_as_its_weight_says_however_many_it_holds():
    stacked = mix([A, B], [1, 1], STACK)
    expected = (A.vectors + B.vectors) / 2 + C.vectors
    torch.testing.assert_close(mix([stacked, C]).vectors, expected / expected.norm())


def test_a_blend_leans_to_the_heavier_side():
    lean = mix([A, B], [3, 1])
    assert angle(lean, A) < angle(lean, B)


def test_slerp_goes_at_even_speed():
    steps = interpolate(A, B, 5, SLERP)
    gaps = [angle(first, second) for first, second in zip(steps, steps[1:], strict=False)]
    assert max(gaps) - min(gaps) < 1e-3
    assert sum(gaps) == pytest.approx(angle(A, B), abs=1e-3)


def test_slerp_of_nearly_equal_vectors_is_stable():
    near = Identity(torch.nn.functional.normalize(A.vectors + 1e-7, dim=1))
    result = mix([A, near], [1, 1], SLERP)
    assert float(result.vectors.norm()) == pytest.approx(1, abs=1e-6)


def test_half_way_slerp_and_blend_agree():
    torch.testing.assert_close(mix([A, B]).vectors, mix([A, B], None, SLERP).vectors, atol=1e-6, rtol=0)


def test_stack_keeps_order_and_scales_to_the_largest_weight():
    stacked = mix([A, B, C], [0.5, 2, 0], STACK)
    torch.testing.assert_close(stacked.vectors, torch.cat([A.vectors, B.vectors]), rtol=0, atol=0)
    assert stacked.weights == (0.25, 1.0)


def test_a_stack_can_be_stacked_and_blended():
    stacked = mix([mix([A, B], None, STACK), C], [1, 0.5], STACK)
    assert stacked.weights == (1.0, 1.0, 0.5)
    assert mix([stacked, A]).vectors.shape == (1, 512)


@pytest.mark.parametrize("mode", MODES)
def test_sources_of_all_who_take_part_are_kept_once(mode):
    mixed = mix([A, B], [1, 1], mode)
    assert mixed.sources == A.sources + B.sources
    assert mix([mixed, A], None, STACK).sources == A.sources + B.sources


@pytest.mark.parametrize("mode", [SLERP, BLEND])
def test_interpolation_has_exact_ends(mode):
    series = interpolate(A, B, 4, mode)
    assert len(series) == 4 and series[0] is A and series[-1] is B


@pytest.mark.parametrize(
    ("identities", "weights", "mode", "sentence"),
    [
        ([], None, BLEND, "No identity is connected"),
        ([A, B], [0, 0], BLEND, "All weights are 0"),
        ([A, B], [1], BLEND, "2 identities need 2 weights, but 1 are given"),
        ([A, B], [1, -1], BLEND, "Weights must be numbers of 0 or more"),
        ([A, B], [1, float("nan")], BLEND, "Weights must be numbers of 0 or more"),
        ([A, opposite(A)], None, BLEND, "cancel out"),
        ([A, opposite(A)], None, SLERP, "opposite directions"),
        ([A, B, C], None, SLERP, "but 3 are connected; use blend"),
        ([mix([A, B], None, STACK), C], None, SLERP, "one of these is a stack"),
        ([A, person(5, "another")], None, BLEND, "different recognisers"),
        ([A, B], None, "melt", "no way of mixing called 'melt'"),
    ],
)
def test_what_says_nothing_is_an_error(identities, weights, mode, sentence):
    with pytest.raises(ValueError, match=sentence):
        mix(identities, weights, mode)


def test_a_series_needs_two_steps():
    with pytest.raises(ValueError, match="at least 2 steps, not 1"):
        interpolate(A, B, 1)


def test_the_report_says_what_a_mix_is_made_of():
    assert report_mix([A, B], [1, 3], BLEND) == (
        "blend of 2 identities\n1: share 0.25, from 1 photo\n2: share 0.75, from 1 photo"
    )
    head, *lines = report_mix([A, B, C], [0, 2, 1], STACK).split("\n")
    assert head == "stack of 2 identities"
    assert [line[:16] for line in lines] == ["1: left out, fro", "2: strength 1.00", "3: strength 0.50"]
