"""The ready graphs of ours and the kit, on tiny files in both servers; what the server lacks is said, not run."""

import json

import pytest
from face_fixtures import write_arcface
from harness.tiny_workflows import SIZE, tiny

from infu_core.evaluation.__main__ import main
from infu_core.evaluation.study.cell_files import CellFiles
from infu_core.evaluation.study.cells import plan_cells
from infu_core.evaluation.study.read_study import GRAPHS, read_study, templates
from workshop.miniature.study import write_judges

OURS = ("flux", "aes", "aes_guidance_3_5", "aes_balanced", "aes_fast", "aes_style")


def tiny_graphs(folder, names):
    """The graphs that ship, with tiny files and text that needs no encoder, as `tiny` makes workflows so."""
    (folder / "api").mkdir(parents=True)
    for path in GRAPHS.glob("*.json"):
        nodes = json.loads(path.read_text())
        (folder / "api" / path.name).write_text(json.dumps(nodes))
        if path.name in ("flux.json", "infu.json"):
            nodes = tiny(folder / path.name, names)
            for key, node in nodes.items():
                if node["class_type"] == "TestConditioning":
                    nodes[key] = {**node, "_meta": {"title": "Prompt"}, "inputs": {**node["inputs"], "text": ""}}
        (folder / path.name).write_text(json.dumps(nodes))
    return folder


@pytest.fixture
def graphs(any_server, tmp_path):
    return tiny_graphs(tmp_path / "graphs", any_server.names)


def test_every_graph_of_ours_draws(any_server, graphs, tmp_path):
    from study_fixtures import TOP, write_study

    known = templates()[1]
    methods = "".join(
        f'\n[[method]]\ntemplate = "{way}"\ngraph = {json.dumps(str(graphs / known[way]["graph"]))}\n' for way in OURS
    )
    top = TOP.replace("[[64, 64]]", json.dumps([list(SIZE)]))
    path = write_study(tmp_path / "study", 1, top=top, methods=methods, more="")
    photo = (any_server.base.path / "input" / "face.png").read_bytes()
    (path.parent / "people" / "person0" / "reference.png").write_bytes(photo)
    assert main(["run", str(path), "--server", any_server.url]) == 0
    study = read_study(path)
    cells, files = plan_cells(study), CellFiles(study.results)
    assert not [files.failures(cell) for cell in cells if files.failures(cell)]
    drawn = {cell.method: files.record(cell)["sha256"] for cell in cells if cell.prompt == "desk"}
    assert drawn["aes"] != drawn["flux"] and drawn["aes_guidance_3_5"] != drawn["aes"]


def test_the_kit_writes_one_report(server, tmp_path, capsys):
    """Two judges: the method's own encoder and another; ours and the bare model run, the official pack is not there."""
    graphs = tiny_graphs(tmp_path / "graphs", server.names)
    judges = tmp_path / "judges"
    write_judges(judges)
    (judges / "face_recognition_sface_2021dec.onnx").write_bytes((judges / "other_eye.onnx").read_bytes())
    write_arcface(judges / "recognition_arcface_ir_se50.pth")
    models = server.base.path / "models"
    detector = models / "insightface" / "models" / "antelopev2" / "scrfd_10g_bnkps.onnx"
    photos = server.base.path / "input"
    words = ["kit", "--server", server.url, "--photo", str(photos / "face.png"), "--other", str(photos / "layout.png")]
    words += ["--models", str(models), "--judges", str(judges), "--detector", str(detector), "--graphs", str(graphs)]
    words += ["--size", *map(str, SIZE), "--to", str(tmp_path / "kit"), "--set", "Sampler.steps=2"]
    assert main(words) == 0
    text = (tmp_path / "kit" / "infu-kit-report.md").read_text()
    for way in ("flux", "aes", "aes_guidance_3_5", "aes_balanced", "aes_fast"):
        assert f"| {way} |" in text
    assert "official_pack: the server has no node ExtractIDEmbedding" in text
    assert "sim_stage1/image_proj_model.bin: not there" in text and "comfyui: 0." in text
    assert (
        "(WRONG)" in text and str(tmp_path) not in text
    )  # tiny files have other hashes; no path of the user's is told
    told = json.loads(text.split("```json")[1].split("```")[0])
    assert all(all(entry["seconds"]) and not entry["failed"] for entry in told["ways"].values())
    assert "sim_ref.sface" in told["ways"]["aes"]["likeness"]
    assert "not a035c7" in told["not_measured"]["judge-arcface_ir_se50"]
    assert told["ways"]["aes"]["memory"] > 0
    assert (tmp_path / "kit" / "results" / "report.html").is_file()
    again = main(words)
    assert again == 0 and "Wrote" in capsys.readouterr().out


def test_a_kit_without_a_server_says_so(tmp_path, capsys):
    words = ["kit", "--server", "http://127.0.0.1:9", "--photo", "x.png", "--to", str(tmp_path)]
    assert main(words) == 3 and "can't be reached" in capsys.readouterr().err
