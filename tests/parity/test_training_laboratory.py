"""A laboratory's run in small: prepared samples, a diffusers FLUX, two stages, a release that every loader opens."""

import json
import math

import numpy as np
import pytest
import torch

diffusers = pytest.importorskip("diffusers")
pytest.importorskip("accelerate")

from infu_core.checkpoints.load import load_network, load_projector  # noqa: E402
from infu_core.faces.face import face_from  # noqa: E402
from infu_core.training.aspect_buckets import Bucket  # noqa: E402
from infu_core.training.laboratory import Laboratory  # noqa: E402
from infu_core.training.preparation import Rules, prepare  # noqa: E402

CONTEXT, POOLED = 32, 16
CONFIG = """
[base]
path = "{folder}/transformer"
guidance = 1.0

[base.sizes]
num_layers = 1
num_single_layers = 2
num_attention_heads = 1
attention_head_dim = 128
joint_attention_dim = 32
pooled_projection_dim = 16
guidance_embeds = true
text_tokens = 5

[infusenet]
double_blocks = 1
single_blocks = 1
guidance_embeds = true

[projector]
tokens = 4
width = 32
depth = 1
heads = 1
head_size = 64

[data]
stage1 = "{folder}/prepared"
stage2 = "{folder}/prepared"
pose_share = 0.5
height = 64
width = 64

[hardware]
sharded = true
gpu_memory_gib = 80

[stages.stage1]
steps = 4
batch_size = 4
learning_rate = 1e-3
log_every = 1

[stages.stage2]
steps = 2
batch_size = 4
learning_rate = 1e-3
log_every = 1
"""


class StandIn:
    """Encoders without networks: a picture's mean colour decides everything."""

    def latents(self, picture):
        height, width = picture.shape[0] // 8, picture.shape[1] // 8
        return torch.full((16, height, width), float(picture.mean()) / 128 - 1)

    def text(self, caption):
        generator = torch.Generator().manual_seed(len(caption))
        return torch.randn(5, CONTEXT, generator=generator), torch.randn(POOLED, generator=generator)

    def faces(self, picture):
        """As many faces as the picture is red: 0 for black, one for grey, two for pure red."""
        red = float(picture[..., 0].mean()) - float(picture[..., 1].mean())
        count = 0 if picture.mean() < 10 else (2 if red > 100 else 1)
        height, width = picture.shape[:2]
        x, y = np.array((0.4, 0.6, 0.5, 0.42, 0.58)) * width, np.array((0.4, 0.4, 0.5, 0.6, 0.6)) * height
        points = np.stack((x, y), 1)
        box = (0.3 * width, 0.2 * height, 0.7 * width, 0.7 * height)
        return [face_from(box, points, 0.9, "64")] * count

    def vector(self, picture, face):
        angle = float(picture.mean()) / 128
        return torch.tensor([math.cos(angle), math.sin(angle)] + [0.0] * 510)


def write_samples(folder):
    import cv2

    def picture(name, colour, height=80, width=64):
        cv2.imwrite(str(folder / name), np.full((height, width, 3), colour[::-1], np.uint8))
        return name

    lines = [
        {"picture": picture(f"good{i}.png", (90 + 4 * i,) * 3, 80, 64 if i % 2 else 96), "caption": f"a face {i}"}
        for i in range(16)
    ]
    lines += [
        {"picture": picture("empty.png", (0, 0, 0)), "caption": "nobody"},
        {"picture": picture("two.png", (250, 20, 20)), "caption": "two people"},
        {"picture": "good0.png", "caption": "  "},
        {"picture": "gone.png", "caption": "a face"},
        {"picture": "broken.png", "caption": "a face"},
        {"picture": "good1.png", "caption": "a face", "reference": picture("other.png", (255, 250, 250))},
        {"picture": "good1.png", "caption": "the same face", "reference": "good3.png"},
    ]
    (folder / "broken.png").write_bytes(b"no picture at all")
    text = "\n".join(json.dumps(line) for line in lines)
    (folder / "listing.jsonl").write_text(text + "\nnot json\n")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("laboratory")
    write_samples(folder)
    rules = Rules((Bucket(64, 64), Bucket(80, 64)), likeness=0.8)
    report = prepare(folder / "listing.jsonl", folder / "prepared", StandIn(), rules)
    (folder / "sentence.txt").write_text(report.sentence())
    (folder / "config.toml").write_text(CONFIG.format(folder=folder.as_posix()))
    torch.manual_seed(3)
    flux = diffusers.FluxTransformer2DModel(
        num_layers=1,
        num_single_layers=2,
        num_attention_heads=1,
        joint_attention_dim=CONTEXT,
        pooled_projection_dim=POOLED,
        guidance_embeds=True,
    )
    flux.save_pretrained(folder / "transformer")
    return folder


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
    laboratory = Laboratory(folder / "config.toml", folder / "runs")
    run = laboratory.open_run("stage1")
    begun = {name: weight.clone() for name, weight in run.objective.state_dict().items()}
    assert run.run()
    changed = {name for name, weight in run.objective.state_dict().items() if not torch.equal(weight, begun[name])}
    assert any(name.startswith("infusenet.double_residuals") for name in changed)
    assert any(name.startswith("projector.layers") for name in changed)
    release = laboratory.release(run, "stage1")

    network = load_network(release / "InfuseNetModel", torch.float32)
    projector = load_projector(release / "image_proj_model.safetensors", torch.float32)
    trained = run.accelerator.unwrap_model(run.objective)
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
    laboratory = Laboratory(folder / "config.toml", folder / "fresh")
    run = laboratory.open_run("stage1")
    batch = run.batches(0, 0, 1)
    bare = run.objective(**batch)
    other = run.objective(**{**batch, "vectors": batch["vectors"].flip(1)})
    assert torch.equal(bare, other)


def test_a_laboratory_run_resumes_bit_exact(folder):
    whole = Laboratory(folder / "config.toml", folder / "whole").open_run("stage1")
    whole.run()
    first = Laboratory(folder / "config.toml", folder / "parts").open_run("stage1")
    first.run(steps=2)
    second = Laboratory(folder / "config.toml", folder / "parts").open_run("stage1")
    assert second.step == 2
    second.run()
    pairs = zip(whole.parameters, second.parameters, strict=True)
    assert all(torch.equal(one, other) for one, other in pairs)


def test_the_dry_run_counts_without_weights(folder):
    plan = Laboratory(folder / "config.toml", folder / "dry").dry_run()
    real = Laboratory(folder / "config.toml", folder / "counted").open_run("stage1")
    assert plan.trained_parameters == sum(weight.numel() for weight in real.parameters)
    assert plan.activation_bytes > 0 and plan.working_bytes > 0
    assert plan.per_gpu(2, 0) < plan.per_gpu(1, 0) + 4 * plan.largest_block_bytes
    assert "| 8 |" in plan.table(80)
