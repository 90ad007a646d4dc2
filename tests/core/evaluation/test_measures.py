"""The measures on values whose answer is known."""

import math

import pytest
import torch

from infu_core.evaluation.likeness import copy_paste, identity_confidence, leak, match
from infu_core.evaluation.paired import difference, gap_in_deviations


def turned(degrees, size=4):
    radians = math.radians(degrees)
    return torch.tensor([math.cos(radians), math.sin(radians)] + [0.0] * (size - 2))


def test_copy_paste_is_one_at_the_reference_and_minus_one_at_the_truth():
    reference, truth = turned(0), turned(40)
    made = torch.stack((turned(0), turned(40), turned(20), turned(170)))
    value = copy_paste(made, reference.expand(4, -1), truth.expand(4, -1))
    assert value[:3].tolist() == pytest.approx([1, -1, 0], abs=2e-3)
    assert math.isnan(value[3])


def test_confidence_is_low_where_two_faces_could_be_the_person():
    people = torch.stack((turned(0), turned(90)))
    clear = identity_confidence(people, torch.stack((turned(5), turned(85))))
    confused = identity_confidence(people, torch.stack((turned(40), turned(45))))
    assert (clear > 0.9).all() and (confused < 0.15).all()
    assert identity_confidence(people, people[:1]).tolist() == [1, 1]


def test_matching_takes_the_best_sum_not_the_first_best():
    people = torch.stack((turned(0), turned(30)))
    faces = torch.stack((turned(25), turned(60)))
    assert match(people, faces) == (0, 1)
    assert match(people, faces.flip(0)) == (1, 0)
    with pytest.raises(ValueError, match="3 faces"):
        match(people, torch.eye(4)[:3])


def test_leak_compares_with_the_other_person():
    people = torch.stack((turned(0), turned(90)))
    own, other = leak(people, torch.stack((turned(0), turned(45))))
    assert own.tolist() == pytest.approx([1, math.sqrt(0.5)], abs=1e-6)
    assert other.tolist() == pytest.approx([0, math.sqrt(0.5)], abs=1e-6)


def test_a_difference_knows_how_sure_it_is():
    generator = torch.Generator().manual_seed(0)
    a = torch.randn(200, generator=generator)
    noise = 0.1 * torch.randn(200, generator=generator)
    sure = difference(a, a + 0.2 + noise)
    assert sure.is_sure and sure.low < 0.2 < sure.high and sure.high - sure.low < 0.05
    assert not difference(a, a + noise - noise.mean()).is_sure
    a[3] = float("nan")
    assert difference(a, a + 1).pairs == 199


def test_the_gap_is_in_deviations():
    generator = torch.Generator().manual_seed(1)
    same, different = torch.randn(4000, generator=generator) * 0.1 + 0.8, torch.randn(4000, generator=generator) * 0.1
    assert gap_in_deviations(same, different) == pytest.approx(8, rel=0.05)
    with pytest.raises(ValueError, match="two values"):
        gap_in_deviations(same[:1], different)
