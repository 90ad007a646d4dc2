"""Bad pictures and bad files: each gives one sentence that says what, the numbers, and what to do."""

import numpy as np
import pytest
import torch
from face_fixtures import FrameRecogniser, as_image, draw_face, grey_picture, write_detector

from infu_core.faces.face import FaceError
from infu_core.faces.face_detector import FaceDetector
from infu_core.faces.face_encoder import FaceEncoder
from infu_core.faces.picture import to_pictures
from infu_core.identity.encode import encode_identity
from infu_core.identity.face_choice import FaceChoice

pytest.importorskip("insightface")


@pytest.fixture(scope="module")
def encoder(tmp_path_factory):
    path = write_detector(tmp_path_factory.mktemp("faces") / "scrfd.onnx")
    return FaceEncoder(FaceDetector(path, "CPU"), FrameRecogniser(), "frame")


def crowd():
    picture = grey_picture(500, 1600)
    for person in range(12):
        draw_face(picture, (100 + 120 * person, 250), 100, person)
    return as_image(picture)


def landscape():
    noise = np.random.default_rng(0).integers(0, 200, (40, 60, 3)).astype(np.uint8)
    return as_image(noise.repeat(8, 0).repeat(8, 1))


TABLE = {
    "no face": (
        landscape,
        {},
        r"No face was found in the photo \(480 x 320 pixels\) at a threshold of 0.5, at any size, padded or turned; "
        "lower the threshold, crop closer to the face, or type its key points.",
    ),
    "12 faces, index 20": (
        crowd,
        {"index": 20},
        "Face 20 was asked for, but the photo shows 12 faces; choose an index from 0 to 11.",
    ),
    "8 x 8": (lambda: torch.rand(1, 8, 8, 3), {}, r"No face was found in the photo \(8 x 8 pixels\)"),
    "all black": (
        lambda: torch.zeros(1, 64, 96, 3),
        {},
        r"No face was found in the photo: it has one colour everywhere \(96 x 64 pixels\).",
    ),
    "NaN": (lambda: torch.full((1, 64, 64, 3), float("nan")), {}, r"The image holds values that are not numbers"),
    "empty batch": (lambda: torch.zeros(0, 64, 64, 3), {}, r"The image is empty \(shape \(0, 64, 64, 3\)\)"),
    "0 to 255": (
        lambda: torch.linspace(0, 255, 64 * 64 * 3).reshape(1, 64, 64, 3),
        {},
        "The image holds values from 0 to 255, but pictures run from 0 to 1; rescale it before this node.",
    ),
    "too thin": (lambda: torch.rand(1, 4, 900, 3), {}, "A picture of 900 x 4 pixels is too thin to hold a face."),
}


@pytest.mark.parametrize("case", TABLE)
def test_bad_pictures(encoder, case):
    image, choice, sentence = TABLE[case]
    with pytest.raises(FaceError, match=sentence) as error:
        encode_identity(encoder, to_pictures(image()), FaceChoice(**choice))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("size", [(1, 1), (1, 8), (17, 33), (64, 2000)])
def test_small_and_odd_pictures_are_searched_without_trouble(encoder, size):
    assert encoder.detect(np.random.default_rng(0).integers(0, 99, (*size, 3)).astype(np.uint8)) == []


def test_grey_and_transparent_photos_are_encoded(encoder):
    picture = grey_picture(400, 400)
    draw_face(picture, (200, 200), 150, 1)
    colour = as_image(picture)
    opaque = torch.cat([colour, torch.ones(1, 400, 400, 1)], dim=-1)
    vectors = [encode_identity(encoder, to_pictures(image)).identity.vectors for image in (colour, opaque)]
    assert torch.equal(*vectors)
    assert to_pictures(colour[..., :1])[0].shape == (400, 400, 3)


def another_network(path):
    import onnx
    from onnx import TensorProto, helper

    shape = [1, 3, 112, 112]
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in ("in", "out")]
    graph = helper.make_graph([helper.make_node("Relu", ["in"], ["out"])], "g", values[:1], values[1:])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), str(path))


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (
            lambda path: path.write_bytes(b"half a download"),
            r"det.onnx could not be read as an ONNX model \(15 bytes\); it may be damaged or half downloaded",
        ),
        (another_network, "det.onnx is not a SCRFD face detector with key points: it has 1 outputs .* 9 or 15"),
        (lambda path: None, "det.onnx does not exist; choose another file"),
    ],
)
def test_bad_detector_files(tmp_path, make, sentence):
    path = tmp_path / "det.onnx"
    make(path)
    with pytest.raises(FaceError, match=sentence):
        FaceDetector(path, "CPU")
