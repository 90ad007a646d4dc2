"""Scores on disk, and what a picture is by itself."""

import numpy as np
import pytest

from infu_core.evaluation.measures.catalogue import group_of, measure_named
from infu_core.evaluation.measures.scores import Scores

cv2 = pytest.importorskip("cv2")
from infu_core.evaluation.measures.picture_measures import difference_hash, diversity, gist, sharpness  # noqa: E402


def line(cell, value, by="one"):
    return {"cell": cell, "picture": "sha", "by": by, "values": {"faces": value}}


def test_the_last_line_wins_and_half_a_line_is_none(tmp_path):
    scores = Scores(tmp_path)
    scores.append("faces", [line("a", 1), line("b", 1)])
    scores.append("faces", [line("a", 2)])
    with scores.path("faces").open("a") as file:
        file.write('{"cell": "b", "pict')
    assert scores.read("faces")["a"]["values"] == {"faces": 2} and scores.read("faces")["b"]["values"] == {"faces": 1}
    scores.append("faces", [line("c", 3)])
    assert set(scores.read("faces")) == {"a", "b", "c"}
    assert not scores.read("faces", by="other") and not scores.read("nothing")


def test_columns_have_names():
    assert measure_named("sim_gt.sface").name == "sim_gt" and group_of("sim_gt.sface") == "judge-sface"
    assert measure_named("face_found").yes_no and group_of("clip_t") == "clip"
    assert measure_named("sim_gt") is None and measure_named("beauty") is None and measure_named("x.sface") is None


def picture(seed, size=128):
    rng = np.random.default_rng(seed)
    return cv2.resize(rng.integers(0, 255, (9, 9, 3), dtype=np.uint8), (size, size), interpolation=cv2.INTER_CUBIC)


def test_a_copy_is_near_and_another_picture_is_not():
    one = picture(0)
    noisy = np.clip(cv2.resize(one, (200, 160)).astype(int) + 6, 0, 255).astype(np.uint8)
    assert (difference_hash(one) != difference_hash(noisy)).sum() <= 4
    assert (difference_hash(one) != difference_hash(picture(1))).sum() > 16


def test_blur_is_less_sharp_at_any_size():
    one = np.random.default_rng(0).integers(0, 255, (256, 256, 3), dtype=np.uint8)
    assert sharpness(one) > 4 * sharpness(cv2.GaussianBlur(one, (9, 9), 3))
    assert sharpness(picture(0, 600)) > 0 and sharpness(np.zeros((40, 700, 3), np.uint8)) == 0


def test_diversity_is_the_distance_of_pairs():
    black, white = (gist(np.full((64, 48, 3), value, np.uint8)) for value in (0, 255))
    assert diversity([black]) is None and diversity([black, black]) == 0
    assert diversity([black, white]) == 1 and diversity([black, black, white]) == pytest.approx(2 / 3)
