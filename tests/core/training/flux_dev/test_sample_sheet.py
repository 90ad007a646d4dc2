"""Sample sheets: every picture is on the sheet, rows may have any shape."""

import numpy as np
import pytest

pytest.importorskip("cv2")

from infu_core.training.flux_dev.sample_sheet import SheetRow, draw_sheet, write_sheet  # noqa: E402


def row(height, width):
    red, green, blue = (np.full((height, width, 3), np.eye(3, dtype=np.uint8)[place] * 200) for place in range(3))
    return SheetRow(red, green, blue, 0.1, 0.6)


def test_rows_of_all_shapes_are_drawn_side_by_side():
    sheet = draw_sheet([row(64, 64), row(96, 48)], "step 3 of 9", height=64)
    assert sheet.dtype == np.uint8 and sheet.shape[2] == 3 and sheet.shape[0] > 2 * 64
    for place in range(3):
        own = (sheet == np.eye(3, dtype=np.uint8)[place] * 200).all(2)
        assert own.sum() == 64 * 64 + 64 * 32
    lefts = [np.flatnonzero((sheet == np.eye(3)[place] * 200).all(2).any(0))[0] for place in range(3)]
    assert lefts == sorted(lefts)


def test_a_sheet_is_written_where_the_run_is(tmp_path):
    write_sheet([row(64, 64)], "step 3 of 9", tmp_path / "sheets" / "step-00000003.jpg")
    assert (tmp_path / "sheets" / "step-00000003.jpg").stat().st_size > 500
