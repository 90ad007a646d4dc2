"""What the measurements make of judges' answers that are known."""

from types import SimpleNamespace

import pytest
import torch

pytest.importorskip("cv2")

from workshop.miniature.measuring.bounds import measured  # noqa: E402
from workshop.miniature.measuring.cells import HEAD, Cells, Outcome  # noqa: E402
from workshop.miniature.measuring.claims import Claim, Sample, in_deviations  # noqa: E402
from workshop.miniature.measuring.couples import Couples, masks  # noqa: E402
from workshop.miniature.measuring.table import Table  # noqa: E402

NAN = float("nan")


def outcome(vectors, right=None):
    """Two people along the axes, three pictures of each."""
    told = {
        name: torch.ones(2, 3) for name in ("eyes", "background", "hair_colour", "hair_style", "glasses", "expression")
    }
    style = torch.tensor([[1, 0, 1], [1, 1, NAN]])
    return Outcome(torch.zeros(2, 3, 4, 4, 3), torch.tensor(vectors), told | {"style": style}, torch.eye(2))


VECTORS = [[[1.0, 0.0], [0.6, 0.8], [NAN, NAN]], [[0.0, 1.0], [0.6, 0.8], [0.0, 1.0]]]


def test_likeness_is_to_the_own_person():
    way = outcome(VECTORS)
    assert torch.allclose(way.likeness, torch.tensor([[1, 0.6, NAN], [1, 0.8, 1]]), equal_nan=True)
    assert torch.allclose(way.likeness_to_others, torch.tensor([[0, 0.8, NAN], [0, 0.6, 0]]), equal_nan=True)
    assert torch.allclose(way.recognised, torch.tensor([[1, 0, NAN], [1, 1, 1]]), equal_nan=True)
    assert way.likeness_to_each_other.shape == (2, 3, 1)
    assert way.found.tolist() == [[1, 1, 0], [1, 1, 1]]


def test_each_other_person_is_set_against_single_pictures():
    """Against the mean over others a gap would look larger than it is."""
    vectors = torch.eye(3)[:, None].expand(3, 2, 3).clone()
    vectors[0, 0] = torch.tensor([0.0, 0.6, 0.8])
    way = Outcome(torch.zeros(3, 2, 4, 4, 3), vectors, {}, torch.eye(3))
    assert torch.allclose(way.likeness_to_each_other[0], torch.tensor([[0.6, 0.8], [0, 0]]))
    assert torch.allclose(way.likeness_to_others[0], torch.tensor([0.7, 0]))


def test_a_row_says_pictures_likeness_faces_and_attributes():
    row = outcome(VECTORS).cells()
    assert len(row) == len(HEAD) - 1
    assert (
        row[0] == "6" and row[1].startswith("0.867 ±") and row[2].startswith("0.833 ±") and row[4].startswith("0.833")
    )


def test_neighbours_are_the_pair_s_other_one_and_never_oneself():
    for people in (2, 3, 4, 5):
        cells = SimpleNamespace(people=people, subjects=list(range(people)))
        others = Cells.neighbours(cells)  # type: ignore[arg-type]
        assert all(other != own for own, other in enumerate(others))
        assert others[:2] == [1, 0]


def test_halves_are_judged_by_who_they_should_be():
    way = Couples(torch.zeros(1), torch.tensor([[0.9, 0.5, NAN]]), torch.tensor([[0.2, 0.7, NAN]]))
    assert torch.allclose(way.right_way_round, torch.tensor([[1, 0, NAN]]), equal_nan=True)
    left, right = masks(8, 8)
    assert float((left + right).min()) == 1 and float(left[:, :4].min()) == 1 and float(left[:, 4:].max()) == 0


def test_a_gap_in_deviations_is_paired_by_person():
    generator = torch.Generator().manual_seed(0)
    lower = 0.1 * torch.randn(50, 40, generator=generator)
    assert float(in_deviations(lower + 0.3, lower).mean()) == pytest.approx(3, rel=0.05)


@pytest.mark.parametrize(
    ("mean", "deviation", "bound", "why"),
    [
        (1.0, 0.1, 0.8, None),
        (1.0, 0.8, 0.0, None),  # the sign must be right, at the least
        (1.0, 1.5, None, "4 can't show it"),
        (0.0, 0.5, None, "does not hold"),
    ],
)
def test_a_bound_comes_from_the_spread(mean, deviation, bound, why):
    values = torch.tensor([-1.0, 1.0]).repeat(32).double()
    values = mean + deviation * values / values.std()
    line = measured(Claim("it is so", lambda _: values, Sample(people=4)), SimpleNamespace(people=64))  # type: ignore[arg-type]
    assert line["bound"] == (None if bound is None else pytest.approx(bound, abs=1e-4))
    assert (why or "") in line.get("why", "") and line["of"] == 64


def test_pairs_are_half_as_many_as_people():
    values = torch.tensor([0.9, 1.1] * 8)
    line = measured(Claim("pairs", lambda _: values, Sample(people=4)), SimpleNamespace(people=32))  # type: ignore[arg-type]
    assert line["over"] == 2


def test_a_claim_without_faces_has_no_bound():
    line = measured(Claim("nobody", lambda _: torch.tensor([NAN, 0.4])), SimpleNamespace(people=2))  # type: ignore[arg-type]
    assert line["bound"] is None and "no faces" in line["why"]


def test_a_table_reads_as_markdown():
    text = Table("Title", ("a", "b"), [("1", "2")], "A note.").markdown()
    assert text == "### Title\n\n| a | b |\n| --- | --- |\n| 1 | 2 |\n\nA note."
