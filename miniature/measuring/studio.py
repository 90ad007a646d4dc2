"""Pictures of held-out people through the pack's own injector, and what the judges say of them.

Legend for shapes: `B` pictures, `S` pixels of a side, `J` judge's vector.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from infu_core.faces.face_alignment import align_face
from infu_core.hosts.diffusers_flux import Prompt, denoise
from infu_core.injection.injector import InjectionRun, InjectionSettings
from infu_core.injection.regions import Person as PlacedPerson
from infu_core.residuals import Residuals

from ..faces.captions import caption
from ..faces.person import person
from ..faces.render import render
from ..faces.scene import STYLES, Scene, scene
from ..networks.attributes import ATTRIBUTES, AttributeClassifier, labels
from ..networks.detector import Detector
from ..networks.flux import Flux
from ..networks.text_encoder import Words
from ..training.made_pairs import find_faces
from ..training.objectives import to_floats
from ..training.renders import HELD_OUT
from ..training.sampling import sigmas
from ..training.workshop import Workshop

FACE_SCORE = 0.5


class AsDiffusers:
    """The miniature's base with the face of diffusers' FLUX, so that the pack's own denoising loop drives it."""

    class config:  # noqa: N801 - diffusers' own name
        guidance_embeds = True

    def __init__(self, flux: Flux):
        self.flux = flux
        self.transformer_blocks, self.single_transformer_blocks = flux.double_blocks, flux.single_blocks

    def __call__(
        self,
        hidden_states,
        timestep,
        guidance,
        pooled_projections,
        encoder_hidden_states,
        controlnet_block_samples,
        controlnet_single_block_samples,
        txt_ids,
        img_ids,
        return_dict,
    ):
        residuals = None
        if controlnet_block_samples or controlnet_single_block_samples:
            residuals = Residuals(tuple(controlnet_block_samples or ()), tuple(controlnet_single_block_samples or ()))
        context = (encoder_hidden_states, pooled_projections)
        return (self.flux(hidden_states, *context, timestep, guidance, img_ids, residuals),)


@dataclass(frozen=True, eq=False)
class Subject:
    """A held-out person: the vector [512] that the model gets, the judge's vector [J] of other photos of them."""

    number: int
    vector: Tensor
    judged: Tensor
    photo: np.ndarray


@dataclass(frozen=True, eq=False)
class Verdict:
    """What the judges say: likeness of each picture [B] (not a number where no face is), attributes right or wrong."""

    likeness: Tensor
    right: dict[str, Tensor]  # attribute -> [those pictures where it can be told]

    def accuracy(self, attribute: str) -> float:
        return float(self.right[attribute].float().mean()) if len(self.right[attribute]) else float("nan")


class Studio:
    """The trained networks of a workshop. `stage`: which InfuseNet. `steps` of Euler, `guidance` of the base."""

    def __init__(self, workshop: Workshop, stage: str = "stage2", steps: int = 20, guidance: float = 3.0):
        self.workshop, self.steps, self.guidance = workshop, steps, guidance
        self.device = workshop.device
        self.size = workshop.config["renders"]["size"]
        self.flux = workshop.trained("flux", workshop.flux())
        self.text = workshop.trained("text", workshop.text())
        self.infusenet = workshop.trained(f"{stage}-infusenet", workshop.infusenet())
        self.projector = workshop.trained(f"{stage}-projector", workshop.projector())
        self.words = Words()

    @cached_property
    def detector(self) -> Detector:
        return self.workshop.trained("detector", Detector())

    @cached_property
    def classifier(self) -> AttributeClassifier:
        return self.workshop.trained("attributes", AttributeClassifier())

    def subject(self, index: int, photos: int = 4) -> Subject:
        """Held-out person number `index`: photo 0 conditions, the others judge."""
        who = person(HELD_OUT + index)
        made = [render(scene(77_000 + 50 * index + shot, (who,), "photo"), self.size) for shot in range(photos)]
        crops = np.stack([align_face(shot.image, shot.key_points[0]) for shot in made])
        vector = self.workshop.vectors_of(torch.from_numpy(crops[:1]))[0]
        judged = self.workshop.vectors_of(torch.from_numpy(crops[1:]), "judge").mean(0)
        return Subject(index, vector, judged / judged.norm(), made[0].image)

    def scenes(self, index: int, count: int) -> list[Scene]:
        """Pictures to ask for, of the person as they usually look: every style in turn."""
        who = person(HELD_OUT + index)
        return [scene(55_000 + 100 * index + shot, (who,), STYLES[shot % 4], restyle=0.5) for shot in range(count)]

    def prompt(self, texts: Sequence[str]) -> Prompt:
        with torch.no_grad():
            context, pooled = self.text(torch.tensor([self.words.indices(text) for text in texts]).to(self.device))
        return Prompt(context, pooled)

    def person(self, vector: Tensor, mask: Tensor | None = None, strength: float = 1.0) -> PlacedPerson:
        """`vector` [512], or [K, 512] for a stack: tokens side by side."""
        with torch.no_grad():
            tokens = self.projector(vector.reshape(-1, 1, vector.shape[-1]).to(self.device)).flatten(0, 1)
        return PlacedPerson(tokens, mask, strength)

    def pictures(
        self,
        texts: Sequence[str],
        seed: int,
        people: Sequence[PlacedPerson] = (),
        settings: InjectionSettings | None = None,
        reuse: str = "exact",
        control: Tensor | None = None,
    ) -> tuple[Tensor, InjectionRun | None]:
        """uint8 [B, S, S, 3], the same noise for the same seed, and the run that says what was computed."""
        generator = torch.Generator().manual_seed(seed)
        noise = torch.randn(len(texts), 16, self.size // 8, self.size // 8, generator=generator).to(self.device)
        control = self.workshop.black if control is None else control
        run = None
        if people:
            settings = settings or InjectionSettings()
            run = InjectionRun(settings, people, lambda *_: control, torch.float32, reuse, self.steps)
        latents = denoise(
            AsDiffusers(self.flux), noise, sigmas(self.steps), self.prompt(texts), self.infusenet, run, self.guidance
        )
        return self.workshop.pictures_of(latents), run

    @torch.no_grad()
    def judge(self, pictures: Tensor, judged: Tensor) -> Tensor:
        """Likeness of each picture's face to the judge's vector [J], [B]; not a number where no face is found."""
        scores, points = find_faces(self.detector, pictures)
        shots = zip(pictures.cpu().numpy(), points.cpu().numpy(), strict=True)
        crops = torch.from_numpy(np.stack([align_face(picture, point.reshape(5, 2)) for picture, point in shots]))
        likeness = self.workshop.vectors_of(crops, "judge") @ judged
        return torch.where(scores > FACE_SCORE, likeness, torch.nan).cpu()

    @torch.no_grad()
    def verdict(self, pictures: Tensor, scenes: Sequence[Scene], judged: Tensor) -> Verdict:
        logits = self.classifier(to_floats(pictures.to(self.device)))
        wanted = torch.tensor([labels(drawn) for drawn in scenes])
        right = {}
        for index, name in enumerate(ATTRIBUTES):
            told = wanted[:, index] >= 0
            right[name] = logits[name].argmax(1).cpu()[told] == wanted[told, index]
        return Verdict(self.judge(pictures, judged), right)

    def half(self, pictures: Tensor, right: bool) -> Tensor:
        """The left or the right half on a black square of the same size."""
        middle = self.size // 2
        part = pictures[:, :, middle:] if right else pictures[:, :, :middle]
        return torch.nn.functional.pad(part, (0, 0, 0, self.size - middle))


def captions_of(scenes: Sequence[Scene]) -> list[str]:
    """One full wording for each scene."""
    return [caption(drawn, 0, keep=1.0) for drawn in scenes]
