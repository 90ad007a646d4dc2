"""A laboratory's run in small: prepared samples, a diffusers FLUX, two stages, a release that every loader opens."""

import json
import shutil

import pytest
import torch

diffusers = pytest.importorskip("diffusers")
pytest.importorskip("accelerate")

from harness.tiny_laboratory import StandIn, TinyLaboratory, make_laboratory  # noqa: E402

from infu_core.checkpoints.key_maps import to_published  # noqa: E402
from infu_core.checkpoints.load import load_network, load_projector  # noqa: E402
from infu_core.training.data.aspect_buckets import Bucket  # noqa: E402
from infu_core.training.data.listing import Line  # noqa: E402
from infu_core.training.data.parts import Part  # noqa: E402
from infu_core.training.data.preparation import Rules, prepare  # noqa: E402
from infu_core.training.data.prepared_data import PreparedBatches  # noqa: E402
from infu_core.training.flux_dev.laboratory import Laboratory  # noqa: E402
from infu_core.training.flux_dev.memory_plan import kept_bytes  # noqa: E402


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
        "unreadable line": 6,
    }
    listed = [json.loads(line) for line in (folder / "prepared" / "skipped.jsonl").read_text().splitlines()]
    assert len(listed) == 12
    assert {"line": 29, "picture": "good1.png", "reason": "unreadable line"} in listed
    assert {"line": 18, "picture": "two.png", "reason": "two faces"} in listed
    assert (folder / "sentence.txt").read_text().startswith("17 of 29 samples are prepared; left out: ")


def test_parts_hold_the_same_samples_as_the_whole(folder):
    rules = Rules((Bucket(64, 64), Bucket(80, 64)), likeness=0.8)
    for index in (1, 2, 3):
        prepare(folder / "listing.jsonl", folder / "in-parts", StandIn(), rules, Part(index, 3))
    whole, parts = (PreparedBatches(folder / name, 1).by_shape(99) for name in ("prepared", "in-parts"))
    for one, other in zip(whole, parts, strict=True):
        assert one["latents"].shape == other["latents"].shape
        assert torch.equal(one["context"].sum((1, 2)).sort().values, other["context"].sum((1, 2)).sort().values)
    with pytest.raises(ValueError, match="prepared already"):
        prepare(folder / "listing.jsonl", folder / "in-parts", StandIn(), rules, Part(1, 3))


@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_the_share_of_pose_pictures_is_what_the_config_says(folder, share):
    batches = PreparedBatches(folder / "prepared", 4, seed=5, pose_share=share)
    black = {shape: value.unique().numel() for shape, value in batches._black.items()}
    assert set(black.values()) == {1}
    posed = [
        row.unique().numel() > 1 or row[0, 0, 0] != -1 for step in range(50) for row in batches(step, 0, 1)["control"]
    ]
    assert sum(posed) / len(posed) == pytest.approx(share, abs=0.08)


def test_one_of_several_captions_is_drawn(folder):
    line = {"picture": "good0.png", "captions": ["human", " model ", "", 3]}
    drawn = [Line(number, line, folder).caption(seed=0) for number in range(40)]
    assert set(drawn) == {"human", "model"}
    assert drawn == [Line(number, line, folder).caption(seed=0) for number in range(40)]


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


def test_infusenet_begins_as_the_first_blocks_of_the_base(folder):
    objective = open_run(folder, "begun").objective
    base = objective._base[0].transformer.state_dict()
    own = to_published(objective.infusenet.state_dict(), 1, 1, True)
    for block in ("transformer_blocks.0.", "single_transformer_blocks.0."):
        weights = {name: weight for name, weight in own.items() if name.startswith(block)}
        assert len(weights) > 10
        assert all(torch.equal(weight, base[name].float()) for name, weight in weights.items())


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


IDENTITY_LOSS = """
[identity_loss]
weight = 3.0
contrast = 0.5
vae = "none"
recogniser = "none"
"""


def test_an_identity_loss_is_added_where_the_config_asks_for_it(folder):
    (folder / "seen.toml").write_text((folder / "config.toml").read_text() + IDENTITY_LOSS)
    plain, run = open_run(folder, "unseen"), TinyLaboratory(folder / "seen.toml", folder / "seen").open_run("stage1")
    batch = run.batches(0, 0, 1)
    assert batch["points"].shape == (4, 5, 2) and batch["wanted"].shape == (4, 512)
    assert "points" not in plain.batches(0, 0, 1)
    early = {**batch, "time": torch.tensor([0.2, 0.5, 0.9, 1.0])}
    flow = plain.objective(**{name: value for name, value in early.items() if name not in ("points", "wanted")})
    both = run.objective(**early)
    assert (both - flow)[:2].min() > 0 and torch.equal(both[2:], flow[2:])
    assert run.run()


def test_samples_of_an_older_preparation_have_no_faces(folder, tmp_path):
    from safetensors.torch import load_file, save_file

    shutil.copytree(folder / "prepared", tmp_path / "older")
    for file in (tmp_path / "older").glob("0*.safetensors"):
        kept = {name: value for name, value in load_file(file).items() if name not in ("points", "wanted")}
        save_file(kept, file)
    PreparedBatches(tmp_path / "older", 4)(0, 0, 1)
    with pytest.raises(ValueError, match=r"prepared without points, wanted.*prepare the samples again"):
        PreparedBatches(tmp_path / "older", 4, faces=True)(0, 0, 1)


def test_the_plan_counts_what_an_identity_loss_sees_with(folder):
    """FLUX.1's own VAE and ArcFace by shapes; a larger face keeps more, and no sample does."""
    pytest.importorskip("facexlib")
    text = (folder / "config.toml").read_text() + IDENTITY_LOSS
    plans = []
    for side in (16, 24):
        (folder / "planned.toml").write_text(text + f"window = {side}\n")
        plans.append(TinyLaboratory(folder / "planned.toml", folder / "dry").dry_run())
    small, large = plans
    bare = TinyLaboratory(folder / "config.toml", folder / "dry").dry_run()
    assert bare.seeing_bytes == 0 < small.seeing_bytes < large.seeing_bytes
    assert small.fixed(4) - bare.fixed(4) == small.seeing_bytes
    assert small.sample_bytes == bare.sample_bytes and "to see faces with" in small.table(80)
    weights = 84e6 * 2 + 43e6 * 4  # of the VAE in bf16 and of IR-SE50 in float32
    assert weights < small.seeing_bytes < weights + 3e9


def test_a_stage_begins_with_the_weights_that_the_config_names(folder):
    run = open_run(folder, "published")
    released = TinyLaboratory(folder / "config.toml", folder / "published").release(run, "stage1")
    begun = run.accelerator.unwrap_model(run.objective).projector.state_dict()
    (released / "image_proj_model.safetensors").unlink()  # as published: a .bin alone
    text = (folder / "config.toml").read_text() + f'\n[begin]\nstage2 = "{released.as_posix()}"\n'
    (folder / "begin.toml").write_text(text)
    second = TinyLaboratory(folder / "begin.toml", folder / "elsewhere").open_run("stage2")
    for name, weight in second.accelerator.unwrap_model(second.objective).projector.state_dict().items():
        assert torch.equal(weight, begun[name]), name
    (folder / "begin.toml").write_text(text.replace("tokens = 4", "tokens = 8"))
    with pytest.raises(ValueError, match="other sizes"):
        TinyLaboratory(folder / "begin.toml", folder / "elsewhere").open_run("stage2")
    with pytest.raises(ValueError, match="InfuseNetModel"):
        open_run(folder, "nowhere", "stage2")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[infusenet]", "[infusenets]", "infusenets"),
        ("double_blocks = 1", "double_block = 1", r"double_block in \[infusenet\]"),
        ("pose_share = 0.5", "", ""),
        ('stage1 = "', 'stage0 = "', r"stage0 in \[data\]"),
        ("[watch]", "[watched]", "watched"),
        ("batch_size = 4", "batch_size = 4\nmomentum = 1", r"momentum in \[stages"),
        ("steps = 4", "steps == 4", "TOML"),
        ("[stages.stage1]", "[stages.first]", r"no \[stages.stage1\]"),
        ("tokens = 4\n", "", r"\[projector\] lacks tokens"),
    ],
)
def test_faults_of_the_config_are_named(folder, tmp_path, old, new, said):
    text = (folder / "config.toml").read_text()
    assert old in text
    (tmp_path / "config.toml").write_text(text.replace(old, new, 1))
    if not said:
        Laboratory(tmp_path / "config.toml", tmp_path).dry_run()
        return
    with pytest.raises(ValueError, match=said):
        Laboratory(tmp_path / "config.toml", tmp_path).dry_run()


def test_sheets_without_anything_to_see_with_are_refused(folder, tmp_path):
    text = (folder / "config.toml").read_text()
    begin, end = text.index("[watch]"), text.index("[stages.stage1]")
    (tmp_path / "config.toml").write_text(text[:begin] + text[end:])
    with pytest.raises(ValueError, match=r"no \[watch\]"):
        Laboratory(tmp_path / "config.toml", tmp_path).open_run("stage1")


def test_the_dry_run_counts_what_a_real_step_takes(folder):
    """The fixed part to the byte but for weights that learn nothing; what a sample keeps, too."""
    plan = TinyLaboratory(folder / "config.toml", folder / "dry").dry_run()
    real = open_run(folder, "counted")
    batch = real.batches(0, 0, 4)  # one sample, of the dry run's shape
    assert batch["latents"].shape == (1, 16, 8, 8)
    objective = real.accelerator.unwrap_model(real.objective)
    transformer = objective._base[0].transformer
    kept, once = kept_bytes((objective, transformer), lambda rows: objective(**rows).mean(), batch)
    objective(**batch).mean().backward()
    gradients = sum(weight.grad.nbytes for weight in real.parameters if weight.grad is not None)
    real.optimisers[0].step()
    moments = [value for slot in real.optimisers[0].state.values() for value in slot.values() if value.numel() > 1]

    weights = sum(weight.nbytes for weight in real.parameters)
    fixed = weights + gradients + sum(value.nbytes for value in moments)
    fixed += sum(weight.nbytes for weight in real.average.weights)
    fixed += sum(weight.nbytes for weight in transformer.parameters())
    idle = [weight for weight in real.parameters if weight.grad is None]
    assert fixed + 3 * sum(weight.nbytes for weight in idle) == plan.fixed(1) - plan.cast_bytes
    assert sum(weight.nbytes for weight in idle) < 0.05 * weights
    assert (kept, once) == pytest.approx((plan.activation_bytes, plan.cast_bytes), rel=1e-3)
    assert plan.working_bytes > 0 and plan.cast_bytes < 2 * plan.trained_parameters


def test_the_plan_says_in_how_many_parts_a_batch_must_be_run(folder):
    plan = TinyLaboratory(folder / "config.toml", folder / "dry").dry_run()
    assert plan.batch_size == 4
    found = {(gpus, room): plan.accumulate(gpus, room) for gpus in (1, 2, 3) for room in (0, 1, 3, 4)}
    assert [found[1, room] for room in (0, 1, 3, 4)] == [None, 4, 2, 1]
    assert [found[2, room] for room in (0, 1, 3, 4)] == [None, 2, 1, 1]
    assert found[3, 4] is None
    assert plan.fixed(2) < plan.fixed(1) / 2 + 2 * plan.largest_block_bytes + plan.outside_bytes + plan.cast_bytes
    tight = (plan.fixed(1) + plan.sample_bytes) / 0.9 / 2**30
    assert plan.samples(1, tight) == 0  # a sample would fit, but AdamW could not step
    assert plan.samples(1, 80) > plan.samples(1, 40) > 0
    assert "| 8 |" in plan.table(80)
