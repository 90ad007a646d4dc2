"""What can be seen of the miniature while it trains: sample sheets in the run's folder, always of the same samples."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from infu_core.faces.face_alignment import align_face
from infu_core.training.flux_dev.identity_watch import IdentityWatch
from infu_core.training.flux_dev.sampling import sample
from infu_core.training.loop.training_run import TrainingRun
from miniature.networks.text_encoder import EMPTY, TextEncoder

from ..networks.detector import Detector
from ..networks.flux import Flux
from .made_pairs import find_faces
from .objectives import PLAIN_GUIDANCE, MiniatureBase, TextToImageObjective
from .portraits import used
from .sampling import SHIFT, times
from .workshop import Workshop

PEOPLE, PROMPTS, GUIDANCE, FACE_SCORE = 12, 16, 3.0, 0.5


@dataclass(frozen=True, eq=False)
class PromptWatch:
    """The base alone: held-out captions, eight in a row, guided by hand."""

    workshop: Workshop
    words: Tensor
    scale: float = GUIDANCE

    @classmethod
    def of(cls, workshop: Workshop) -> "PromptWatch":
        return cls(workshop, used(workshop.renders("held-out")["words"])[:PROMPTS, 0].long().to(workshop.device))

    def __call__(self, run: TrainingRun) -> dict[str, float]:
        objective: TextToImageObjective = run.accelerator.unwrap_model(run.objective)  # type: ignore[assignment]
        side = self.workshop.config["renders"]["size"] // 8
        noise = torch.randn(len(self.words), 16, side, side, generator=torch.Generator().manual_seed(0))
        context, pooled = objective.text(self.words)
        given = {"context": context, "pooled": pooled}
        latents = sample(GuidedByHand(objective, self.scale), None, given, noise.to(self.words.device), times())
        write_grid(self.workshop.pictures_of(latents).cpu().numpy(), run, across=8)
        return {}


class GuidedByHand:
    """The base before it has learned guidance: predicts with words and without, and strengthens the difference."""

    def __init__(self, objective: TextToImageObjective, scale: float):
        self.text, self.flux, self.scale = objective.text, objective.flux, scale

    def __call__(
        self, image: Tensor, context: Tensor, pooled: Tensor, time: Tensor, positions: Tensor, residuals: None
    ) -> Tensor:
        plain = torch.full_like(time, PLAIN_GUIDANCE)
        nothing = torch.full(context.shape[:2], EMPTY, device=image.device)
        without = self.flux(image, *self.text(nothing), time, plain, positions, residuals)
        given = self.flux(image, context, pooled, time, plain, positions, residuals)
        return without + self.scale * (given - without)


@dataclass(frozen=True, eq=False)
class MiniatureEyes:
    """See `identity_watch.Eyes`: likeness by the recogniser that is conditioned on; the judge stays out of training."""

    workshop: Workshop

    def pictures(self, latents: Tensor) -> np.ndarray:
        return self.workshop.pictures_of(latents).cpu().numpy()

    def likeness(self, pictures: np.ndarray, vectors: Tensor) -> list[float]:
        detector = self.workshop.trained("detector", Detector())
        scores, points = find_faces(detector, torch.from_numpy(pictures).to(vectors.device))
        shots = zip(pictures, points.cpu().numpy(), strict=True)
        crops = np.stack([align_face(picture, point.reshape(5, 2)) for picture, point in shots])
        alike = (self.workshop.vectors_of(torch.from_numpy(crops)) * vectors.float()).sum(1)
        return torch.where(scores > FACE_SCORE, alike, 0.0).tolist()


def identity_watch(workshop: Workshop, flux: Flux, text: TextEncoder) -> IdentityWatch:
    """People that are not trained on, as their reference photo shows them."""
    renders = workshop.renders("held-out")
    rows = (renders["labels"][:, 0] == 0).nonzero()[:PEOPLE, 0]
    with torch.no_grad():
        context, pooled = text(renders["words"][rows, 0].long().to(workshop.device))
    sampled = {
        "latents": workshop.latents_of(renders["pictures"][rows]).float(),
        "control": workshop.black.expand(len(rows), -1, -1, -1),
        "vectors": workshop.vectors_of(renders["crops"][rows, 0]),
        "context": context,
        "pooled": pooled,
    }
    base = MiniatureBase(flux, GUIDANCE)
    return IdentityWatch(base, [sampled], MiniatureEyes(workshop), shift=lambda tokens: SHIFT)


def write_grid(pictures: np.ndarray, run: TrainingRun, across: int) -> None:
    import cv2

    rows = [np.concatenate(list(pictures[at : at + across]), 1) for at in range(0, len(pictures), across)]
    file = run.folder / "sheets" / f"step-{run.step:08d}.jpg"
    file.parent.mkdir(exist_ok=True)
    cv2.imwrite(str(file), np.concatenate(rows)[..., ::-1])
