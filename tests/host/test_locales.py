"""Names and tooltips in four languages: nothing missing, nothing left over, and what must not be translated is not."""

import json
import re
from collections import Counter

import pytest

from workshop.locales import build

ADD = (
    "add each to workshop/locales/words.txt as four lines (English exactly as the node says it, Chinese, Japanese, "
    "Korean) and an empty one, then run `python -m workshop.locales.build`"
)
REMOVE = "take each block out of workshop/locales/words.txt, then run `python -m workshop.locales.build`"
KEPT = re.compile(r"`[^`]+`|'[\d., ;]+'|models/\w+|(?:in|out)put/\w+|[\w.]+\.(?:onnx|safetensors|pth)|\(InfU\)")
NUMBER = re.compile(r"\d+(?:\.\d+)?")
BROKEN_BY = "{}@|"
"""Signs that the front end's translation reads as its own."""


@pytest.fixture(scope="module")
def nodes(server):
    return build.ours(server)


def test_every_word_of_every_node_is_translated_and_no_other(nodes):
    shown, known = set(build.sentences(build.shown(nodes))), build.read_words().keys()
    assert not shown - known, f"{ADD}: {sorted(shown - known)}"
    assert not known - shown, f"{REMOVE}: {sorted(known - shown)}"


def test_the_files_are_those_that_the_table_makes(nodes, tmp_path):
    build.write(tmp_path, nodes)
    for made in tmp_path.rglob("*.json"):
        kept = build.ROOT / "locales" / made.relative_to(tmp_path)
        assert json.loads(kept.read_text(encoding="utf-8")) == json.loads(made.read_text(encoding="utf-8")), (
            f"{kept.name} of {kept.parent.name} is old: run `python -m workshop.locales.build`"
        )


@pytest.mark.parametrize("language", build.LANGUAGES[1:])
def test_what_users_type_survives_translation(language):
    """Quoted examples, numbers, folders, file names, our sign; and no sign that the front end takes for its own."""
    for english, words in build.read_words().items():
        numbers = Counter(NUMBER.findall(english)) - Counter(NUMBER.findall(words[language]))
        lost = [part for part in KEPT.findall(english) if part not in words[language]] + list(numbers)
        assert not lost, f"{lost} of '{english}' is not in its {language} line"
        broken = set(BROKEN_BY) & set(words[language])
        assert not broken, f"'{words[language]}' holds {broken}, which the front end reads as its own"


def test_the_server_hands_them_out(server):
    given = server.get("/i18n")
    for language, word in (("zh", "强度"), ("ja", "強さ"), ("ko", "강도"), ("en", "strength")):
        assert given[language]["nodeDefs"]["ApplyInfuseNet"]["inputs"]["strength"]["name"] == word
