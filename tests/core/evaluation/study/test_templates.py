"""The ready methods: each can be read, with its holes where they should be, and says whether it was ever run."""

import json
import sys

import pytest
from study_fixtures import TOP, write_person, write_study

pytestmark = pytest.mark.skipif(sys.version_info < (3, 11), reason="tomllib came with Python 3.11")
from infu_core.evaluation.__main__ import main  # noqa: E402
from infu_core.evaluation.study.cells import filled_graph, plan_cells  # noqa: E402
from infu_core.evaluation.study.method_graph import StudyError  # noqa: E402
from infu_core.evaluation.study.read_study import GRAPHS, read_study, templates  # noqa: E402


def names():
    return list(templates()[1])


def test_all_in_one_study(tmp_path):
    methods = "".join(f'\n[[method]]\ntemplate = "{name}"\n' for name in names())
    study = read_study(write_study(tmp_path, methods=methods, more=""))
    assert [method.id for method in study.methods] == names()
    for cell in plan_cells(study)[:: len(study.prompts)]:
        graph = filled_graph(study, cell, ["anna.png"])
        values = [value for node in graph.values() for value in node["inputs"].values()]
        assert cell.seed in values and "at a desk" in values and values.count(64) >= 2
        assert ("anna.png" in values) == (cell.method != "flux")
    assert len({method.graph.sha256 for method in study.methods}) == len(study.methods)
    tested = {method.id: method.note for method in study.methods}
    assert "tiny files" in tested["aes"] and "not run" in tested["pulid_flux"]


def test_only_the_way_of_keeping_the_person_differs(tmp_path):
    """Model, sampler, steps and guidance are the same in all of them."""
    methods = "".join(f'\n[[method]]\ntemplate = "{name}"\n' for name in names())
    study = read_study(write_study(tmp_path, methods=methods, more=""))
    shared = set()
    for method in study.methods:
        nodes = {node["class_type"]: node["inputs"] for node in method.graph.nodes.values()}
        sampler = nodes.get("KSampler") or nodes["InfuSampler"]
        same = {name: sampler[name] for name in ("steps", "cfg", "sampler_name", "scheduler", "denoise")}
        shared.add(str((nodes["UNETLoader"], nodes["DualCLIPLoader"], nodes["FluxGuidance"]["guidance"], same)))
    assert len(shared) == 1


def test_a_study_puts_its_own_words_on_top(tmp_path):
    methods = """
[[method]]
template = "aes"
id = "half"
noise = "other"
[method.set]
"ApplyInfuseNet.strength" = 0.5
"UNETLoader.unet_name" = "mine.safetensors"

[[method]]
template = "flux"
"""
    half, bare = read_study(write_study(tmp_path, methods=methods, more="")).methods
    assert half.noise == "other" and half.graph.nodes["14"]["inputs"]["strength"] == 0.5
    assert half.graph.nodes["1"]["inputs"]["unet_name"] == "mine.safetensors" and bare.bare


def test_an_unknown_template_is_said(tmp_path):
    path = write_study(tmp_path, top=TOP, methods='[[method]]\ntemplate = "lora"\n', more="")
    with pytest.raises(StudyError, match="names the template 'lora'; there are flux, aes"):
        read_study(path)


@pytest.mark.parametrize("name", ["infiniteyou", "infinite_id", "multiid"])
def test_the_ready_studies_can_be_filled(name, tmp_path):
    """With two people as the study's head asks for them; every person is asked for something, and margins are there."""
    assert main(["new", name, str(tmp_path / name)]) == 0
    for number, tags in enumerate(({"gender": "woman", "case": "0001"}, {"gender": "man", "case": "0002"})):
        person = tmp_path / name / "people" / f"person{number}"
        write_person(person, number)
        (person / "tags.json").write_text(json.dumps(tags))
    study = read_study(tmp_path / name / "study.toml")
    cells = plan_cells(study)
    assert {cell.subject for cell in cells} == set(study.subjects) and study.comparisons
    assert all(one.margin for one in study.comparisons)
    prompts = {prompt.id: prompt for prompt in study.prompts}
    assert all(prompts[cell.prompt].fits([study.person(cell.subject[0])]) for cell in cells)
    assert main(["new", name, str(tmp_path / name)]) == 1


def test_every_graph_file_is_a_template():
    used = {entry["graph"] for entry in templates()[1].values()}
    assert used == {path.name for path in GRAPHS.glob("*.json")}
