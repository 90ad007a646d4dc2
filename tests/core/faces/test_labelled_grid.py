"""A grid of pictures: every picture whole and in its place, words below, numbers behind them."""

import numpy as np
import pytest

from infu_core.faces.face import FaceError
from infu_core.faces.labelled_grid import GAP, GROUND, captions, labelled_grid


def plain(value, height=64, width=64):
    return np.full((height, width, 3), value, dtype=np.uint8)


def test_pictures_stand_row_by_row_without_room_for_missing_words():
    sheet = labelled_grid([plain(50), plain(100), plain(150)], [], columns=2, cell=64)
    assert sheet.shape == (2 * (64 + GAP) + GAP, 2 * (64 + GAP) + GAP, 3)
    middles = [sheet[GAP + 32, GAP + 32, 0], sheet[GAP + 32, 2 * GAP + 96, 0], sheet[2 * GAP + 96, GAP + 32, 0]]
    assert middles == [50, 100, 150] and tuple(sheet[-GAP - 32, -GAP - 32]) == GROUND


def test_words_stand_below_their_picture_alone():
    bare, worded = (labelled_grid([plain(50), plain(50)], words, 2, 128) for words in ([" ", ""], ["seed 7", ""]))
    assert bare.shape == worded.shape
    changed = (bare != worded).any(axis=2)
    assert changed[GAP + 128 :, : GAP + 128].any() and not changed[:, GAP + 128 :].any()
    assert not changed[: GAP + 128].any()


@pytest.mark.parametrize("text", ["i", "strength 0.85, style alignment 0.5, reuse balanced: 0.412", "-40°"])
def test_long_words_stay_within_their_cell(text):
    sheet = labelled_grid([plain(0)], [text], 1, 96)
    assert (sheet[:, :GAP] == GROUND).all() and (sheet[:, -GAP:] == GROUND).all()
    assert (sheet[GAP + 96 :] > 128).any()


def test_other_shapes_are_fitted_whole():
    sheet = labelled_grid([plain(90, 100, 50), plain(90, 50, 100)], [], 2, 200)
    assert sheet.shape == (200 + 2 * GAP, 2 * (200 + GAP) + GAP, 3)
    assert (sheet[..., 0] == 90).sum() == 2 * 200 * 100


def test_no_picture_is_refused():
    with pytest.raises(FaceError, match="no picture"):
        labelled_grid([], [], 3, 64)


def test_captions_are_labels_then_numbers():
    assert captions(["a", "b"], None, 2) == ["a", "b"]
    assert captions(["first\nsecond"], [0.5, 0.25, 1], 3) == ["first: 0.50", "second: 0.25", "1.00"]
    with pytest.raises(FaceError, match="3 pictures and 1 numbers"):
        captions([""], [0.5], 3)
