"""The measures on values whose answer is known."""

import math

import pytest
import torch

from infu_core.evaluation.likeness import (
    copy_paste,
    copy_paste_released,
    id_conf,
    identity_confidence,
    match,
    released_mean,
)
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


def test_copy_paste_as_released_counts_every_picture_and_no_two_photos_that_are_one():
    """(40 - 70) / 40 and so on, by hand; the released code returns 0 where both photos are one."""
    reference, truth = turned(0).expand(2, -1), turned(40).expand(2, -1)
    made = torch.stack((turned(0), turned(110)))
    assert copy_paste_released(made, reference, truth).tolist() == pytest.approx(
        [1, (70 - 110) / 40], abs=5e-3
    )  # its eps
    assert copy_paste_released(3 * made, reference, truth).tolist() == pytest.approx([1, -1], abs=5e-3)
    assert copy_paste_released(made, reference, reference).tolist() == [0, 0]


def test_the_released_mean_leaves_outliers_out():
    assert released_mean([0.1, 0.2, 0.3, 0.2, 9.0]) == pytest.approx(0.2)
    assert released_mean([1.0, 3.0]) == 2
    assert math.isnan(released_mean([math.nan]))


def test_confidence_is_low_where_two_faces_could_be_the_person():
    people = torch.stack((turned(0), turned(90)))
    clear = identity_confidence(people, torch.stack((turned(5), turned(85))))
    confused = identity_confidence(people, torch.stack((turned(40), turned(45))))
    assert (clear > 0.9).all() and (confused < 0.15).all()


def test_confidence_as_umo_counts_it():
    """Nothing below two faces; 0 where the best is no likeness; at most 1 where the second is on the other side."""
    people = torch.stack((turned(0), turned(90)))
    assert identity_confidence(people, people[:1]).isnan().all()
    away = torch.stack((turned(180), turned(200)))
    assert identity_confidence(people[:1], away).tolist() == [0]
    assert identity_confidence(people[:1], torch.stack((turned(10), turned(170)))).tolist() == [1]
    pictures = [(people, people[:1]), (people, torch.stack((turned(0), turned(60)))), (people[:1], away)]
    by_hand = [1 - math.cos(math.radians(60)), 1.0, 0.0]
    assert id_conf(pictures) == pytest.approx(100 * sum(by_hand) / 3, abs=1e-3)


def test_matching_takes_the_best_sum_not_the_first_best():
    people = torch.stack((turned(0), turned(30)))
    faces = torch.stack((turned(25), turned(60)))
    assert match(people, faces) == (0, 1)
    assert match(people, faces.flip(0)) == (1, 0)
    with pytest.raises(ValueError, match="1 faces"):
        match(people, torch.eye(4)[:1])


def test_matching_equals_the_assignment_of_scipy():
    optimize = pytest.importorskip("scipy.optimize")
    generator = torch.Generator().manual_seed(0)
    for people, faces in ((1, 1), (1, 5), (2, 2), (3, 8), (5, 6), (6, 6)):
        a, b = (torch.nn.functional.normalize(torch.randn(n, 8, generator=generator), dim=1) for n in (people, faces))
        rows, columns = optimize.linear_sum_assignment(-(a @ b.T).numpy())
        assert match(a, b) == tuple(columns[rows.argsort()].tolist())


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
