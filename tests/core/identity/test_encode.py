"""Photos into an identity: choice, several photos, outliers, photos without a face, and the report."""

import numpy as np
import pytest
import torch
from face_fixtures import FrameRecogniser, draw_face, grey_picture

from infu_core.faces.face import FaceError, face_from
from infu_core.faces.face_encoder import FaceEncoder
from infu_core.faces.key_points_text import box_around
from infu_core.faces.picture import picture_sha256
from infu_core.identity.encode import encode_identity
from infu_core.identity.face_choice import FaceChoice
from infu_core.identity.outliers import keep_or_drop, likeness_to_others, name_outliers
from infu_core.identity.similarity import cosine_to

pytest.importorskip("cv2")


class Remembered:
    """A detector that finds what was drawn."""

    name, provider_used = "remembered", "CPU"

    def __init__(self):
        self.faces, self.looked = {}, 0

    def detect(self, picture, threshold=0.5):
        self.looked += 1
        return [f for f in self.faces.get(picture_sha256(picture), []) if f.score >= threshold]


@pytest.fixture
def encoder():
    return FaceEncoder(Remembered(), FrameRecogniser(), "frame")


def photo(encoder, *people, noise=0, size=(300, 700)):
    """A picture with people (seed, x, width, degrees) and a little noise; the detector knows them."""
    picture = grey_picture(*size)
    faces = []
    for person, x, width, degrees in people:
        points = draw_face(picture, (x, size[0] / 2), width, person, degrees)
        faces.append(face_from(box_around(points), points, 0.5 + width / 1000, "640"))
    if noise:
        grain = np.random.default_rng(noise).normal(0, 12, picture.shape)
        picture = np.clip(picture + grain, 0, 255).astype(np.uint8)
    encoder.detector.faces[picture_sha256(picture)] = faces
    return picture


def test_one_photo_gives_its_own_vector_and_says_where_it_came_from(encoder):
    picture = photo(encoder, (1, 200, 150, 0))
    result = encode_identity(encoder, [picture])
    (face,) = encoder.detect(picture)
    assert torch.equal(result.identity.vectors, encoder.embed([encoder.crop(picture, face)]))
    (source,) = result.identity.sources
    assert (source.image_sha256, source.box, source.key_points) == (picture_sha256(picture), face.box, face.key_points)
    assert result.identity.recogniser == "frame" and result.crops[0].shape == (112, 112, 3)


def test_the_choice_decides_whose_identity_it_is(encoder):
    picture = photo(encoder, (1, 100, 90, 0), (2, 300, 120, 10), (3, 550, 100, -10))
    alone = [encode_identity(encoder, [photo(encoder, (n, 200, 150, 0))]).identity for n in (1, 2, 3)]

    def who(**choice):
        identity = encode_identity(encoder, [picture], FaceChoice(**choice)).identity
        return 1 + int(torch.stack([cosine_to(identity.vectors, one)[0] for one in alone]).argmax())

    assert who() == 2
    assert [who(order="left to right", index=n) for n in range(3)] == [1, 2, 3]
    assert [who(order="best match", match=one) for one in alone] == [1, 2, 3]


def test_an_index_that_does_not_exist_names_the_photo_and_the_count(encoder):
    photos = [photo(encoder, (1, 200, 150, 0), (2, 500, 150, 0)), photo(encoder, (1, 200, 150, 0))]
    with pytest.raises(FaceError, match="photo 2 of 2 shows 1 face; only index 0 exists"):
        encode_identity(encoder, photos, FaceChoice(index=1))


def test_several_photos_are_closer_to_a_new_one_than_each_is(encoder):
    photos = [photo(encoder, (1, 300, 60 + 20 * n, 15 * n - 20), noise=n + 1) for n in range(4)]
    new = encode_identity(encoder, [photo(encoder, (1, 350, 180, 0))]).identity
    single = [float(cosine_to(encode_identity(encoder, [one]).identity.vectors, new)) for one in photos]
    together = float(cosine_to(encode_identity(encoder, photos).identity.vectors, new))
    assert together > sum(single) / len(single)
    assert len(encode_identity(encoder, photos).identity.sources) == 4


def test_the_order_of_photos_does_not_matter(encoder):
    photos = [photo(encoder, (1, 300, 100, 0), noise=n + 1) for n in range(3)]
    digests = {encode_identity(encoder, order).identity.digest() for order in (photos, photos[::-1])}
    assert len(digests) == 1


def test_photo_weights(encoder):
    photos = [photo(encoder, (n, 300, 100, 0)) for n in (1, 2)]
    first = encode_identity(encoder, photos[:1]).identity
    assert torch.equal(encode_identity(encoder, photos, weights=[1, 0]).identity.vectors, first.vectors)
    with pytest.raises(FaceError, match="2 photos need 2 weights, but 3 are given"):
        encode_identity(encoder, photos, weights=[1, 1, 1])
    with pytest.raises(FaceError, match="not all 0"):
        encode_identity(encoder, photos, weights=[0, 0])


def test_an_outlier_is_named_and_dropped_on_request(encoder):
    photos = [photo(encoder, (1, 300, 100, 0), noise=n + 1) for n in range(3)]
    photos.insert(1, photo(encoder, (2, 300, 100, 0)))
    kept = encode_identity(encoder, photos)
    assert "Photo 2 of 4" in kept.report and kept.report.count("OUTLIER") == 1
    assert "OUTLIER" in kept.report.splitlines()[2] and len(kept.identity.sources) == 4
    dropped = encode_identity(encoder, photos, outliers="drop")
    alone = encode_identity(encoder, [photos[0], *photos[2:]])
    assert torch.equal(dropped.identity.vectors, alone.identity.vectors)
    assert "Made of 3 of 4 photos: 1, 3 to 4" in dropped.report and len(dropped.crops) == 3


def test_too_many_outliers_cannot_be_dropped(encoder):
    photos = [photo(encoder, (n, 300, 100, 0)) for n in range(3)]
    with pytest.raises(FaceError, match="3 of the 3 photos do not look like the others"):
        encode_identity(encoder, photos, outliers="drop")


def test_a_photo_without_a_face_stops_or_is_skipped(encoder):
    photos = [photo(encoder, (1, 300, 100, 0)), photo(encoder, noise=5)]
    with pytest.raises(FaceError, match=r"No face was found in photo 2 of 2 \(700 x 300 pixels\)"):
        encode_identity(encoder, photos)
    result = encode_identity(encoder, photos, FaceChoice(no_face="skip"))
    assert "Photo 2 of 2: no face, skipped" in result.report and "Made of 1 of 2 photos: 1\n" in result.report
    with pytest.raises(FaceError, match="No face was found in any of the 2 photos"):
        encode_identity(encoder, photos[1:] * 2, FaceChoice(no_face="skip"))


def test_key_points_by_hand_replace_detection(encoder):
    picture = photo(encoder)
    points = draw_face(picture, (300, 150), 120, 7)
    hand = face_from(box_around(points), points, 1.0, "by hand")
    result = encode_identity(encoder, [picture], FaceChoice(by_hand=(hand,)))
    assert encoder.detector.looked == 0 and "by hand" in result.report
    drawn = encode_identity(encoder, [photo(encoder, (7, 200, 150, 0))]).identity
    assert float(cosine_to(result.identity.vectors, drawn)) > 0.9


def test_progress_is_told_after_each_photo(encoder):
    told = []
    encode_identity(encoder, [photo(encoder, (1, 300, 100, 0))] * 3, on_photo=lambda: told.append(1))
    assert len(told) == 3


def test_no_photo_is_refused(encoder):
    with pytest.raises(FaceError, match="No photo is connected"):
        encode_identity(encoder, [])


def test_likeness_leaves_the_photo_itself_out():
    vectors = torch.eye(512)[:3]
    assert likeness_to_others(vectors[:1]) is None
    torch.testing.assert_close(likeness_to_others(vectors), torch.zeros(3))
    assert name_outliers(torch.tensor([0.9, 0.1, 0.5]), 0.3) == [1]
    assert keep_or_drop(3, [1], "drop") == [0, 2] and keep_or_drop(3, [1], "keep") == [0, 1, 2]
