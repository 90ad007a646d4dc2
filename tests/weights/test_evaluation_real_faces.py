"""A study's likeness on real photos: dlib's network as an ONNX judge, MTCNN's faces, photos that packages carry."""

import pytest
import torch
from weights.neutral_recogniser import NeutralRecogniser
from weights.test_real_faces import MATERIAL, SAME, Mtcnn, photo_of

from infu_core.evaluation.measures.face_measures import FaceFinder, LikenessBy
from infu_core.evaluation.measures.item import Item, faces_from_json
from infu_core.evaluation.measures.judge_cards import JudgeCard
from infu_core.evaluation.measures.photos import PhotoShelf
from infu_core.evaluation.measures.recognisers import Recogniser
from infu_core.evaluation.study.cells import Cell
from infu_core.evaluation.study.study import Person, Prompt

OBAMA = Person("obama", SAME / "obama.jpg", (SAME / "obama2.jpg",), "x")
BIDEN = Person("biden", SAME / "biden.jpg", (), "x")


@pytest.fixture(scope="module")
def score(tmp_path_factory):
    """Photo's name and people -> their values by the judge."""
    path = tmp_path_factory.mktemp("judge") / "dlib.onnx"
    network = NeutralRecogniser(MATERIAL / "face-api" / "package" / "model").eval()
    crop = torch.zeros(1, 3, 112, 112)
    torch.onnx.export(network, (crop,), str(path), input_names=["crops"], dynamo=False, opset_version=17)
    card = JudgeCard("dlib", path, path.name, "onnx", 112, 127.5, 127.5, "bgr", threshold=0.9)
    detect = Mtcnn().detect
    judge, finder = LikenessBy(Recogniser(card), PhotoShelf(detect), 0.9), FaceFinder(detect, "mtcnn")

    def of(name, *people):
        cell = Cell("photo", tuple(one.id for one in people), (), "p", 0, 0, 64, 64, "", "")
        item = Item(cell, photo_of(name), people, Prompt("p", "a photo", {}), ())
        (found,) = finder.score([item])
        seen = Item(item.cell, item.picture, people, item.prompt, faces_from_json(found["found"]))
        return found | judge.score([seen])[0]

    return of


def test_another_photo_of_the_person_is_nearer_than_another_person(score):
    own, other = score("obama3", OBAMA), score("biden", OBAMA)
    print(f"Sim(GT): the person {own['sim_gt']:.3f}, somebody else {other['sim_gt']:.3f}")
    assert own["face_found"] == 1 and own["sim_gt"] > other["sim_gt"] + 0.02
    assert own["id_loss"] < other["id_loss"] and own["id_loss"] == pytest.approx(1 - own["sim_ref"])


def test_the_photo_itself_is_copied(score):
    values = score("obama", OBAMA)
    assert values["sim_ref"] == pytest.approx(1, abs=1e-4) and values["copy_paste"] == pytest.approx(1, abs=0.02)
    assert values["recognised"] == 1


def test_the_truth_is_not_copied(score):
    assert score("obama2", OBAMA)["copy_paste"] == pytest.approx(-1, abs=0.02)


def test_a_crowd_has_more_faces_than_people_and_a_confidence(score):
    values = score("t1", OBAMA)
    assert values["faces"] >= 6 and values["right_number_of_faces"] == 0 and 0 <= values["id_conf"] <= 100
    assert values["copy_paste_released"] is None


def test_one_face_for_two_people_has_no_value(score):
    assert score("obama3", OBAMA, BIDEN)["sim_ref"] is None
