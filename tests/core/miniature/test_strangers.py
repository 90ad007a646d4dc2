"""The people of the node Drawn Face: nobody who was in training, the same picture for the same numbers."""

import numpy as np
import pytest

pytest.importorskip("cv2")

from miniature.faces.stranger import HELD_OUT, draw_stranger, stranger  # noqa: E402
from workshop.miniature.training.renders import RenderPlan  # noqa: E402


def test_no_stranger_was_in_training():
    plan = RenderPlan(count=30_000, people=6_000)
    assert stranger(0).seed >= HELD_OUT > max(max(plan.people_of(index)) for index in range(plan.count))


def test_pictures_of_one_person_differ_in_all_but_the_person():
    one, other = draw_stranger(5, picture=0), draw_stranger(5, picture=1)
    assert one.shape == (128, 128, 3) and not np.array_equal(one, other)
    assert np.array_equal(one, draw_stranger(5, picture=0))
    assert stranger(5) == stranger(5) != stranger(6)
