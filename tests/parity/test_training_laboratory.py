"""A laboratory's run in small: prepared samples, a diffusers FLUX, two stages, a release that every loader opens."""

import json

import pytest
import torch

diffusers = pytest.importorskip("diffusers")
pytest.importorskip("accelerate")

from harness.tiny_laboratory import TinyLaboratory, make_laboratory  # noqa: E402

from infu_core.checkpoints.load import load_network, load_projector  # noqa: E402


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("laboratory")
    (folder / "sentence.txt").write_text(make_laboratory(folder))
    return folder


def open_run(folder, name, stage="stage1"):
    return TinyLaboratory(folder / "config.toml", folder / name).open_run(stage)


def test_bad_samples_are_skipped_counted_and_listed(folder):
    report = json.loads((folder / "prepared" / "report.json").read_text())
    assert report["used"] == 17
    assert report["skipped"] == {
        "no face": 1,
        "two faces": 1,
        "missing caption": 1,
        "missing file": 1,
        "corrupt image": 1,
        "another person than the reference": 1,
        "unreadable line": 1,
    }
    listed = [json.loads(line) for line in (folder / "prepared" / "skipped.jsonl").read_text().splitlines()]
    assert len(listed) == 7
    assert {"line": 18, "picture": "two.png", "reason": "two faces"} in listed
    assert (folder / "sentence.txt").read_text().startswith("17 of 24 samples are prepared; left out: ")


def test_two_stages_and_a_release_that_every_loader_opens(folder):
    laboratory = TinyLaboratory(folder / "config.toml", folder / "runs")
    run = laboratory.open_run("stage1")
    begun = {name: weight.clone() for name, weight in run.objective.state_dict().items()}
    assert run.run()
    changed = {name for name, weight in run.objective.state_dict().items() if not torch.equal(weight, begun[name])}
    assert any(name.startswith("infusenet.double_residuals") for name in changed)
    assert any(name.startswith("projector.layers") for name in changed)
    release = laboratory.release(run, "stage1")

    network = load_network(release / "InfuseNetModel", torch.float32)
    projector = load_projector(release / "image_proj_model.safetensors", torch.float32)
    trained = run.trained()  # the averaged weights
    for name, weight in trained.infusenet.state_dict().items():
        assert torch.equal(network.state_dict()[name], weight.to(torch.bfloat16).float()), name
    for name, weight in trained.projector.state_dict().items():
        assert torch.equal(projector.state_dict()[name], weight), name
    pickled = torch.load(release / "image_proj_model.bin", weights_only=True)
    assert pickled.keys() == {"image_proj"} and pickled["image_proj"].keys() == projector.state_dict().keys()
    assert diffusers.FluxControlNetModel.from_pretrained(release / "InfuseNetModel").config.num_layers == 1

    second = laboratory.open_run("stage2")
    start = second.accelerator.unwrap_model(second.objective).infusenet.state_dict()
    assert all(torch.equal(weight, network.state_dict()[name]) for name, weight in start.items())
    assert second.run()


def test_training_begins_at_the_bare_base(folder):
    run = open_run(folder, "fresh")
    batch = run.batches(0, 0, 1)
    bare = run.objective(**batch)
    other = run.objective(**{**batch, "vectors": batch["vectors"].flip(1)})
    assert torch.equal(bare, other)


def test_a_laboratory_run_resumes_bit_exact(folder):
    whole = open_run(folder, "whole")
    whole.run()
    first = open_run(folder, "parts")
    first.run(steps=2)
    second = open_run(folder, "parts")
    assert second.step == 2
    second.run()
    for one, other in ((whole.parameters, second.parameters), (whole.average.weights, second.average.weights)):
        assert all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


def test_the_dry_run_counts_without_weights(folder):
    plan = TinyLaboratory(folder / "config.toml", folder / "dry").dry_run()
    real = open_run(folder, "counted")
    assert plan.trained_parameters == sum(weight.numel() for weight in real.parameters)
    assert plan.activation_bytes > 0 and plan.working_bytes > 0
    assert plan.per_gpu(2, 0) < plan.per_gpu(1, 0) + 4 * plan.largest_block_bytes
    assert "| 8 |" in plan.table(80)
