"""Pictures of held-out people through the pack's own injector, and what the judges say of them.

Legend for shapes: `B` pictures, `S` pixels of a side, `W` of a picture's width (S, or 2 S where two people have a
square each), `E` judge's vector.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from infu_core.faces.face_alignment import align_face
from infu_core.faces.face_encoder import to_recogniser_input
from infu_core.hosts.diffusers_flux import Prompt, denoise
from infu_core.identity.identity import Identity
from infu_core.injection.identity_guidance import IdentityGuidance
from infu_core.injection.injection_settings import InjectionSettings
from infu_core.injection.injector import InjectionRun
from infu_core.injection.region_layout import Person as PlacedPerson
from miniature.edition import edition_of
from miniature.faces.captions import caption
from miniature.faces.render import render
from miniature.faces.scene import PLACES, STYLES, Scene, scene
from miniature.faces.stranger import stranger
from miniature.files import RECOGNISER_NAME
from miniature.networks.text_encoder import Words

from ..networks.attributes import ATTRIBUTES, labels
from ..training.objectives import to_floats
from ..training.sampling import times
from .as_diffusers import AsDiffusers
from .networks import Networks

CROP, FACE_SCORE = 112, 0.5
GUIDANCE = 3.0
PHOTOS = 4
"""Photos of each person: the first conditions, the others judge."""


@dataclass(frozen=True, eq=False)
class Subject:
    """A held-out person: the identity that the model gets, the judge's vector [E] of other photos of them."""

    number: int
    identity: Identity
    judged: Tensor
    photo: np.ndarray


class Studio:
    """`size`: pixels of a side. `steps` of Euler, `guidance` of the base. `bf16`: draw under autocast, for speed."""

    def __init__(
        self,
        networks: Networks,
        size: int = 128,
        steps: int = 20,
        guidance: float = GUIDANCE,
        device: torch.device | str = "cpu",
        bf16: bool = False,
    ):
        self.networks, self.size, self.steps, self.guidance = networks, size, steps, guidance
        self.device, self.bf16 = torch.device(device), bf16
        self.words = Words(networks.text.word.num_embeddings)
        self.framing = edition_of(len(self.words)).framing

    # People and what is asked for.

    def subject(self, index: int) -> Subject:
        """Held-out person number `index`."""
        who = stranger(index)
        seeds = range(77_000 + 50 * index, 77_000 + 50 * index + PHOTOS)
        made = [render(scene(seed, (who,), "photo", framing=self.framing), self.size) for seed in seeds]
        crops = np.stack([align_face(shot.image, shot.key_points[0]) for shot in made])
        identity = Identity(self.vectors(self.networks.recogniser, crops[:1]), recogniser=RECOGNISER_NAME)
        judged = self.vectors(self.networks.judge, crops[1:]).mean(0)
        return Subject(index, identity, judged / judged.norm(), made[0].image)

    def scenes(self, index: int, count: int) -> list[Scene]:
        """Pictures to ask for, of the person in all sorts of hair and glasses: every style in turn."""
        who = stranger(index)
        near = {"restyle": 0.5, "framing": self.framing}
        return [scene(55_000 + 100 * index + shot, (who,), STYLES[shot % 4], **near) for shot in range(count)]

    def couple_scenes(self, a: Subject, b: Subject, count: int) -> list[Scene]:
        """Both as they usually look, the first on the left, before one colour: every style in turn."""
        people = (stranger(a.number), stranger(b.number))
        near = {"restyle": 0.0, "framing": self.framing}
        drawn = [scene(66_000 + 100 * a.number + shot, people, STYLES[shot % 4], **near) for shot in range(count)]
        return [replace(one, background="blue" if one.background in PLACES else one.background) for one in drawn]

    def renderings(self, scenes: Sequence[Scene]) -> Tensor:
        """What was asked for, drawn by the renderer: uint8 [B, S, W, 3]."""
        return torch.from_numpy(np.stack([render(drawn, self.size).image for drawn in scenes]))

    # The model.

    @torch.inference_mode()
    def prompt(self, texts: Sequence[str]) -> Prompt:
        length = max(self.words.length(text) for text in texts)
        words = torch.tensor([self.words.indices(text, length) for text in texts])
        return Prompt(*self.networks.text(words.to(self.device)))

    @torch.inference_mode()
    def person(self, identity: Identity, mask: Tensor | None = None, strength: float = 1.0) -> PlacedPerson:
        """Tokens of stacked vectors stand side by side, scaled by their relative weights, as in ComfyUI."""
        tokens = self.networks.projector(identity.vectors[:, None].to(self.device))  # [K, N, C]
        weights = torch.tensor(identity.weights, device=self.device) / max(identity.weights)
        return PlacedPerson((tokens * weights[:, None, None]).flatten(0, 1), mask, strength)

    @cached_property
    def black(self) -> Tensor:
        """The latents of a black picture, [1, 16, S / 8, S / 8]: the control where no pose is given."""
        return self.black_as_wide(self.size)

    def black_as_wide(self, width: int) -> Tensor:
        """The same, [1, 16, S / 8, width / 8]."""
        return self.latents_of(torch.zeros(1, self.size, width, 3, dtype=torch.uint8))

    @property
    def width_of_two(self) -> int:
        """Pixels of the width of a picture of two people."""
        return self.size * (2 if self.framing.wide else 1)

    def pictures(
        self,
        texts: Sequence[str],
        seed: int,
        people: Sequence[PlacedPerson] = (),
        settings: InjectionSettings | None = None,
        reuse: str = "exact",
        control: Tensor | None = None,
        guided: IdentityGuidance | None = None,
        width: int | None = None,
    ) -> tuple[Tensor, InjectionRun | None]:
        """uint8 [B, S, W, 3], the same noise for the same seed, and the run that says what was computed."""
        generator, width = torch.Generator().manual_seed(seed), width or self.size
        noise = torch.randn(len(texts), 16, self.size // 8, width // 8, generator=generator).to(self.device)
        if control is None:
            control = self.black if width == self.size else self.black_as_wide(width)
        run = None
        if people:
            settings = settings or InjectionSettings()
            run = InjectionRun(settings, people, lambda *_: control, torch.float32, reuse, self.steps)
        base = AsDiffusers(self.networks.flux, guided)
        prompt = self.prompt(texts)
        with torch.inference_mode(), self.precision():
            latents = denoise(
                base, noise, times(self.steps), prompt, self.networks.infusenet, run, guidance=self.guidance
            )
        return self.pictures_of(latents), run

    def precision(self):
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.bf16)

    @torch.inference_mode()
    def latents_of(self, pictures: Tensor) -> Tensor:
        """uint8 [B, S, W, 3] -> inner latents [B, 16, S / 8, W / 8]."""
        return self.networks.autoencoder.encode(to_floats(pictures.to(self.device)))

    @torch.inference_mode()
    def pictures_of(self, latents: Tensor) -> Tensor:
        """Inner latents -> uint8 [B, S, W, 3] on the CPU."""
        with self.precision():
            decoded = self.networks.autoencoder.decode(latents.float())
        return (255 * decoded.float().clamp(0, 1)).round().byte().permute(0, 2, 3, 1).cpu()

    # The judges.

    @torch.inference_mode()
    def vectors(self, network, crops: np.ndarray) -> Tensor:
        """Aligned crops, uint8 RGB [B, 112, 112, 3] -> the network's unit vectors [B, E] on the CPU."""
        return network(to_recogniser_input(crops).to(self.device)).float().cpu()

    def face_vectors(self, pictures: Tensor) -> Tensor:
        """The judge's vector of each picture's surest face, [B, E]; not a number where no face is found."""
        places, crops = self.faces(pictures)
        found = torch.full((len(pictures), self.judge_size), torch.nan)
        if places:
            found[places] = self.vectors(self.networks.judge, crops)
        return found

    @torch.inference_mode()
    def eyes_open(self, pictures: Tensor) -> Tensor:
        """1 where the surest face has two open eyes with an iris, 0 where not, also where there is no face: [B]."""
        places, crops = self.faces(pictures)
        seen = torch.zeros(len(pictures))
        if places:
            seen[places] = self.networks.eyes.both_open(to_floats(torch.from_numpy(crops).to(self.device))).cpu()
        return seen

    def faces(self, pictures: Tensor) -> tuple[list[int], np.ndarray]:
        """Which of the pictures [B, S, W, 3] show a face, and the surest one of each, uint8 [n, 112, 112, 3], aligned.

        Faces are looked for at twice the size: the miniature's pictures are small.
        """
        crops, places = [], []
        for place, picture in enumerate(pictures.numpy()):
            boxes, points = self.networks.detector.find(picture, 2 * self.size, FACE_SCORE)
            if len(boxes):
                crops.append(align_face(picture, points[boxes[:, 4].argmax()]))
                places.append(place)
        return places, np.stack(crops) if crops else np.empty((0, CROP, CROP, 3), np.uint8)

    @property
    def judge_size(self) -> int:
        return self.networks.judge.vector.out_features

    @torch.inference_mode()
    def followed(self, pictures: Tensor, scenes: Sequence[Scene]) -> dict[str, Tensor]:
        """By attribute [B]: 1 where the picture shows what was asked for, 0 where not, not a number where unseen."""
        logits = self.networks.classifier(to_floats(pictures.to(self.device)))
        wanted = torch.tensor([labels(drawn) for drawn in scenes])
        right = {}
        for index, name in enumerate(ATTRIBUTES):
            same = (logits[name].argmax(1).cpu() == wanted[:, index]).float()
            right[name] = torch.where(wanted[:, index] >= 0, same, torch.nan)
        return right

    def half(self, pictures: Tensor, right: bool) -> Tensor:
        """The left or the right half of pictures [B, S, W, 3], on a black square [B, S, S, 3] where it is narrower."""
        middle = pictures.shape[2] // 2
        part = pictures[:, :, middle:] if right else pictures[:, :, :middle]
        return torch.nn.functional.pad(part, (0, 0, 0, self.size - middle))


def captions_of(scenes: Sequence[Scene]) -> list[str]:
    """One full wording for each scene."""
    return [caption(drawn, 0, keep=1.0) for drawn in scenes]
