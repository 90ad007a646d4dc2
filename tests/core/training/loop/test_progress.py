"""The line that a person follows: how far, how good, how fast, how long still."""

import pytest

from infu_core.training.loop.progress import Pace, duration, progress_line


def test_the_line_says_how_far_how_good_how_fast_and_how_long():
    line = progress_line(1200, 300000, 0.43117, (51.23, 11520.0), {"similarity": 0.5219, "similarity_without": 0.01})
    assert line == (
        "step 1,200 of 300,000 | loss 0.4312 | similarity 0.522 | similarity without 0.010 | 51.2 samples/s | "
        "3 h 12 min left"
    )


@pytest.mark.parametrize(
    ("seconds", "said"), [(0, "0 s"), (59, "59 s"), (60, "1 min"), (7500, "2 h 05 min"), (93600, "1 d 2 h")]
)
def test_durations_have_two_places(seconds, said):
    assert duration(seconds) == said


def test_the_pace_counts_from_where_the_run_was_opened(monkeypatch):
    pace = Pace(step=100, batch_size=8)
    monkeypatch.setattr(pace, "seconds", lambda: 20.0)
    assert pace.at(110, 160) == (pytest.approx(4.0), pytest.approx(100.0))
