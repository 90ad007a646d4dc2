"""The demo without ComfyUI: the same parts through diffusers' FLUX."""

import tempfile
from pathlib import Path

import torch
from face_fixtures import draw_face, grey_picture, write_arcface, write_detector
from harness import tiny_models

from infu_core.checkpoints.load import load_network, load_projector
from infu_core.faces.arcface import load_arcface
from infu_core.faces.face_detector import FaceDetector
from infu_core.faces.face_encoder import FaceEncoder
from infu_core.hosts.diffusers_flux import Prompt, denoise
from infu_core.identity.encode import encode_identity
from infu_core.injection.injector import InjectionRun, InjectionSettings
from infu_core.injection.regions import Person
from infu_core.injection.strength_schedule import StrengthSchedule

HEIGHT, WIDTH, STEPS = 384, 256, 8


def draw(_):
    """Returns two PIL pictures, with the identity and without."""
    torch.manual_seed(0)
    with tempfile.TemporaryDirectory() as folder:
        names = tiny_models.write_models(Path(folder))
        weights = Path(folder) / "models" / "infinite_you"
        network = load_network(weights / names.infusenet, torch.float32).eval()
        projector = load_projector(weights / names.projector, torch.float32).eval()
        identity = encode_photo(Path(folder))
    with torch.inference_mode():
        tokens = projector(identity.vectors[None])[0]
    print(f"photo -> identity of {identity.vectors.shape[1]} numbers -> {tokens.shape[0]} tokens")
    vae = tiny_vae()
    black = encode_black(vae)
    transformer = tiny_transformer()
    prompt = Prompt(torch.randn(1, 12, tiny_models.CONTEXT), torch.randn(1, tiny_models.POOLED))
    noise = torch.randn(1, 16, HEIGHT // 8, WIDTH // 8)
    sigmas = torch.linspace(1, 0, STEPS + 1).tolist()
    pictures = []
    for strength in (1.0, 0.0):
        settings = InjectionSettings(StrengthSchedule(strength))
        run = InjectionRun(settings, [Person(tokens)], lambda person, height, width: black, torch.float32)
        latent = denoise(transformer, noise, sigmas, prompt, network, run)
        pictures.append(decode(vae, latent))
        print(f"strength {strength:g}: {run.report.computed} InfuseNet runs in {STEPS} steps")
    return pictures


def encode_photo(folder: Path):
    detector = FaceDetector(write_detector(folder / "detector.onnx"))
    recognise = load_arcface(write_arcface(folder / "arcface.pth"))
    photo = grey_picture(512, 512)
    draw_face(photo, (256, 256), 160)
    return encode_identity(FaceEncoder(detector, recognise, "random ArcFace"), [photo]).identity


def tiny_transformer():
    from diffusers import FluxTransformer2DModel

    return FluxTransformer2DModel(
        num_layers=5, num_single_layers=7, attention_head_dim=tiny_models.HEAD, num_attention_heads=2,
        joint_attention_dim=tiny_models.CONTEXT, pooled_projection_dim=tiny_models.POOLED, guidance_embeds=True,
    ).eval()  # fmt: skip


def tiny_vae():
    from diffusers import AutoencoderTiny

    ours = {}
    for name, value in tiny_models.taesd().items():
        if name.startswith("taesd_"):
            part, index, rest = name.removeprefix("taesd_").split(".", 2)
            ours[f"{part}.layers.{int(index) - (part == 'decoder')}.{rest}"] = value
    vae = AutoencoderTiny(latent_channels=16)
    vae.load_state_dict(ours)
    return vae.eval()


@torch.inference_mode()
def encode_black(vae):
    return vae.encode(torch.full((1, 3, HEIGHT, WIDTH), -1.0)).latents


@torch.inference_mode()
def decode(vae, latent):
    from PIL import Image

    pixels = (vae.decode(latent).sample[0].permute(1, 2, 0) / 2 + 0.5).clamp(0, 1)
    return Image.fromarray((pixels * 255).byte().numpy())
