"""Rendered faces: the same seed gives the same picture, and what is said about a picture is true of it."""

import numpy as np
import pytest

pytest.importorskip("cv2")

from miniature.faces.captions import STYLE_WORDS, caption, vocabulary  # noqa: E402
from miniature.faces.person import person  # noqa: E402
from miniature.faces.render import render, render_random  # noqa: E402
from miniature.faces.scene import STYLES, scene  # noqa: E402


@pytest.mark.parametrize("style", STYLES)
def test_the_same_seed_gives_the_same_pixels(style):
    first = render_random(5, (3,), style, 64)
    again = render_random(5, (3,), style, 64)
    other = render_random(6, (3,), style, 64)
    assert np.array_equal(first.image, again.image)
    assert not np.array_equal(first.image, other.image)


def test_people_differ_and_stay_themselves():
    assert person(4) == person(4)
    assert len({person(number) for number in range(500)}) == 500
    widths = [person(number).face_width for number in range(500)]
    assert np.std(widths) > 0.05


def test_key_points_lie_in_their_boxes_in_the_order_that_detectors_use():
    for seed in range(40):
        made = render_random(seed, (seed, seed + 1) if seed % 3 == 0 else (seed,), size=32)
        assert len(made.boxes) == len(made.key_points) == len(made.scene.people)
        for (left, top, right, bottom), points in zip(made.boxes, made.key_points, strict=True):
            assert left < right and top < bottom
            assert (points >= (left - 0.1, top - 0.1)).all() and (points <= (right + 0.1, bottom + 0.1)).all()
            left_eye, right_eye, nose, left_mouth, right_mouth = points
            assert left_eye[0] < right_eye[0] and left_mouth[0] < right_mouth[0]
            assert max(left_eye[1], right_eye[1]) < nose[1] < max(left_mouth[1], right_mouth[1])


def test_the_picture_keeps_its_layout_at_twice_the_size():
    drawn = scene(9, (person(9),), "photo")
    small, large = render(drawn, 64), render(drawn, 128)
    assert np.allclose(2 * small.key_points, large.key_points, atol=0.5)
    halved = large.image.reshape(64, 2, 64, 2, 3).mean((1, 3))
    assert np.abs(halved - small.image).mean() < 12


def test_without_sway_heads_sit_for_a_portrait_and_all_else_stays():
    for seed in range(20):
        free, still = scene(seed, (person(seed),)), scene(seed, (person(seed),), sway=0.0)
        assert (free.people, free.style, free.background) == (still.people, still.style, still.background)
        head = still.placements[0]
        assert (head.x, head.y, head.yaw, head.pitch, head.roll, head.gaze) == (0.5, 0.48, 0, 0, 0, (0, 0))
        assert head.expression == free.placements[0].expression


def test_captions_use_the_closed_vocabulary_and_tell_the_style():
    words = set(vocabulary())
    wordings = set()
    for seed in range(200):
        drawn = scene(seed, (person(seed),))
        text = caption(drawn, seed)
        assert set(text.split()) <= words
        assert text.startswith(STYLE_WORDS[drawn.style])
        wordings.add(caption(scene(1, (person(1),)), seed))
    assert len(wordings) > 50
