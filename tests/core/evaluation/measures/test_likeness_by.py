"""Faces of a picture against their people, by a judge whose vectors are known."""

import math

import pytest
import torch

pytest.importorskip("PIL")
from infu_core.evaluation.measures.face_measures import FaceFinder, LikenessBy, threshold_of  # noqa: E402
from infu_core.evaluation.measures.item import Item, faces_from_json, faces_to_json  # noqa: E402
from infu_core.evaluation.measures.judge_cards import JudgeCard, Unmeasured, read_cards  # noqa: E402
from infu_core.evaluation.study.cells import Cell  # noqa: E402
from infu_core.evaluation.study.method_graph import StudyError  # noqa: E402
from infu_core.evaluation.study.study import Person, Prompt  # noqa: E402
from infu_core.faces.face import face_from  # noqa: E402


class Angles:
    """A recogniser that sees a face's left edge as an angle in degrees."""

    def __init__(self, card):
        self.card = card

    def crop(self, picture, face):
        return face

    def embed(self, faces):
        angles = [math.radians(face.box[0]) for face in faces]
        return torch.tensor([[math.cos(a), math.sin(a)] for a in angles]) if faces else torch.zeros(0, 1)


class Shelf:
    """Photos whose faces lie at these angles: person -> (reference, others)."""

    def __init__(self, **people):
        self.people = people

    def reference(self, person):
        return Photo(self.people[person.id][0])

    def others(self, person):
        return [Photo(angle) for angle in self.people[person.id][1]]


class Photo:
    picture = None

    def __init__(self, angle):
        self.face = None if angle is None else face(angle)


def face(angle):
    return face_from((angle, 0, angle + 10, 10), [(0, 0)] * 5, 0.9, "")


def judge(tmp_path, threshold=0.5, **people):
    (tmp_path / "judge.onnx").write_bytes(b"x")
    card = JudgeCard("eye", tmp_path / "judge.onnx", "judge.onnx", "onnx", 112, 0.0, 1.0, "rgb")
    return LikenessBy(Angles(card), Shelf(**people), threshold)


def item(subject, *angles):
    people = tuple(Person(name, None, (), name) for name in subject)
    cell = Cell("ours", subject, subject, "p", 0, 1, 64, 64, "", "")
    return Item(cell, None, people, Prompt("p", "words", {}), tuple(face(angle) for angle in angles))


def test_one_person(tmp_path):
    by = judge(tmp_path, anna=(0, [20, 40]))
    values = by.of(item(("anna",), 20))
    cos = lambda degrees: math.cos(math.radians(degrees))  # noqa: E731
    assert values["sim_ref"] == pytest.approx(cos(20), abs=1e-6)
    assert values["id_loss"] == pytest.approx(1 - cos(20), abs=1e-6)
    assert values["sim_gt"] == pytest.approx((1 + cos(20)) / 2, abs=1e-6)
    assert values["recognised"] == 1 and values["id_conf"] is None
    assert values["copy_paste"] == pytest.approx((-1 + 0) / 2, abs=5e-3)


def test_the_best_face_is_taken_and_confusion_told(tmp_path):
    values = judge(tmp_path, anna=(0, [10])).of(item(("anna",), 80, 5))
    assert values["sim_ref"] == pytest.approx(math.cos(math.radians(5)), abs=1e-6)
    assert values["id_conf"] == pytest.approx(
        100 * (1 - math.cos(math.radians(80)) / math.cos(math.radians(5))), abs=1e-3
    )
    assert values["copy_paste_released"] is None  # the released code gives none where the numbers differ


def test_two_people_are_matched_before_they_are_compared(tmp_path):
    by = judge(tmp_path, anna=(0, [0.5]), ben=(90, [89]))
    values = by.of(item(("anna", "ben"), 85, 10))
    assert values["each"] == pytest.approx([math.cos(math.radians(10)), math.cos(math.radians(5))], abs=1e-5)
    assert values["id_conf"] > 50


@pytest.mark.parametrize("angles", [(), (5,)])
def test_too_few_faces_have_no_value(tmp_path, angles):
    values = judge(tmp_path, anna=(0, [10]), ben=(90, [80])).of(item(("anna", "ben"), *angles))
    assert set(values.values()) == {None}


def test_a_photo_without_a_face_has_no_value(tmp_path):
    by = judge(tmp_path, anna=(None, [10]), ben=(0, [None]))
    assert by.of(item(("anna",), 5))["sim_ref"] is None
    values = by.of(item(("ben",), 5))
    assert values["sim_ref"] is not None and values["sim_gt"] is None


def test_the_threshold_is_the_cards_or_the_studys_own(tmp_path):
    people = {f"p{n}": (10 * n, [10 * n + 1]) for n in range(9)} | {"no_face": (None, [None]), "half": (None, [95, 96])}
    by = judge(tmp_path, None, **people)
    found, told = threshold_of(by, [Person(name, None, (), name) for name in people])
    assert 0.97 < found < 1 and told == "1 % of 180 pairs of different people of this study"
    few, why = threshold_of(by, [Person("p0", None, (), ""), Person("p1", None, (), "")])
    assert few is None and "4 pairs" in why


def test_faces_survive_their_file():
    faces = (face(3), face(70))
    told = faces_from_json(faces_to_json(faces))
    assert [one.box for one in told] == [one.box for one in faces] and told[0].key_points == faces[0].key_points
    finder = FaceFinder(lambda picture: list(faces), "x")
    values = finder.of(Item(None, torch.zeros(100, 50, 3).numpy(), (None,), None, ()))
    assert (values["face_found"], values["faces"], values["right_number_of_faces"]) == (1, 2, 0)
    assert values["face_size"] == 0.1


def test_the_table_that_ships_reads_and_a_lacking_file_is_said(tmp_path):
    cards = read_cards(folder=tmp_path)
    assert {"arcface_ir_se50", "facenet_vggface2", "sface", "adaface_ir50"} <= cards.keys()
    assert "InfiniteYou" in cards["arcface_ir_se50"].conditioned
    with pytest.raises(Unmeasured, match="recognition_arcface_ir_se50.pth is not in"):
        cards["arcface_ir_se50"].checked_file()
    (tmp_path / "recognition_arcface_ir_se50.pth").write_bytes(b"half")
    with pytest.raises(Unmeasured, match="has the SHA-256 .* not a035c7"):
        cards["arcface_ir_se50"].checked_file()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[a]\nfile = "x"', "needs file, kind"),
        ('[a]\nfile="x"\nkind="tf"\nsize=112\nmean=0.0\nscale=1.0\nchannels="rgb"', "kind 'tf'; it can be ir_se50"),
        ('[a]\nfile="x"\nkind="onnx"\nsize=112\nmean=0.0\nscale=1.0\nchannels="rgb"\nweight=1', "setting 'weight'"),
    ],
)
def test_a_malformed_judge_is_said(tmp_path, text, says):
    (tmp_path / "judges.toml").write_text(text)
    with pytest.raises(StudyError, match=says):
        read_cards(tmp_path / "judges.toml")
