"""The detector: insightface's results from one session, faces that a test drew, and what wrong files say."""

import sys

import numpy as np
import pytest
from face_fixtures import draw_face, grey_picture, write_detector

from infu_core.faces.face import FaceError
from infu_core.faces.face_detector import FaceDetector, gpu_build_is_hidden, wanted_providers

pytest.importorskip("insightface")


@pytest.fixture(scope="module")
def detector_file(tmp_path_factory):
    return write_detector(tmp_path_factory.mktemp("faces") / "antelopev2_drawn.onnx")


@pytest.fixture(scope="module")
def detector(detector_file):
    return FaceDetector(detector_file, "CPU")


@pytest.mark.parametrize(
    ("size", "width", "degrees", "found_at"),
    [
        ((400, 500), 60, 0, "640"),
        ((400, 500), 150, 20, "640"),
        ((400, 500), 150, -35, "640"),
        ((512, 512), 300, 0, "320"),
        ((512, 512), 700, 0, "160"),
        ((3000, 2000), 200, 0, "640"),
        ((400, 500), 150, 90, "640 padded turned 90 degrees"),
        ((400, 500), 150, -90, "640 padded turned 270 degrees"),
        ((400, 500), 150, 180, "640 padded turned 180 degrees"),
    ],
)
def test_it_finds_a_drawn_face_where_it_is(detector, size, width, degrees, found_at):
    picture = grey_picture(*size)
    points = draw_face(picture, (size[1] / 2, size[0] / 2), width, 1, degrees)
    (face,) = detector.detect(picture)
    assert face.found_at == found_at and face.score > 0.9
    assert np.abs(face.points() - points).max() < 0.03 * width
    assert face.box[2] - face.box[0] >= 0.95 * width


def test_a_face_that_fills_the_frame_is_found_with_room_around_it(tmp_path):
    shy = FaceDetector(write_detector(tmp_path / "shy.onnx", largest=70), "CPU")
    picture = grey_picture(512, 512)
    points = draw_face(picture, (256, 256), 600, 1)
    (face,) = shy.detect(picture)
    assert face.found_at == "160 padded"
    assert np.abs(face.points() - points).max() < 25


def test_twelve_faces(detector):
    picture = grey_picture(500, 1600)
    for person in range(12):
        draw_face(picture, (100 + 120 * person, 250), 100, person)
    assert len(detector.detect(picture)) == 12


@pytest.mark.parametrize("size", [640, 320, 160])
def test_one_session_gives_what_face_analysis_gives(detector, detector_file, tmp_path, size):
    import shutil

    from insightface.app import FaceAnalysis

    folder = tmp_path / "models" / "antelopev2"
    folder.mkdir(parents=True)
    shutil.copy(detector_file, folder / "scrfd_10g_bnkps.onnx")
    app = FaceAnalysis(name="antelopev2", root=str(tmp_path), providers=["CPUExecutionProvider"])
    app.prepare(ctx_id=-1, det_size=(size, size))
    picture = grey_picture(500, 800)
    draw_face(picture, (200, 240), 300, 1)
    draw_face(picture, (580, 260), 260, 2, 12)
    theirs = app.get(np.ascontiguousarray(picture[..., ::-1]))
    boxes, key_points = detector.find(picture, size, 0.5)
    assert len(theirs) == len(boxes) == 2
    for face, box, points in zip(theirs, boxes, key_points, strict=True):
        np.testing.assert_allclose(box[:4], face.bbox, atol=1e-3)
        np.testing.assert_allclose(points, face.kps, atol=1e-3)


def test_one_session_serves_all_sizes(detector_file, monkeypatch):
    import onnxruntime

    opened = []
    original = onnxruntime.InferenceSession.__init__

    def counted(self, *args, **kwargs):
        opened.append(args)
        original(self, *args, **kwargs)

    monkeypatch.setattr(onnxruntime.InferenceSession, "__init__", counted)
    FaceDetector(detector_file, "CPU").detect(grey_picture(1000, 1000))
    assert len(opened) == 1


def test_the_threshold_is_the_users(detector):
    picture = grey_picture(400, 500)
    draw_face(picture, (250, 200), 150, 1)
    (face,) = detector.detect(picture, 0.05)
    assert face.score < 0.9999999 or len(detector.detect(picture, 0.99)) == 1
    assert detector.find(picture, 640, 1.0 + 1e-6)[0].shape[0] == 0


def test_providers():
    available = ["CUDAExecutionProvider", "CPUExecutionProvider"]
    assert wanted_providers("auto", available) == available
    assert wanted_providers("auto", ["CPUExecutionProvider"]) == ["CPUExecutionProvider"]
    assert wanted_providers("CPU", available) == ["CPUExecutionProvider"]
    assert wanted_providers("DmlExecutionProvider", ["DmlExecutionProvider", "CPUExecutionProvider"])[-1] == (
        "CPUExecutionProvider"
    )
    with pytest.raises(FaceError, match="has no CUDAExecutionProvider here, only CPUExecutionProvider"):
        wanted_providers("CUDA", ["CPUExecutionProvider"])


def test_a_gpu_build_that_was_overwritten_is_told_with_the_repair(monkeypatch):
    import importlib.metadata

    monkeypatch.setattr(importlib.metadata, "version", lambda name: "1.31.1")
    assert not gpu_build_is_hidden(["CUDAExecutionProvider", "CPUExecutionProvider"])
    with pytest.raises(FaceError, match="pip install --force-reinstall --no-deps onnxruntime-gpu` repairs it"):
        wanted_providers("CUDA", ["CPUExecutionProvider"])


def test_the_provider_really_used_is_told(detector):
    assert detector.provider_used == "CPUExecutionProvider"


def test_without_insightface_the_command_is_told(detector_file, monkeypatch):
    monkeypatch.setitem(sys.modules, "insightface", None)
    monkeypatch.setitem(sys.modules, "insightface.model_zoo", None)
    with pytest.raises(FaceError, match="python -m pip install insightface onnxruntime"):
        FaceDetector(detector_file)


def test_without_facexlib_the_command_is_told(monkeypatch):
    from infu_core.faces.arcface import build_arcface

    monkeypatch.setitem(sys.modules, "facexlib.recognition.arcface_arch", None)
    with pytest.raises(FaceError, match="python -m pip install facexlib"):
        build_arcface()
