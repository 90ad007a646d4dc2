"""The miniature's files in real ComfyUI: exported by the training code, opened by stock classes, run to a picture.

The weights here are random and tiny; what the trained ones can do is measured in tests/behaviour.
"""

from pathlib import Path

import numpy as np
import pytest
import torch

from miniature.edition import SECOND
from miniature.networks.text_encoder import LENGTH

pytest.importorskip("cv2")
pytest.importorskip("onnx")


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    from miniature.files import MiniatureFiles
    from miniature.networks.recogniser import Recogniser
    from workshop.miniature.networks.attributes import AttributeClassifier
    from workshop.miniature.networks.detector import Detector
    from workshop.miniature.networks.eyes import EyeClassifier
    from workshop.miniature.networks.judge import Judge
    from workshop.miniature.training.export import export
    from workshop.miniature.training.workshop import Workshop

    folder = tmp_path_factory.mktemp("miniature")
    config = Path(__file__).parents[2] / "workshop" / "miniature" / "configs" / "smoke.toml"
    workshop = Workshop.open(config, folder, "cpu")
    torch.manual_seed(5)
    made = {
        "flux": workshop.flux(),
        "vae": workshop.autoencoder(),
        "text": workshop.text(),
        "recogniser": Recogniser(),
        "detector": Detector(),
        "judge": Judge(),
        "attributes": AttributeClassifier(),
        "eyes": EyeClassifier(),
        "stage2-infusenet": workshop.infusenet(),
        "stage2-projector": workshop.projector(),
    }
    for parameter in (*made["flux"].parameters(), made["stage2-projector"].latents):
        torch.nn.init.normal_(parameter, std=0.08)  # a fresh one is silent
    last = made["vae"].taesd_decoder[-1]
    torch.nn.init.constant_(last.bias, 0.5)  # grey, so that clipping does not hide what is compared
    for name, module in made.items():
        workshop.keep(name, module)
    size = export(workshop, folder / "shipped", folder / "judges")
    assert size < 20e6
    return MiniatureFiles(folder / "shipped")


@pytest.fixture
def nodes(comfyui, exported, monkeypatch):
    module = comfyui.module("nodes.miniature_nodes")
    files = comfyui.module("miniature.files").MiniatureFiles(exported.folder)
    monkeypatch.setattr(module, "MiniatureFiles", lambda: files)
    module.text_side.cache_clear()
    yield module
    module.text_side.cache_clear()


def test_a_prompt_becomes_conditioning_and_tells_what_it_does_not_know(nodes):
    conditioning, unknown = nodes.InfuMiniaturePrompt.execute("a photo of an old man with Tentacles", 3.0).result
    other, nothing = nodes.InfuMiniaturePrompt.execute("a photo of an old man", 3.0).result
    (context, told), (other_context, _) = conditioning[0], other[0]
    assert context.shape == (1, SECOND.places[0], 64) and told["pooled_output"].shape == (1, 64)
    assert told["guidance"] == 3.0
    assert unknown == "tentacles" and nothing == ""
    assert not torch.equal(context, other_context)  # "with" is a word that it knows


def test_the_prompt_node_says_what_it_read(nodes):
    understood = nodes.InfuMiniaturePrompt.execute("A photo of a man, smiling", 3.0).ui.as_dict()["text"][0]
    assert understood == "Understood: a photo of a man, smiling"
    told = nodes.InfuMiniaturePrompt.execute("a robot with tentacles", 3.0).ui.as_dict()["text"][0]
    assert "left out: robot, tentacles" in told and "watercolour" in told


def test_a_prompt_that_is_too_long_is_not_cut_silently(nodes):
    for most, text in zip(SECOND.places, ("a " * 30 + "man with ", "a " * 34 + "man and a woman with "), strict=True):
        conditioning, _ = nodes.InfuMiniaturePrompt.execute(text + "tentacle", 3.0).result
        assert conditioning[0][0].shape[1] == most
        many = text + "a " * (most + 2 - len(text.split()))
        with pytest.raises(ValueError, match=f"{most + 2} words.*{most} at most; take 2 out"):
            nodes.InfuMiniaturePrompt.execute(many, 3.0)


def test_drawn_faces_are_people_by_number(comfyui, nodes):
    from miniature.faces.scene import STYLES

    def draw(**widgets):
        return comfyui.call("InfuMiniatureFace", **widgets)[0]

    face = draw(person=3, style="photo", picture=0)
    assert face.shape == (1, 128, 128, 3) and 0 <= face.min() and face.max() <= 1
    assert torch.equal(face, draw(person=3, style="photo", picture=0))
    for other in ({"person": 4}, {"style": "oil"}, {"picture": 1}):
        assert not torch.equal(face, draw(**{"person": 3, "style": "photo", "picture": 0, **other}))
    assert tuple(nodes.STYLES) == STYLES


def test_the_detector_counts_its_scores_from_where_drawn_faces_begin(comfyui, exported):
    """On the file itself: the same places, those below `even` left out, `even` told as 0.5."""
    calibrated = comfyui.module("infu_core.faces.calibrated_detector")
    picture = np.random.default_rng(0).integers(0, 255, (160, 160, 3), dtype=np.uint8)
    plain, _ = comfyui.module("infu_core.faces.face_detector").FaceDetector(exported.detector).find(picture, 160, 0.05)
    assert len(plain) > 3
    even = float(sorted(plain[:, 4])[1])
    found, points = calibrated.CalibratedDetector(exported.detector, even).find(picture, 160, 0.5)
    assert len(found) == len(points) == (plain[:, 4] >= even).sum()
    assert found[:, 4] == pytest.approx(calibrated.calibrated(plain[: len(found), 4], even), abs=1e-5)
    assert found[-1, 4] == pytest.approx(0.5, abs=1e-4)


def test_the_report_says_what_the_encoder_knows(comfyui, nodes):
    encoder = nodes.InfuLoadMiniature.execute().result[3]
    encode = comfyui.module("infu_core.identity.encode").encode_identity
    choice = comfyui.module("infu_core.identity.face_choice").FaceChoice
    by_hand = comfyui.module("infu_core.faces.key_points_text").read_faces
    drawn = comfyui.module("miniature.faces.stranger").draw_stranger(1)
    faces = tuple(by_hand("0.35,0.4 0.6,0.4 0.5,0.55 0.4,0.7 0.6,0.7", drawn.shape[:2]))
    report = encode(encoder, [drawn], choice(by_hand=faces)).report
    assert report.endswith(f"Note: {nodes.ONLY_DRAWN}.")


def test_a_photo_without_a_drawn_face_is_refused_in_the_miniature_s_own_words(comfyui, nodes):
    encoder = nodes.InfuLoadMiniature.execute().result[3]
    encode = comfyui.module("infu_core.identity.encode").encode_identity
    choice = comfyui.module("infu_core.identity.face_choice").FaceChoice(threshold=0.95)
    photo = torch.randint(0, 255, (96, 96, 3), dtype=torch.uint8).numpy()
    with pytest.raises(ValueError, match="No face was found.*drawn faces only.*Drawn Face"):
        encode(encoder, [photo], choice)


def test_the_set_runs_from_words_to_a_picture_and_the_identity_matters(comfyui, nodes):
    with torch.inference_mode():  # as a server runs every node
        model, vae, infusenet, encoder = nodes.InfuLoadMiniature.execute().result
    conditioning, _ = nodes.InfuMiniaturePrompt.execute("a photo of a man", 3.0).result
    generator = torch.Generator().manual_seed(2)
    Identity = comfyui.module("infu_core.identity.identity").Identity

    def picture(applied):
        latent = {"samples": torch.zeros(1, 16, 8, 8)}
        sampled = comfyui.call(
            "KSampler",
            model=applied,
            seed=3,
            steps=2,
            cfg=1.0,
            sampler_name="euler",
            scheduler="simple",
            positive=conditioning,
            negative=conditioning,
            latent_image=latent,
            denoise=1.0,
        )[0]
        return comfyui.call("VAEDecode", samples=sampled, vae=vae)[0]

    def with_person():
        vector = torch.nn.functional.normalize(torch.randn(1, 512, generator=generator), dim=1)
        identity = Identity(vector, recogniser="miniature")
        return comfyui.call("ApplyInfuseNet", model=model, infusenet=infusenet, identity=identity, vae=vae)[0]

    bare, one, other = picture(model), picture(with_person()), picture(with_person())
    assert bare.shape == (1, 64, 64, 3) and torch.isfinite(bare).all()
    assert not torch.equal(bare, one) and not torch.equal(one, other)


def test_the_face_encoder_has_the_contracts(nodes):
    _, _, _, encoder = nodes.InfuLoadMiniature.execute().result
    crops = torch.randint(0, 255, (2, 112, 112, 3), dtype=torch.uint8).numpy()
    vectors = encoder.embed(crops)
    assert vectors.shape == (2, 512) and encoder.recogniser == "miniature"
    encoder.detect(crops[0], 0.99)  # a network without training finds what it finds


def test_missing_files_are_named(comfyui, exported, tmp_path):
    files = comfyui.module("miniature.files").MiniatureFiles(tmp_path)
    with pytest.raises(ValueError, match="flux.safetensors.*make miniature"):
        files.require()


def test_stock_flux_and_vae_compute_what_was_trained(nodes, exported):
    """The training's own modules and ComfyUI's, on the same files."""
    from safetensors.torch import load_file

    from infu_core.networks.latent_tokens import pack, token_grid, token_positions, unpack
    from workshop.miniature.measuring.networks import load_flux
    from workshop.miniature.networks.autoencoder import Autoencoder

    with torch.inference_mode():  # as a server runs every node
        model, vae, _, _ = nodes.InfuLoadMiniature.execute().result
    ours = load_flux(exported.flux)
    generator = torch.Generator().manual_seed(4)
    latent = torch.randn(2, 16, 8, 8, generator=generator)
    context, pooled = torch.randn(2, LENGTH, 64, generator=generator), torch.randn(2, 64, generator=generator)
    time, guidance = torch.tensor([0.3, 0.8]), torch.full((2,), 3.0)
    theirs = model.model.diffusion_model.float()
    with torch.inference_mode():
        positions = token_positions(*token_grid(8, 8))
        expected = unpack(ours(pack(latent), context, pooled, time, guidance, positions), 8, 8)
        made = theirs(latent, time, context, pooled, guidance)
    assert float((made - expected).norm() / expected.norm()) < 2e-4

    trained = Autoencoder()
    trained.load_state_dict({name: value.float() for name, value in load_file(exported.vae).items()})
    with torch.inference_mode():
        expected = trained.decode((latent - trained.vae_shift) * trained.vae_scale)
        decoded = vae.decode(latent).permute(0, 3, 1, 2)
    # ComfyUI clips to 0..1; what lies inside must agree.
    inside = (expected > 0.02) & (expected < 0.98)
    assert inside.float().mean() > 0.1
    assert float((decoded - expected)[inside].abs().max()) < 5e-3
