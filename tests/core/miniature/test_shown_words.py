"""What users see first, the demo and workflow 00, asks the miniature for words that it knows."""

import json

import pytest
from harness.tiny_workflows import WORKFLOWS, api_twin

from miniature.networks.text_encoder import LENGTH, Words
from workshop.demo.story import PEOPLE, Shot, shots, story
from workshop.miniature.networks.attributes import ATTRIBUTES

WORKFLOW = api_twin(WORKFLOWS[0])
SHOTS = [shot for section in story() for shot in shots(section)]


def prompt_of_the_workflow() -> str:
    nodes = json.loads(WORKFLOW.read_text(encoding="utf-8")).values()
    return next(node["inputs"]["text"] for node in nodes if node["class_type"] == "InfuMiniaturePrompt")


@pytest.mark.parametrize("text", sorted({shot.text for shot in SHOTS} | {prompt_of_the_workflow()}))
def test_every_word_is_known_and_none_is_cut(text):
    words = Words()
    assert words.unknown(text) == [] and len(words.split(text)) <= LENGTH


def test_the_judge_is_asked_for_what_it_can_tell():
    asked = [pair for shot in SHOTS for pair in shot.asked]
    assert asked and all(value in ATTRIBUTES[name] for name, value in asked)


def test_every_picture_of_the_demo_is_another():
    assert len(SHOTS) == len(set(SHOTS)) and all(isinstance(shot, Shot) for shot in SHOTS)
    assert len(set(PEOPLE)) == 2
