"""Real photos, a real detector and a real recogniser: faces are found, and one person is nearer than another.

`python tests/weights/get_face_material.py` fetches what these tests need. MTCNN stands in for SCRFD's file
behind the same search, dlib's network for ArcFace's; what is tested is our search, alignment, selection,
mixing and comparing.
"""

import itertools
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from infu_core.faces.face_encoder import FaceEncoder
from infu_core.faces.face_search import PADDING, Attempt, look, search_faces
from infu_core.identity.encode import encode_identity
from infu_core.identity.mixing import mix
from infu_core.identity.similarity import cosine_to

MATERIAL = Path(__file__).parents[2] / "build" / "face_material"
if not (MATERIAL / "facenet_pytorch").exists():
    pytest.skip("[weights] run tests/weights/get_face_material.py first", allow_module_level=True)
sys.path.append(str(MATERIAL))

from weights.neutral_recogniser import NeutralRecogniser  # noqa: E402

SAME = MATERIAL / "face_recognition-1.3.0" / "tests" / "test_images"
GROUPS = MATERIAL / "face-api" / "package" / "demo"


class Mtcnn:
    """MTCNN as a detector that looks at a square of `size`, as SCRFD does."""

    name, provider_used = "MTCNN", "CPU"

    def __init__(self):
        from facenet_pytorch.models.mtcnn import MTCNN

        self.net = MTCNN(keep_all=True, device="cpu")

    def detect(self, picture, threshold=0.5):
        return search_faces(self.find, picture, threshold)

    def find(self, picture, size, threshold):
        import cv2

        scale = size / max(picture.shape[:2])
        view = cv2.resize(picture, None, fx=scale, fy=scale)
        boxes, scores, points = self.net.detect(view, landmarks=True)
        if boxes is None:
            return np.empty((0, 5)), np.empty((0, 5, 2))
        keep = scores >= max(threshold, 0.95)
        return np.hstack([boxes / scale, scores[:, None]])[keep], np.asarray(points)[keep] / scale


def read(path) -> np.ndarray:
    import cv2

    return np.ascontiguousarray(cv2.imread(str(path))[..., ::-1])


def photo_of(name: str) -> np.ndarray:
    if name == "astronaut":
        import skimage.data

        return skimage.data.astronaut()
    if name == "t1":
        from insightface.data import get_image

        return np.ascontiguousarray(get_image("t1")[..., ::-1])
    if name == "grace_hopper":
        import matplotlib.cbook

        return read(matplotlib.cbook.get_sample_data("grace_hopper.jpg", asfileobj=False))
    return read((GROUPS if name.startswith("sample") else SAME) / f"{name}.jpg")


@pytest.fixture(scope="module")
def encoder():
    """The recogniser is centred on the strangers of the group photos."""
    detector, plain = Mtcnn(), NeutralRecogniser(MATERIAL / "face-api" / "package" / "model")
    bare = FaceEncoder(detector, plain, "dlib")
    crops = [
        bare.crop(photo, face)
        for photo in (photo_of(f"sample{n}") for n in range(1, 7))
        for face in detector.detect(photo)
    ]
    from infu_core.faces.face_encoder import to_recogniser_input

    with torch.inference_mode():
        centre = plain.describe(to_recogniser_input(np.stack(crops))).mean(0)
    return FaceEncoder(detector, NeutralRecogniser(MATERIAL / "face-api" / "package" / "model", centre), "dlib")


@pytest.mark.parametrize(
    ("name", "count"),
    [("astronaut", 1), ("grace_hopper", 1), ("t1", 6), ("obama", 1), ("biden", 1), ("sample1", 3), ("sample4", 3)],
)
def test_every_face_is_found(encoder, name, count):
    started = time.perf_counter()
    faces = encoder.detect(photo_of(name))
    print(f"{name}: {len(faces)} at {faces[0].found_at} in {1000 * (time.perf_counter() - started):.0f} ms")
    assert len(faces) >= count


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_the_turned_attempt_finds_a_photo_on_its_side_and_the_same_person(encoder, turns):
    upright = encode_identity(encoder, [photo_of("astronaut")]).identity
    on_its_side = np.ascontiguousarray(np.rot90(photo_of("astronaut"), turns))
    (face, *_) = look(encoder.detector.find, on_its_side, 0.5, Attempt(640, PADDING, 4 - turns))
    vector = encoder.embed([encoder.crop(on_its_side, face)])
    assert float(cosine_to(vector, upright)) > 0.7


def test_a_face_that_fills_the_frame_is_found_and_is_the_same_person(encoder):
    photo = photo_of("astronaut")
    (face,) = encoder.detect(photo)
    left, top, right, bottom = (round(value) for value in face.box)
    tight = np.ascontiguousarray(photo[top:bottom, left:right])
    result = encode_identity(encoder, [tight])
    upright = encode_identity(encoder, [photo]).identity
    # Strangers reach 0.49 with this recogniser; the crop has lost the rim of the face.
    assert float(cosine_to(result.identity.vectors, upright)) > 0.55, result.report


@pytest.fixture(scope="module")
def people(encoder):
    names = ("obama", "obama2", "obama3", "biden", "astronaut", "grace_hopper")
    return {name: encode_identity(encoder, [photo_of(name)]).identity for name in names}


def test_the_same_person_is_nearer_than_every_other(people):
    pairs = {(a, b): float(cosine_to(people[a].vectors, people[b])) for a, b in itertools.combinations(people, 2)}
    same = [value for (a, b), value in pairs.items() if a.startswith("obama") and b.startswith("obama")]
    other = [value for (a, b), value in pairs.items() if not (a.startswith("obama") and b.startswith("obama"))]
    print(f"same {min(same):.2f} to {max(same):.2f}, others up to {max(other):.2f}")
    assert min(same) > max(other) + 0.1


def test_several_photos_are_nearer_to_a_new_one_than_each_on_average(people):
    both = mix([people["obama"], people["obama2"]])
    new = people["obama3"].vectors
    each = [float(cosine_to(new, people[name])) for name in ("obama", "obama2")]
    assert float(cosine_to(new, both)) > sum(each) / 2


def test_a_stranger_among_photos_is_the_outlier(encoder):
    photos = [photo_of(name) for name in ("obama", "biden", "obama2", "obama3")]
    # dlib's cosines between strangers are higher than ArcFace's, so the line is drawn higher here.
    result = encode_identity(encoder, photos, outliers="drop", outlier_below=0.65)
    assert "OUTLIER" in result.report.splitlines()[1] and result.report.count("OUTLIER") == 1, result.report


def test_a_mix_lies_between_its_two_people(people):
    mixed = mix([people["obama"], people["biden"]])
    apart = float(cosine_to(people["obama"].vectors, people["biden"]))
    for name in ("obama", "biden"):
        assert float(cosine_to(mixed.vectors, people[name])) > apart + 0.2
