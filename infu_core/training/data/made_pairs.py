"""Stage 2's raw data, made by the stage-1 model: pictures of known people, with the photo they came from.

InfiniteYou section 3.4 (single person, multiple samples). What is made here is only a listing; `preparation` keeps
the pictures in which one face is found and is like its reference.
"""

import json
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from ...hosts.diffusers_flux import Prompt, denoise
from ...injection.injection_settings import InjectionSettings
from ...injection.injector import InjectionRun
from ...injection.region_layout import Person
from ...networks.identity_projector import IdentityProjector
from ...networks.infusenet import InfuseNet
from ..flux_dev.flux_encoders import FluxEncoders, decode
from ..flux_dev.release import load_release
from ..flux_dev.sampling import flux_shift, sigmas
from .aspect_buckets import GRID, Bucket
from .listing import Unusable, read_listing
from .preparation import Encoders, Rules, only_face, read_picture


class Painter(Protocol):
    """Makes a picture of an identity: vector [512], prompt, seed -> uint8 RGB [H, W, 3]."""

    def __call__(self, vector: Tensor, caption: str, seed: int) -> np.ndarray: ...


def write_pairs(
    photos: Sequence[Path],
    captions: Sequence[str],
    painter: Painter,
    encoders: Encoders,
    rules: Rules,
    folder: Path,
    per_photo: int = 4,
    seed: int = 0,
) -> tuple[int, dict[str, str]]:
    """Paint `per_photo` pictures of each photo's person, with captions drawn at random, into `folder`.

    Writes `listing.jsonl` for `preparation.prepare`, line by line, and goes on where an earlier call stopped. Returns
    how many pictures the listing has, and why photos were left out. Raises `ValueError` for photos of one name.
    """
    import cv2

    twice = [name for name, count in Counter(photo.stem for photo in photos).items() if count > 1]
    if twice:
        raise ValueError(f"{len(twice)} names are used by several photos, such as {twice[0]}; rename them.")

    folder.mkdir(parents=True, exist_ok=True)
    listing = folder / "listing.jsonl"
    done = {line.name for line in read_listing(listing)} if listing.exists() else set()
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
    """FLUX in diffusers with a stage-1 InfuseNet, through the pack's own injector. `shapes`: one is drawn by the seed.

    `pipeline`: a whole FluxPipeline; load LoRAs that make its pictures better before painting (InfiniteYou 3.4).
    """

    pipeline: Any
    infusenet: InfuseNet
    projector: IdentityProjector
    encoders: Encoders
    shapes: tuple[Bucket, ...] = (Bucket(1152, 864),)
    steps: int = 30
    guidance: float = 3.5
    strength: float = 1.0

    @classmethod
    def open(cls, encoders: FluxEncoders, weights: Path, **settings: Any) -> "FluxPainter":
        """`weights`: a released folder, used in the pipeline's type and on its device. `settings`: the other fields."""
        transformer = encoders.pipeline.transformer
        infusenet, projector = load_release(weights, transformer.dtype)
        device = transformer.device
        return cls(encoders.pipeline, infusenet.to(device), projector.to(device), encoders, **settings)

    @torch.no_grad()
    def __call__(self, vector: Tensor, caption: str, seed: int) -> np.ndarray:
        transformer = self.pipeline.transformer
        device, dtype = transformer.device, transformer.dtype
        shape = self.shapes[seed % len(self.shapes)]
        context, pooled = (value[None].to(device, dtype) for value in self.encoders.text(caption))
        black = self.encoders.latents(np.zeros((shape.height, shape.width, 3), np.uint8))[None].to(device, dtype)
        tokens = self.projector(vector[None, None].to(device, next(self.projector.parameters()).dtype))[0]
        run = InjectionRun(InjectionSettings(), [Person(tokens, None, self.strength)], lambda *_: black, dtype)
        noise = torch.randn(black.shape, generator=torch.Generator().manual_seed(seed)).to(device, dtype)
        times = sigmas(self.steps, flux_shift(shape.height * shape.width // GRID**2))
        prompt = Prompt(context, pooled)
        return decode(
            self.pipeline.vae, denoise(transformer, noise, times, prompt, self.infusenet, run, self.guidance)
        )[0]
