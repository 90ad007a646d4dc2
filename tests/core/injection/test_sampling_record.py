"""What a sampling tells about itself: in words, and as a small picture."""

import numpy as np

from infu_core.injection.run_report import RunReport
from infu_core.injection.sampling_plot import draw_sampling
from infu_core.injection.sampling_record import SamplingRecord

PERCENTS = tuple(step / 10 for step in range(10))


def record(runs, **given):
    return SamplingRecord(runs=runs, percents=PERCENTS, seconds=12.34, base_passes=10, **given)


def run(computed_at=PERCENTS, strength=1.0, **given):
    strengths = [(percent, strength) for percent in PERCENTS]
    return RunReport(10, len(computed_at), 10 - len(computed_at), strengths, list(computed_at), **given)


def test_a_run_in_words():
    assert record([run(PERCENTS[:4])], text_passes=3, peak_bytes=17_250_000_000).text().split("\n") == [
        "10 steps in 12.3 s",
        "base model: 10 evaluations, 0.0 s, 3 without identity for guidance",
        "InfuseNet: 4 runs computed, 6 reused",
        "InfuseNet took 0.0 s",
        "peak memory 17.2 GB",
    ]


def test_no_identity_in_words():
    assert record([]).text().split("\n")[-1] == "no identity in this model"


def test_two_identities_are_numbered_and_notes_are_told():
    text = record([run(), run(notes=["Residual reuse was off."])]).text()
    assert "InfuseNet 1: 10 runs" in text and "InfuseNet 2: 10 runs" in text and "Residual reuse was off." in text


def test_one_of_something_is_singular():
    one = SamplingRecord(runs=[RunReport(1, 1, 0)], percents=(0.0,), base_passes=1).text()
    assert "1 step in" in one and "1 evaluation," in one and "1 run computed" in one


def test_the_plot_shows_what_was_computed():
    exact, reused = draw_sampling(record([run()])), draw_sampling(record([run(PERCENTS[:4])]))
    assert exact.dtype == np.uint8 and exact.ndim == 3 and exact.shape[2] == 3
    assert not np.array_equal(exact[:110], reused[:110])


def test_the_plot_follows_the_strength():
    assert not np.array_equal(draw_sampling(record([run()]))[:110], draw_sampling(record([run(strength=0.5)]))[:110])


def test_a_sampling_without_steps_or_identity_has_a_plot_too():
    assert draw_sampling(SamplingRecord()).shape[1] > 100
