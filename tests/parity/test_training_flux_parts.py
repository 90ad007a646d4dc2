"""FLUX's own parts in training: the VAE's scale, gradients through the frozen base, painting stage 2's pairs."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
import torch

diffusers = pytest.importorskip("diffusers")

from diffusers.pipelines.flux.pipeline_flux import calculate_shift  # noqa: E402
from harness.tiny_flux_folder import CONTEXT, POOLED, tiny_transformer, tiny_vae  # noqa: E402

from infu_core.faces.face import face_from  # noqa: E402
from infu_core.hosts.diffusers_flux import Prompt, denoise  # noqa: E402
from infu_core.injection.injection_settings import InjectionSettings  # noqa: E402
from infu_core.injection.injector import InjectionRun  # noqa: E402
from infu_core.injection.region_layout import Person  # noqa: E402
from infu_core.networks.identity_projector import IdentityProjector, IdentityProjectorConfig  # noqa: E402
from infu_core.networks.infusenet import InfuseNet, InfuseNetConfig  # noqa: E402
from infu_core.training.data.aspect_buckets import Bucket  # noqa: E402
from infu_core.training.data.made_pairs import FluxPainter, write_pairs  # noqa: E402
from infu_core.training.data.preparation import Rules  # noqa: E402
from infu_core.training.flow_matching import draw  # noqa: E402
from infu_core.training.flux_dev.decoded_faces import DecodedFaces  # noqa: E402
from infu_core.training.flux_dev.flux_base import DiffusersBase  # noqa: E402
from infu_core.training.flux_dev.flux_encoders import FluxEncoders  # noqa: E402
from infu_core.training.flux_dev.flux_eyes import FluxEyes  # noqa: E402
from infu_core.training.flux_dev.sampling import flux_shift, sample, sigmas  # noqa: E402
from infu_core.training.identity_objective import IdentityObjective, begin_projector, save_memory  # noqa: E402


@pytest.fixture(scope="module")
def pipeline():
    torch.manual_seed(0)
    vae, transformer = tiny_vae().eval(), tiny_transformer()
    scheduler = diffusers.FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True)

    def encode_prompt(caption, other, max_sequence_length):
        generator = torch.Generator().manual_seed(len(caption))
        context = torch.randn(1, max_sequence_length, CONTEXT, generator=generator)
        return context, torch.randn(1, POOLED, generator=generator), torch.zeros(max_sequence_length, 3)

    return SimpleNamespace(vae=vae, transformer=transformer, scheduler=scheduler, encode_prompt=encode_prompt)


def networks():
    torch.manual_seed(1)
    infusenet = InfuseNet(InfuseNetConfig(128, 1, 1, 1, CONTEXT, POOLED, True))
    projector = IdentityProjector(IdentityProjectorConfig(4, 32, 1, 1, 64, 512, CONTEXT))
    begin_projector(projector)
    return infusenet, projector


class OneFace:
    """A face encoder that finds one face wherever a picture is not black."""

    def detect(self, picture):
        points = np.array([(20, 20), (40, 20), (30, 30), (22, 40), (38, 40)], float)
        return [face_from((10, 8, 50, 52), points, 0.9, "64")] if picture.max() > 0 else []

    def crop(self, picture, face):
        return picture[:112, :112]

    def embed(self, crops):
        return torch.nn.functional.normalize(torch.ones(len(crops), 512), dim=1)


def test_latents_are_shifted_and_scaled_as_flux_expects(pipeline):
    encoders = FluxEncoders(pipeline, OneFace(), 5)
    picture = np.random.default_rng(0).integers(0, 255, (64, 48, 3), np.uint8)
    made = encoders.latents(picture)
    pixels = torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 127.5 - 1
    with torch.no_grad():
        expected = (pipeline.vae.encode(pixels).latent_dist.mode()[0] - 0.1159) * 0.3611
    assert made.shape == (16, 8, 6)
    assert torch.allclose(made, expected, atol=1e-6)


def test_an_identity_loss_sees_faces_through_the_vae(pipeline, tmp_path, monkeypatch):
    """A real AutoencoderKL from a folder: a window is seen as in the whole picture, and a gradient comes back."""
    from infu_core.training.flux_dev import decoded_faces

    colours = torch.nn.Sequential(torch.nn.AvgPool2d(28), torch.nn.Flatten()).eval()
    monkeypatch.setattr(decoded_faces, "load_arcface", lambda path: colours)
    pipeline.vae.save_pretrained(tmp_path)
    faces = DecodedFaces.open(tmp_path, tmp_path / "any.pth", "cpu")
    points = torch.tensor([[(40.0, 40), (80, 44), (58, 62), (42, 84), (76, 88)]])
    latents = torch.randn(1, 16, 24, 20, generator=torch.Generator().manual_seed(0), requires_grad=True)
    vectors = faces(latents, points)
    whole = faces.look(latents, points)
    assert float((vectors * whole).detach().sum()) > 0.97 and torch.allclose(vectors.norm(), torch.ones(()))
    (gradient,) = torch.autograd.grad(vectors[0, 0], latents)
    assert gradient.abs().sum() > 0 and torch.isfinite(gradient).all()
    assert all(weight.grad is None for weight in faces.vae.parameters())
    with pytest.raises(ValueError, match="identity_loss.vae"):
        DecodedFaces.open(tmp_path / "none", tmp_path, "cpu")


@pytest.mark.parametrize("less_memory", [False, True])
def test_gradients_pass_through_the_frozen_base(pipeline, less_memory):
    """With and without gradient checkpointing, to the same numbers."""

    def gradients(checkpointed):
        infusenet, projector = networks()
        if checkpointed:
            assert save_memory(infusenet, (type(infusenet.double_blocks[0]), type(infusenet.single_blocks[0]))) == 2
        base = DiffusersBase(pipeline.transformer, less_memory=checkpointed)
        objective = IdentityObjective(base, infusenet, projector)
        draws = draw(0, 0, range(2), (16, 6, 8))
        generator = torch.Generator().manual_seed(3)
        objective(
            latents=torch.randn(2, 16, 6, 8, generator=generator),
            control=torch.zeros(2, 16, 6, 8),
            vectors=torch.nn.functional.normalize(torch.randn(2, 512, generator=generator), dim=1),
            context=torch.randn(2, 5, CONTEXT, generator=generator),
            pooled=torch.randn(2, POOLED, generator=generator),
            noise=draws.noise,
            time=draws.time,
        ).mean().backward()
        return {name: weight.grad for name, weight in objective.named_parameters()}

    found, plain = gradients(less_memory), gradients(False)
    assert all(weight.grad is None for weight in pipeline.transformer.parameters())
    # the last block's context is used by nothing, so its weights learn nothing
    learning = [name for name, gradient in found.items() if gradient is not None and gradient.abs().max() > 0]
    assert "projector.latents" in learning and "infusenet.control_in.bias" in learning
    for name in learning:
        assert torch.allclose(found[name], plain[name], atol=1e-6), name


def watched_batch(shape=(2, 16, 8, 6)):
    generator = torch.Generator().manual_seed(7)
    return {
        "latents": torch.randn(shape, generator=generator),
        "control": torch.zeros(shape),
        "vectors": torch.nn.functional.normalize(torch.randn(shape[0], 512, generator=generator), dim=1),
        "context": torch.randn(shape[0], 5, CONTEXT, generator=generator),
        "pooled": torch.randn(shape[0], POOLED, generator=generator),
    }


def test_sheets_are_sampled_as_the_diffusers_host_samples(pipeline):
    """Row by row, each with its own person; the schedule is FLUX's own."""
    infusenet, projector = networks()
    batch, times = watched_batch(), sigmas(4, flux_shift(12))
    shift = calculate_shift(12, 256, 4096, 0.5, 1.15)
    pipeline.scheduler.set_timesteps(sigmas=np.linspace(1.0, 1 / 4, 4), mu=shift)
    assert times == pytest.approx([float(value) for value in pipeline.scheduler.sigmas], abs=1e-6)
    noise = draw(0, 0, range(2), (16, 8, 6)).noise
    base = DiffusersBase(pipeline.transformer, 3.5)
    made = sample(base, IdentityObjective(base, infusenet, projector), batch, noise, times)
    bare = sample(base, None, batch, noise, times)
    for row in range(2):
        one = slice(row, row + 1)
        prompt = Prompt(batch["context"][one], batch["pooled"][one])
        tokens = projector(batch["vectors"][one, None])[0].detach()
        control = batch["control"][one]
        run = InjectionRun(InjectionSettings(), [Person(tokens, None, 1.0)], lambda *_, c=control: c, torch.float32)
        expected = denoise(pipeline.transformer, noise[one], times, prompt, infusenet, run, 3.5)
        assert torch.allclose(made[one], expected, atol=1e-4)
        assert torch.allclose(bare[one], denoise(pipeline.transformer, noise[one], times, prompt), atol=1e-4)
    assert not torch.allclose(made, bare, atol=1e-3)


def test_eyes_open_a_vae_and_find_the_face_that_is_there(pipeline, tmp_path):
    pipeline.vae.save_pretrained(tmp_path / "vae")
    with pytest.raises(ValueError, match="watch.vae"):
        FluxEyes.open(tmp_path, tmp_path / "none", tmp_path / "none", "cpu")
    eyes = FluxEyes(pipeline.vae, OneFace())
    pictures = eyes.pictures(watched_batch()["latents"])
    assert pictures.shape == (2, 64, 48, 3) and pictures.dtype == np.uint8
    ones = torch.nn.functional.normalize(torch.ones(2, 512), dim=1)
    assert eyes.likeness(pictures, ones) == pytest.approx([1.0, 1.0])
    assert eyes.likeness(np.zeros_like(pictures), ones) == [0.0, 0.0]


def test_stage_two_pictures_are_painted_listed_and_not_painted_twice(pipeline, tmp_path):
    import cv2

    for name, level in (("ann.png", 200), ("nobody.png", 0)):
        cv2.imwrite(str(tmp_path / name), np.full((64, 64, 3), level, np.uint8))
    encoders = FluxEncoders(pipeline, OneFace(), 5)
    painter = FluxPainter(pipeline, *networks(), encoders, (Bucket(64, 48),), steps=2)
    rules = Rules((Bucket(64, 48),))
    photos = [tmp_path / "ann.png", tmp_path / "nobody.png"]
    count, left_out = write_pairs(photos, ["a face", "a drawing"], painter, encoders, rules, tmp_path / "made", 3)
    assert count == 3 and left_out == {str(photos[1]): "no face"}
    lines = [json.loads(line) for line in (tmp_path / "made" / "listing.jsonl").read_text().splitlines()]
    assert [line["picture"] for line in lines] == ["ann-0.png", "ann-1.png", "ann-2.png"]
    pictures = [cv2.imread(str(tmp_path / "made" / line["picture"])) for line in lines]
    assert all(picture.shape == (64, 48, 3) for picture in pictures)
    assert not np.array_equal(pictures[0], pictures[1])

    def never(*_):
        raise AssertionError("painted again")

    assert write_pairs(photos, ["a face"], never, encoders, rules, tmp_path / "made", 3)[0] == 3
