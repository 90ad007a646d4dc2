"""Batches for each objective, from arrays in memory or on the device. A batch depends on seed and step alone."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from infu_core.training.flow_matching import logit_normal

from ..networks.autoencoder import LATENT_CHANNELS, LIVE_CHANNELS

Columns = dict[str, Tensor]
DETECTOR_SIZES = (160, 640, 320, 640)


class Draw:
    """Chance for one step: everything is drawn for the whole batch, and the process keeps its share of the rows."""

    def __init__(self, seed: int, step: int, batch: int, rank: int, world: int, device: torch.device, time_mean: float):
        self.generator = torch.Generator(device).manual_seed((seed * 1_000_003 + step) * 31 + 7)
        self.seed, self.batch, self.device, self.time_mean = seed, batch, device, time_mean
        share = batch // world
        self.mine = slice(rank * share, (rank + 1) * share)

    def rows(self, count: int) -> Tensor:
        return torch.randint(count, (self.batch,), generator=self.generator, device=self.device)[self.mine]

    def uniform(self, *shape: int) -> Tensor:
        return torch.rand((self.batch, *shape), generator=self.generator, device=self.device)[self.mine]

    def normal(self, *shape: int) -> Tensor:
        return torch.randn((self.batch, *shape), generator=self.generator, device=self.device)[self.mine]

    def time(self) -> Tensor:
        """[B] in 0 (picture) to 1 (noise)."""
        return logit_normal(self.normal(), self.time_mean)

    def latent_noise(self, height: int, width: int) -> Tensor:
        """[B, 16, height, width]; the empty channels stay still, so that nothing is learned of them."""
        return F.pad(self.normal(LIVE_CHANNELS, height, width), (0, 0, 0, 0, 0, LATENT_CHANNELS - LIVE_CHANNELS))


class Batches:
    """`columns`: equally long tensors; `make(draw, columns, step)` forms the objective's arguments.

    `time_mean`: of the logit-normal times, published 0; above it, more of them lie towards noise.
    """

    def __init__(
        self,
        columns: Columns,
        batch: int,
        seed: int,
        make: Callable[[Draw, Columns, int], Columns],
        time_mean: float = 0.0,
    ):
        self.columns, self.batch, self.seed, self.make, self.time_mean = columns, batch, seed, make, time_mean
        self.device = next(iter(columns.values())).device

    def __call__(self, step: int, rank: int, world: int) -> Columns:
        chance = Draw(self.seed, step, self.batch, rank, world, self.device, self.time_mean)
        return self.make(chance, self.columns, step)


class InTurn:
    """Several kinds of batches, one kind a step: each as often as it has pictures, by chance of the step alone."""

    def __init__(self, kinds: list[Batches], seed: int):
        self.kinds, self.seed = kinds, seed
        self.share = torch.tensor([float(len(next(iter(kind.columns.values())))) for kind in kinds])

    def __call__(self, step: int, rank: int, world: int) -> Columns:
        generator = torch.Generator().manual_seed((self.seed * 1_000_003 + step) * 31 + 11)
        kind = int(torch.multinomial(self.share, 1, generator=generator))
        return self.kinds[kind](step, rank, world)


def picture_parts(side: int) -> Callable[[Draw, Columns, int], Columns]:
    """Squares of `side` pixels, a multiple of 8, from the same place in each picture; where eyes are in them; noise."""

    def make(draw: Draw, columns: Columns, step: int) -> Columns:
        rows = draw.rows(len(columns["pictures"]))
        height, width = columns["pictures"].shape[1:3]
        chance = torch.Generator().manual_seed(draw.seed * 1_000_003 + step)
        top, left = (int(torch.randint(room - side + 1, (), generator=chance)) for room in (height, width))
        pictures = columns["pictures"][rows, top : top + side, left : left + side]
        eyes = columns["points"][rows, 0].unflatten(-1, (5, 2))[:, :2] - torch.tensor([left, top], device=draw.device)
        return {"pictures": pictures, "eyes": eyes, "noise": draw.latent_noise(side // 8, side // 8)}

    return make


def crops_of_people(draw: Draw, columns: Columns, step: int) -> Columns:
    rows = draw.rows(len(columns["crops"]))
    light = 1 + 0.12 * draw.normal(1).clamp(-2, 2)
    return {
        "crops": columns["crops"][rows],
        "people": columns["people"][rows].long(),
        "tint": light * (1 + 0.05 * draw.normal(3).clamp(-2, 2)),
        "dim": 0.05 * draw.normal().clamp(-2, 2),
        "blur": (draw.uniform() < 0.35).float(),
    }


def latents_with_vectors(draw: Draw, columns: Columns, step: int) -> Columns:
    rows = draw.rows(len(columns["latents"]))
    latents = columns["latents"][rows].float()
    return {"latents": latents, "vectors": columns["vectors"][rows], "noise": draw.latent_noise(*latents.shape[2:])}


def pictures_with_labels(draw: Draw, columns: Columns, step: int) -> Columns:
    rows = draw.rows(len(columns["pictures"]))
    return {"pictures": columns["pictures"][rows], "labels": columns["labels"][rows]}


def canvases_with_faces(draw: Draw, columns: Columns, step: int) -> Columns:
    """Pictures at one of the detector's sizes, whole or shrunk and moved on black, as face search shows them."""
    size = DETECTOR_SIZES[step % len(DETECTOR_SIZES)]
    chance = torch.Generator().manual_seed(draw.seed * 1_000_003 + step)
    share = 1.0 if torch.rand((), generator=chance) < 0.5 else float(0.3 + 0.7 * torch.rand((), generator=chance))
    rows = draw.rows(len(columns["pictures"]))
    rows = rows[: max(1, len(rows) * 160 * 160 // (size * size))]
    side = max(32, int(size * share))
    pictures = columns["pictures"][rows].permute(0, 3, 1, 2).float()
    drawn = F.interpolate(pictures, (side, side), mode="bilinear", antialias=side < pictures.shape[-1])
    left, top = (int(torch.randint(size - side + 1, (), generator=chance)) for _ in range(2))
    if torch.rand((), generator=chance) < 0.5:
        left = top = 0
    canvas = drawn.new_zeros(len(rows), 3, size, size)
    canvas[:, :, top : top + side, left : left + side] = drawn
    scale = side / pictures.shape[-1]
    shift = torch.tensor([left, top], dtype=torch.float32, device=canvas.device)
    boxes, points = columns["boxes"][rows], columns["points"][rows]
    empty = boxes[..., 2:3] <= boxes[..., :1]
    boxes = torch.where(empty, -1.0, boxes * scale + shift.repeat(2))
    points = torch.where(empty, -1.0, points * scale + shift.repeat(5))
    return {"pictures": (canvas - 127.5) / 128, "boxes": boxes, "points": points}


def _flow(draw: Draw, latents: Tensor) -> Columns:
    return {"noise": draw.latent_noise(*latents.shape[2:]), "time": draw.time()}


def _one_of_each(draw: Draw, choices: Tensor) -> Tensor:
    """[B, K, ...] -> [B, ...]: one of the K, for each row another."""
    choice = (draw.uniform() * choices.shape[1]).long()
    return choices[torch.arange(len(choices), device=choices.device), choice]


def latents_with_words(draw: Draw, columns: Columns, step: int) -> Columns:
    rows = draw.rows(len(columns["latents"]))
    latents = columns["latents"][rows].float()
    words = _one_of_each(draw, columns["words"][rows])
    named = (draw.uniform() > 0.1).float()
    return {"latents": latents, "words": words, "named": named, **_weight(columns, rows), **_flow(draw, latents)}


def _weight(columns: Columns, rows: Tensor) -> Columns:
    """Of the tokens [B, L], where faces weigh more than the rest."""
    return {"weight": columns["weight"][rows].float()} if "weight" in columns else {}


def latents_with_guidance(draw: Draw, columns: Columns, step: int) -> Columns:
    rows = draw.rows(len(columns["latents"]))
    latents = columns["latents"][rows].float()
    words = _one_of_each(draw, columns["words"][rows])
    return {"latents": latents, "words": words, "guidance": 1 + 5 * draw.uniform(), **_flow(draw, latents)}


def identities(text) -> Callable[[Draw, Columns, int], Columns]:
    """Batches for `IdentityObjective`: one of a picture's wordings, one of its identities' `vectors` [n, K, 512].

    Half of the control pictures show the pose, half are the column `black`. `region` [n, L] goes along where it is.
    """

    def make(draw: Draw, columns: Columns, step: int) -> Columns:
        rows = draw.rows(len(columns["latents"]))
        latents = columns["latents"][rows].float()
        posed = draw.uniform() < 0.5
        with torch.no_grad():
            context, pooled = text(_one_of_each(draw, columns["words"][rows]).long())
        return {
            "latents": latents,
            "control": torch.where(
                posed[:, None, None, None], columns["control"][rows].float(), columns["black"][rows]
            ),
            "vectors": _one_of_each(draw, columns["vectors"][rows]).float(),
            "context": context,
            "pooled": pooled,
            **({"region": columns["region"][rows].float()} if "region" in columns else {}),
            **_weight(columns, rows),
            **({"wanted": columns["wanted"][rows].float()} if "wanted" in columns else {}),
            **_flow(draw, latents),
        }

    return make
