"""Stage 2's raw data, made by the stage-1 model: pictures of known people, with the photo they came from.

InfiniteYou section 3.4 (single person, multiple samples). What is made here is only a listing; `preparation` keeps
the pictures in which one face is found and is like its reference. Realism LoRAs go into the painter's transformer.
"""

import json
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from ..hosts.diffusers_flux import Prompt, denoise
from ..identity.identity import RECOGNISER
from ..injection.injector import InjectionRun, InjectionSettings
from ..injection.regions import Person
from ..networks.identity_projector import IdentityProjector
from ..networks.infusenet import InfuseNet
from .flux_encoders import decode
from .preparation import Encoders, Rules, Unusable, only_face, read_picture


class Painter(Protocol):
    """Makes a picture of an identity: vector [512], prompt, seed -> uint8 RGB [H, W, 3]."""

    def __call__(self, vector: Tensor, caption: str, seed: int) -> np.ndarray: ...


def write_pairs(
    photos: Iterable[Path],
    captions: Sequence[str],
    painter: Painter,
    encoders: Encoders,
    rules: Rules,
    folder: Path,
    per_photo: int = 4,
    seed: int = 0,
) -> tuple[int, dict[str, str]]:
    """Paint `per_photo` pictures of each photo's person, with captions drawn at random, into `folder`.

    Photos must differ in their file names. Writes `listing.jsonl` for `preparation.prepare`, line by line, and goes
    on where an earlier call stopped. Returns how many pictures the listing has, and why photos were left out.
    """
    import cv2

    folder.mkdir(parents=True, exist_ok=True)
    listing = folder / "listing.jsonl"
    done = {json.loads(line)["picture"] for line in listing.read_text().splitlines()} if listing.exists() else set()
    left_out: dict[str, str] = {}
    with open(listing, "a", encoding="utf-8") as file:
        for photo in photos:
            names = [f"{photo.stem}-{shot}.png" for shot in range(per_photo)]
            if done.issuperset(names):
                continue
            try:
                picture = read_picture(photo)
                vector = encoders.vector(picture, only_face(encoders, picture, rules))
            except Unusable as reason:
                left_out[str(photo)] = str(reason)
                continue
            for shot, name in enumerate(names):
                if name in done:
                    continue
                chance = random.Random(f"{seed}/{name}")
                caption = chance.choice(captions)
                made = painter(vector, caption, chance.randrange(2**31))
                cv2.imwrite(str(folder / name), made[..., ::-1])
                line = {"picture": name, "caption": caption, "reference": str(photo.resolve()), "shot": shot}
                file.write(json.dumps(line) + "\n")
                file.flush()
                done.add(name)
    return len(done), left_out


@dataclass
class FluxPainter:
    """FLUX in diffusers with a stage-1 InfuseNet, through the pack's own injector. `pipeline`: a FluxPipeline."""

    pipeline: object
    infusenet: InfuseNet
    projector: IdentityProjector
    encoders: Encoders
    height: int = 1152
    width: int = 864
    steps: int = 30
    guidance: float = 3.5
    strength: float = 1.0
    recogniser: str = RECOGNISER

    @torch.no_grad()
    def __call__(self, vector: Tensor, caption: str, seed: int) -> np.ndarray:
        transformer = self.pipeline.transformer  # type: ignore[attr-defined]
        device, dtype = transformer.device, transformer.dtype
        context, pooled = (value[None].to(device, dtype) for value in self.encoders.text(caption))
        black = self.encoders.latents(np.zeros((self.height, self.width, 3), np.uint8))[None].to(device, dtype)
        tokens = self.projector(vector[None, None].to(device, next(self.projector.parameters()).dtype))[0]
        run = InjectionRun(InjectionSettings(), [Person(tokens, None, self.strength)], lambda *_: black, dtype)
        generator = torch.Generator().manual_seed(seed)
        noise = torch.randn(black.shape, generator=generator).to(device, dtype)
        prompt = Prompt(context, pooled)
        latent = denoise(transformer, noise, self.sigmas(), prompt, self.infusenet, run, self.guidance)
        return decode(self.pipeline.vae, latent)[0]  # type: ignore[attr-defined]

    def sigmas(self) -> list[float]:
        """The published schedule: even steps, moved by the size of the picture."""
        from diffusers.pipelines.flux.pipeline_flux import calculate_shift

        scheduler = self.pipeline.scheduler  # type: ignore[attr-defined]
        settings = scheduler.config
        shift = calculate_shift(
            self.height * self.width // 256,
            settings.base_image_seq_len,
            settings.max_image_seq_len,
            settings.base_shift,
            settings.max_shift,
        )
        even = np.linspace(1.0, 1 / self.steps, self.steps)
        scheduler.set_timesteps(sigmas=even, mu=shift)
        return [float(value) for value in scheduler.sigmas]
