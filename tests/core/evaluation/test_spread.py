"""Means over people: pictures of one person count as one witness."""

import math

import pytest
import torch

from infu_core.evaluation.paired import difference
from infu_core.evaluation.spread import means_of_people, over_people

NAN = float("nan")


def test_the_error_is_over_people_not_pictures():
    people = torch.tensor([0.0, 1.0, 2.0, 3.0])
    few, many = over_people(people[:, None]), over_people(people[:, None].expand(4, 50))
    assert few.mean == many.mean == 1.5
    assert few.error == pytest.approx(many.error) == pytest.approx(float(people.std()) / 2)
    assert (many.people, many.pictures) == (4, 200)
    assert str(few) == "1.500 ± 0.645"


def test_pictures_without_a_face_are_left_out_and_counted():
    values = torch.tensor([[1.0, NAN], [3.0, 5.0], [NAN, NAN]])
    assert means_of_people(values).tolist() == [1, 4]
    found = over_people(values)
    assert (found.mean, found.people, found.pictures) == (2.5, 2, 3)


def test_nothing_found_is_no_number():
    assert math.isnan(over_people(torch.full((2, 2), NAN)).mean)
    one = over_people(torch.ones(1, 3))
    assert one.mean == 1 and math.isnan(one.error) and str(one) == "1.000"


def test_a_difference_of_tables_draws_people():
    generator = torch.Generator().manual_seed(3)
    person = torch.randn(12, 1, generator=generator)
    a, b = torch.zeros(12, 40), person + 0.01 * torch.randn(12, 40, generator=generator)
    by_people, by_pictures = difference(a, b), difference(a.flatten(), b.flatten())
    assert by_people.pairs == 12 and by_pictures.pairs == 480
    assert by_people.high - by_people.low > 4 * (by_pictures.high - by_pictures.low)


def test_a_list_is_no_table():
    with pytest.raises(ValueError, match="people x pictures"):
        means_of_people(torch.ones(4))
