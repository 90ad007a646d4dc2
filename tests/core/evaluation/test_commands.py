"""The command, step by step, on stand-in servers: what it says, what it returns, and that little is enough."""

import json
import sys

import pytest
from fake_comfyui import FakeComfyUI
from study_fixtures import COMPARISON, GRAPH, write_study

pytestmark = pytest.mark.skipif(sys.version_info < (3, 11), reason="tomllib came with Python 3.11")
pytest.importorskip("cv2")
from infu_core.evaluation.__main__ import main  # noqa: E402


@pytest.fixture
def server():
    running = FakeComfyUI()
    yield running
    running.kill()


@pytest.fixture
def study(tmp_path):
    return write_study(tmp_path / "study")


def words(step, study, *servers):
    return [step, str(study), *(word for one in servers for word in ("--server", one.url))]


def told(study):
    return json.loads((study.parent / "results" / "report.json").read_text())


def test_plan_says_how_much_and_a_probe_how_long(study, server, capsys):
    assert main(words("plan", study)) == 0
    said = capsys.readouterr().out
    assert (
        "18 pictures of 3 subjects, 2 prompts, 3 methods" in said and "missing 18" in said and "not known yet" in said
    )
    assert len((study.parent / "results" / "manifest.jsonl").read_text().splitlines()) == 18
    assert main([*words("plan", study, server), "--probe"]) == 0
    assert "Done 3, missing 15" in (said := capsys.readouterr().out) and "s a picture on one server" in said


def test_a_changed_graph_is_said_drawn_anew_and_left_out_of_the_report(study, server, capsys):
    assert main(words("all", study, server)) == 0
    nodes = json.loads(json.dumps(GRAPH))
    nodes["4"]["inputs"]["steps"] = 21
    (study.parent / "graph.json").write_text(json.dumps(nodes))
    capsys.readouterr()
    assert main(words("plan", study)) == 0
    assert "stale 18" in (said := capsys.readouterr().out) and "Stale: the graph" in said
    assert main(words("report", study)) == 0
    assert "18 pictures are stale" in told(study)["wrong"][0] and not told(study)["cells"]
    assert main(words("run", study, server)) == 0
    assert len(server.graphs) == 36


def test_without_detector_judges_or_clip_the_report_says_why(study, server):
    assert main(words("all", study, server)) == 0
    report = told(study)
    assert len(report["cells"]) == 18 and "sharpness" in report["measures"] and "face_found" not in report["measures"]
    reasons = report["not_measured"]
    assert reasons["face_found"] == "the study names no face detector ([scoring] detector)."
    assert reasons["sim_gt.sface"].startswith("it needs faces") and "[scoring] clip" in reasons["clip_t"]
    assert report["comparisons"][0]["word"] == "NOT MEASURED"
    page = (study.parent / "results" / "report.html").read_text()
    assert "face_found: not measured: the study names no face detector" in page


def test_a_report_of_nothing_is_a_report(study):
    assert main(words("report", study)) == 0
    assert "18 pictures were not drawn yet" in told(study)["wrong"][0]


def test_servers_of_different_versions_are_refused_unless_allowed(study, server, capsys):
    other = FakeComfyUI("0.14.1")
    server.delay = other.delay = 0.2  # long enough that neither can draw everything before the other begins
    try:
        assert main(words("run", study, server, other)) == 3
        assert "The servers differ" in (said := capsys.readouterr().err) and "0.14.1" in said
        assert main([*words("run", study, server, other), "--mixed-versions"]) == 0
    finally:
        other.kill()
    assert main(words("report", study)) == 0
    assert any("2 different sets of versions" in line for line in told(study)["wrong"])


def test_what_failed_is_told_and_tried_again_when_asked(study, server, capsys):
    server.faults["node"] = 10**6
    assert main(words("run", study, server)) == 0
    assert "0 of 18 pictures are there, 18 failed" in capsys.readouterr().out
    assert main(words("report", study)) == 0
    assert "KSampler: ValueError: no such sampler" in told(study)["wrong"][0]
    server.faults["node"] = 0
    assert main(words("run", study, server)) == 0
    assert "18 cells failed three times and are left alone" in capsys.readouterr().err
    assert main([*words("run", study, server), "--again"]) == 0
    assert "18 of 18 pictures are there, 0 failed" in capsys.readouterr().out


def test_a_margin_that_changes_after_scoring_is_told(study, server):
    assert main(words("all", study, server)) == 0
    assert told(study)["margins_changed"] == []
    more = COMPARISON.replace('b = "bare"', 'b = "wrong"')
    study.write_text(study.read_text().replace("margin = 0.1", "margin = 0.2") + more)
    assert main(words("all", study, server)) == 0
    changed, added = told(study)["margins_changed"]
    assert "was 0.1 when scoring began" in changed and "it is 0.2 now" in changed and "was added after" in added
    assert changed in (study.parent / "results" / "report.html").read_text().replace("&#x27;", "'")


def test_seeds_give_diversity(tmp_path, server):
    study = write_study(tmp_path, 2)
    study.write_text(study.read_text().replace("seeds = 1", "seeds = 3"))
    assert main(words("all", study, server)) == 0
    assert told(study)["measures"]["diversity"]["by_method"]["ours"]["mean"] > 0


@pytest.mark.parametrize(
    ("given", "code", "says"),
    [
        (["plan", "nothing.toml"], 1, "nothing.toml does not exist"),
        (["run", "STUDY"], 3, "Nobody draws: name a server"),
        (["kit", "--server", "http://x", "--photo", "x", "--set", "steps"], 1, "--set takes Node.input=value"),
    ],
)
def test_one_sentence_and_a_code(study, capsys, given, code, says):
    assert main([str(study) if word == "STUDY" else word for word in given]) == code
    said = capsys.readouterr().err
    assert says in said and said.count("\n") == 1


def test_scoring_keeps_one_batch_in_memory(tmp_path, server):
    """Four times the pictures, nearly the same peak: 24 of them kept are 5 MB, 96 are 19 MB."""
    import tracemalloc

    from infu_core.evaluation.measures.scoring import Scoring
    from infu_core.evaluation.study.read_study import read_study

    peaks, server.size = [], 256
    for people in (4, 16):
        study = write_study(tmp_path / str(people), people, more="\n[scoring]\nbatch = 4\n")
        assert main(words("run", study, server)) == 0
        tracemalloc.start()
        Scoring(read_study(study)).run()
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] - peaks[0] < 7e6, peaks  # half of it; what waits for the collector comes and goes
