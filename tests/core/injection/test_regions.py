"""Masks on the token grid: exact values, windows of a picture, boxes, soft edges, chains, the preview."""

import math

import pytest
import torch

from infu_core.identity.identity import Identity
from infu_core.injection.region_boxes import box_mask, feathered, read_box
from infu_core.injection.region_chain import add_region, choose_mask, with_mask
from infu_core.injection.region_layout import UNKNOWN, IdentityRegion, Person, Window, lay_out, token_mask
from infu_core.injection.region_preview import preview_regions, report_regions

CPU = torch.device("cpu")


def somebody(seed=0):
    vector = torch.randn(1, 512, generator=torch.Generator().manual_seed(seed))
    return Identity(torch.nn.functional.normalize(vector, dim=1))


def test_a_token_has_the_share_of_its_pixels():
    mask = torch.zeros(64, 64)
    mask[:, :24] = 1
    tokens = token_mask(mask, 8, 8).unflatten(0, (4, 4))
    assert torch.equal(tokens, torch.tensor([1.0, 0.5, 0.0, 0.0]).expand(4, 4))


@pytest.mark.parametrize("size", [(8, 8), (7, 9), (5, 12)])
def test_masks_of_any_size_fit_any_grid(size):
    rows, columns = -(-size[0] // 2), -(-size[1] // 2)
    for mask in (torch.ones(1, 1), torch.ones(333, 77), torch.ones(3, 1000)):
        assert torch.equal(token_mask(mask, *size), torch.ones(rows * columns))


def test_a_window_sees_its_own_part_of_the_mask():
    mask = torch.arange(64.0).expand(64, 64) / 63
    whole = token_mask(mask, 8, 8).unflatten(0, (4, 4))
    part = token_mask(mask, 4, 4, Window((4, 5, 6, 7), (2, 3, 4, 5), 8, 8)).unflatten(0, (2, 2))
    assert torch.allclose(part, whole[2:, 1:3])


def test_masks_are_shared_where_they_overlap_and_never_exceed_one():
    ones = torch.ones(8, 8)
    layout = lay_out([Person(torch.zeros(8, 4), ones), Person(torch.zeros(8, 4), ones * 3)], 8, 8, CPU)
    assert torch.allclose(layout.masks, torch.full((2, 16), 0.5))
    quarter = [Person(torch.zeros(8, 4), ones * 0.25) for _ in range(2)]
    assert torch.allclose(lay_out(quarter, 8, 8, CPU).masks.sum(0), torch.full((16,), 0.5))


def test_people_without_a_place_are_left_out():
    people = [Person(torch.zeros(8, 4), torch.zeros(8, 8)), Person(torch.zeros(8, 4), torch.ones(8, 8))]
    assert lay_out(people, 8, 8, CPU).people == (people[1],)


def test_people_of_strength_zero_are_left_out_alone_and_beside_others():
    silent, other = Person(torch.zeros(8, 4), strength=0.0), Person(torch.ones(8, 4), torch.ones(8, 8))
    assert lay_out([silent], 8, 8, CPU).people == ()
    assert lay_out([silent, other], 8, 8, CPU).people == (other,)


def test_boxes():
    assert read_box("  ") is None
    assert read_box("0, 0.5 0.25,0.5") == (0.0, 0.5, 0.25, 0.5)
    mask = box_mask((0.0, 0.5, 0.25, 0.5), 8, 10)
    assert torch.equal(mask[:4], torch.zeros(4, 10))
    assert torch.equal(mask[4], torch.tensor([1, 1, 0.5, 0, 0, 0, 0, 0, 0, 0]))
    assert float(mask.sum()) == pytest.approx(80 * 0.125)


def test_feathering_keeps_what_has_no_edge():
    for value in (0.0, 1.0):
        assert torch.equal(feathered(torch.full((40, 60), value), 0.2), torch.full((40, 60), value))
    half = torch.zeros(40, 60)
    half[:, :30] = 1
    soft = feathered(half, 0.2)
    assert torch.equal(feathered(half, 0.0), half)
    assert soft[0, 0] == 1 and soft[0, -1] == 0
    assert (soft[:, 1:] <= soft[:, :-1] + 1e-6).all()
    assert float(soft.mean()) == pytest.approx(0.5, abs=1e-3)


def test_a_chain_takes_a_batchs_masks_in_turn():
    masks = torch.stack((torch.zeros(4, 4), torch.ones(4, 4)))
    chain = add_region(add_region((), somebody(1), masks), somebody(2), masks)
    assert [float(region.mask.mean()) for region in chain] == [0.0, 1.0]
    assert [region.masks_given for region in chain] == [2, 2]
    assert choose_mask(torch.ones(1, 4, 4), 7)[1] == 1


def test_a_box_cuts_a_mask():
    (region,) = add_region((), somebody(), torch.ones(8, 8), box="0, 0, 0.5, 1")
    assert torch.equal(region.mask, box_mask((0, 0, 0.5, 1), 8, 8))


def test_bad_regions_are_told_in_one_sentence():
    for given, sentence in (
        ({"mask": torch.full((4, 4), math.nan)}, "not numbers"),
        ({"feather": -0.1}, "feather is -0.1"),
        ({"strength": math.inf}, "strength of a region is inf"),
        ({"box": "a b c d"}, "is no number"),
        ({"box": "nan 0 1 1"}, "is no number"),
        ({"box": "0 1 1"}, "four numbers"),
        ({"box": "0 0 0 1"}, "does not lie in the picture"),
    ):
        with pytest.raises(ValueError, match=sentence):
            add_region((), somebody(), **given)
    with pytest.raises(ValueError, match="Both a mask and identity regions"):
        with_mask((IdentityRegion(somebody()),), torch.ones(4, 4))


def test_the_preview_colours_shares_and_numbers_people():
    chain = add_region(add_region((), somebody(1), box="0 0 0.5 1"), somebody(2), box="0.5 0 0.5 1")
    picture = preview_regions(chain)
    assert picture.shape == (1, 384, 384, 3) and 0 <= float(picture.min()) and float(picture.max()) <= 1
    assert (picture[0, 5, 5] - picture[0, 5, -5]).abs().max() > 0.2
    assert picture[0, 192, 96].std() < 0.1, "a number stands on a dark spot in the middle of its region"


def test_the_report_says_how_much_is_whose_and_who_has_nothing():
    chain = add_region(add_region((), somebody(1), box="0 0 0.25 1", feather=0), somebody(2), torch.zeros(4, 4))
    first, second, warning = report_regions(chain).split("\n")
    assert first.startswith("1: 25% of the picture, strength 1, from ") and second.startswith("2: 0% ")
    assert warning == "NOBODY: the mask of 2 is empty."


def test_tokens_of_odd_sizes_have_the_masks_of_their_own_pixels():
    """Five rows are three rows of tokens: two, two and one; the last column of seven alike."""
    mask = torch.arange(35.0).reshape(5, 7) / 34
    tokens = token_mask(mask, 5, 7).unflatten(0, (3, 4))
    assert torch.allclose(tokens[0, 0], mask[:2, :2].mean())
    assert torch.allclose(tokens[2, 0], mask[4, :2].mean())
    assert torch.allclose(tokens[0, 3], mask[:2, 6].mean())
    assert torch.allclose(tokens[2, 3], mask[4, 6])


def test_rows_and_columns_of_a_window_may_wrap_and_leave_some_out():
    mask = torch.arange(64.0).reshape(8, 8) / 63
    part = token_mask(mask, 4, 2, Window((6, 7, 0, 1), (1, 5), 8, 8))
    assert torch.allclose(part, torch.stack([mask[6:][:, [1, 5]].mean(), mask[:2][:, [1, 5]].mean()]))


def test_in_an_unknown_part_everybody_is_everywhere():
    left = torch.cat((torch.ones(8, 4), torch.zeros(8, 4)), 1)
    people = [Person(torch.zeros(8, 4), left), Person(torch.zeros(8, 4), 1 - left)]
    layout = lay_out(people, 4, 4, CPU, UNKNOWN)
    assert torch.equal(layout.masks, torch.full((2, 4), 0.5)) and not layout.whole
    assert lay_out(people[:1], 4, 4, CPU, UNKNOWN).whole


def test_frames_of_a_batch_go_with_their_pictures():
    frames = torch.arange(3.0)[:, None]
    assert Window((0,), (0,), 1, 1, (2, 3, 4)).of_batch(frames).flatten().tolist() == [2, 0, 1]
    assert Window((0,), (0,), 1, 1, (2, 3)).of_batch(frames[:1]).shape == (1, 1)
