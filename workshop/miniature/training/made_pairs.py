"""Stage 2's data: pictures that the stage-1 model made of known people, kept only where the person is well in them.

InfiniteYou section 3.4: single person, multiple samples; filtered by face found and by identity. The face is looked
for with the miniature's own detector, likeness is measured by the recogniser that the model is conditioned on: the
judge stays out of training.
"""

import json

import numpy as np
import torch
from torch import Tensor

from infu_core.faces.face_alignment import align_face
from infu_core.training.flux_dev.sampling import sample
from infu_core.training.identity_objective import IdentityObjective

from ..networks.detector import STRIDES, Detector, anchor_centres
from .objectives import MiniatureBase
from .sampling import times
from .workshop import PORTION, Workshop


def make_pairs(workshop: Workshop) -> dict[str, Tensor]:
    """latents [n, 16, h, w], words [n, 1, T], vectors [n, 1, 512] of the photo, points [n, 1, 10] of the made face."""
    kept = workshop.folder / "pairs.pt"
    if kept.exists():
        return torch.load(kept, weights_only=True)
    settings = workshop.config["pairs"]
    renders = workshop.renders("singles")
    chance = torch.Generator().manual_seed(settings["seed"])
    flux, text = workshop.trained("flux", workshop.flux()), workshop.trained("text", workshop.text())
    infusenet = workshop.trained("stage1-infusenet", workshop.infusenet())
    projector = workshop.trained("stage1-projector", workshop.projector())
    base = MiniatureBase(flux, settings["guidance"])
    objective = IdentityObjective(base, infusenet, projector)
    detector = workshop.trained("detector", Detector())
    photos = (renders["labels"][:, 0] == 0).nonzero()[:, 0].cpu()
    size = workshop.config["renders"]["size"]
    made: dict[str, list[Tensor]] = {name: [] for name in ("latents", "words", "vectors", "points")}
    reasons = {"no face": 0, "another person": 0, "kept": 0}
    for start in range(0, settings["tried"], PORTION):
        count = min(PORTION, settings["tried"] - start)
        source = photos[torch.randint(len(photos), (count,), generator=chance)].to(renders["crops"].device)
        prompt = torch.randint(len(renders["words"]), (count,), generator=chance).to(renders["words"].device)
        vectors = workshop.vectors_of(renders["crops"][source, 0])
        words = renders["words"][prompt, 0].to(workshop.device)
        context, pooled = text(words.long())
        noise = torch.randn(count, 16, size // 8, size // 8, generator=chance).to(workshop.device)
        given = {
            "context": context,
            "pooled": pooled,
            "vectors": vectors,
            "control": workshop.black.expand(count, -1, -1, -1),
        }
        with torch.autocast(workshop.device.type, torch.bfloat16):
            latents = sample(base, objective, given, noise, times(settings["steps"]))
        pictures = workshop.pictures_of(latents)
        scores, points = find_faces(detector, pictures)
        crops = torch.from_numpy(
            np.stack(
                [
                    align_face(picture, point.reshape(5, 2))
                    for picture, point in zip(pictures.cpu().numpy(), points.cpu().numpy(), strict=True)
                ]
            )
        )
        likeness = (workshop.vectors_of(crops) * vectors).sum(1)
        found = scores > settings["face_score"]
        alike = likeness > settings["likeness"]
        reasons["no face"] += int((~found).sum())
        reasons["another person"] += int((found & ~alike).sum())
        good = found & alike
        reasons["kept"] += int(good.sum())
        rows = {
            "latents": workshop.latents_of(pictures),
            "words": words[:, None],
            "vectors": vectors.half()[:, None],
            "points": points[:, None],
        }
        for name, value in rows.items():
            made[name].append(value[good].cpu())
    (workshop.folder / "pairs.json").write_text(json.dumps(reasons))
    if not reasons["kept"]:
        raise ValueError(f"Stage 1 made no picture worth keeping ({reasons}); train it longer, or lower likeness.")
    pairs = {name: torch.cat(parts) for name, parts in made.items()}
    torch.save(pairs, kept)
    return pairs


@torch.no_grad()
def find_faces(detector: Detector, pictures: Tensor) -> tuple[Tensor, Tensor]:
    """uint8 [n, S, S, 3] -> the best face's score [n] and key points [n, 10] in pixels, at twice the size."""
    size = pictures.shape[1]
    floats = (pictures.permute(0, 3, 1, 2).float() - 127.5) / 128
    large = torch.nn.functional.interpolate(floats, scale_factor=2.0, mode="bilinear")
    scores, _, points = detector(large)
    every_score = torch.cat([part[..., 0].sigmoid() for part in scores], 1)
    every_point = torch.cat(
        [
            part * stride + anchor_centres(2 * size, 2 * size, stride, part.device).repeat(1, 5)
            for part, stride in zip(points, STRIDES, strict=True)
        ],
        1,
    )
    best = every_score.argmax(1)
    chosen = every_point[torch.arange(len(best), device=best.device), best] / 2
    return every_score.amax(1), chosen
