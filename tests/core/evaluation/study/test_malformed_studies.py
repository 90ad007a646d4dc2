"""Twelve kinds of malformed studies, three of each: one sentence that says what is wrong, before anything is drawn."""

import json
import sys

import pytest
from study_fixtures import COMPARISON, GRAPH, HOLES, METHOD, TOP, write_person, write_study

from infu_core.evaluation.study.method_graph import StudyError
from infu_core.evaluation.study.read_study import read_study

pytestmark = pytest.mark.skipif(sys.version_info < (3, 11), reason="tomllib came with Python 3.11")
WHOLE = METHOD.format(holes=HOLES)


def toml(old, new, more=COMPARISON):
    """The study's text with one change."""
    text = TOP + WHOLE + more
    assert old in text
    return lambda folder: (folder / "study.toml").write_text(text.replace(old, new))


def graph(change):
    def write(folder):
        nodes = json.loads(json.dumps(GRAPH))
        (folder / "graph.json").write_text(json.dumps(change(nodes) or nodes))

    return write


def file(name, text):
    def write(folder):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    return write


def without(name):
    return lambda folder: (folder / name).unlink()


def twin(folder):
    (folder / "people/person0/reference_2.png").write_bytes((folder / "people/person0/other0.png").read_bytes())


def copied(folder):
    (folder / "people/person0/again.png").write_bytes((folder / "people/person0/reference.png").read_bytes())


MALFORMED = {
    "the file": [
        (without("study.toml"), "study.toml does not exist"),
        (file("study.toml", "name = 'a"), "study.toml is not TOML"),
        (file("study.toml", "a: 1"), "study.toml is not TOML"),
    ],
    "its settings": [
        (toml("seeds =", "seed ="), "unknown setting 'seed'"),
        (toml('people = "people"\n', ""), "study.toml lacks people"),
        (toml("bare = true", "naked = true"), "number 3 has an unknown setting 'naked'"),
    ],
    "types": [
        (toml("seeds = 1", 'seeds = "1"'), "seeds in study.toml must be a whole number; it is '1'"),
        (toml("bare = true", "bare = 1"), "bare in .* must be true or false; it is 1"),
        (toml("seeds = 1", "seeds = true"), "must be a whole number; it is True"),
    ],
    "numbers": [
        (toml("seeds = 1", "seeds = 0"), "seeds is 0"),
        (toml("[[64, 64]]", "[[64, 100]]"), "64 x 100 can't be drawn"),
        (toml("[[64, 64]]", "[[64]]"), r"must be \[width, height\]"),
    ],
    "people": [
        (toml('"people"', '"nobody"'), "folder of people, .*nobody, does not exist"),
        (without("people/person0/reference.png"), "'person0' has 0 photos called reference"),
        (twin, "'person0' has 2 photos called reference"),
    ],
    "photos": [
        (file("people/person1/other0.png", "<html>not found</html>"), r"other0.png is no picture .*\(22 bytes\)"),
        (copied, "again.png of person 'person0' is the reference photo again"),
        (lambda folder: write_person(folder / "people/Person0", 9), "'Person0' is there twice"),
    ],
    "prompts": [
        (file("prompts.json", "[]"), "prompts.json, holds none"),
        (file("prompts.json", '[{"id": "a"}]'), "Prompt number 1 has no text"),
        (file("prompts.json", '[{"id":"a","text":"x"},{"id":"a","text":"y"}]'), "prompt 'a' is there twice"),
    ],
    "names": [
        (toml('id = "ours"', 'id = "our/s"', ""), "method 'our/s' can't name a file"),
        (toml('id = "wrong"', 'id = "ours"'), "method 'ours' is there twice"),
        (file("prompts.json", '[{"id":"../a","text":"x"}]'), "prompt '../a' can't name a file"),
    ],
    "graphs": [
        (without("graph.json"), "graph.json, does not exist"),
        (file("graph.json", '{"nodes": [], "links": []}'), "as the editor saves it; export it again"),
        (graph(lambda nodes: nodes["4"].pop("class_type") and None), "is not in ComfyUI's API format"),
    ],
    "holes": [
        (toml('"Photo.image"', '"Foto.image"'), "No node of method 'ours' has the id, title or class 'Foto'"),
        (
            toml('"KSampler.seed"', '"KSampler.noise_seed"'),
            "'KSampler' .* has no input 'noise_seed'; it has seed, steps",
        ),
        (graph(lambda nodes: nodes.update({"9": nodes["4"]})), r"2 nodes .* are called 'KSampler' \(4, 9\)"),
    ],
    "what a method sees": [
        (toml('photo = "Photo.image"\n', ""), "'ours' has no hole 'photo', so it would never see the person"),
        (toml("bare = true\n", ""), "'bare' has no hole 'photo'|0 methods are bare"),
        (toml('seed = "KSampler.seed"\n', ""), "'ours' has no hole 'seed'"),
    ],
    "comparisons": [
        (toml('a = "ours"', 'a = "theirs"'), "names the method 'theirs'; the study has ours, wrong, bare"),
        (toml('b = "bare"', 'b = "ours"'), "'ours' is compared with itself"),
        (toml("margin = 0.1", "margin = -0.1"), "margin of ours against bare is -0.1"),
    ],
}
CASES = [(kind, change, says) for kind, cases in MALFORMED.items() for change, says in cases]


def test_there_are_thirty_six():
    assert len(MALFORMED) == 12 and all(len(cases) == 3 for cases in MALFORMED.values())


@pytest.mark.parametrize(("kind", "change", "says"), CASES, ids=[f"{kind}: {says[:40]}" for kind, _, says in CASES])
def test_one_sentence_says_what_is_wrong(kind, change, says, tmp_path):
    path = write_study(tmp_path)
    read_study(path)
    change(tmp_path)
    with pytest.raises(StudyError, match=says) as caught:
        read_study(path)
    text = str(caught.value)
    assert "\n" not in text and text.endswith(".") and len(text) < 400 and text.count(". ") == 0, text
    assert not (tmp_path / "results").exists()
