"""An identity in ComfyUI, whichever node put it there: what the node was given, and one evaluation's residuals.

Legend for shapes: `B` batch, `H W` latent pixels, `L` image tokens, `D` hidden, `F` pose pictures.
"""

import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import torch
from torch import Tensor

from ..identity.identity import Identity
from ..injection.block_weights import parse_block_weights
from ..injection.injector import DenoisingStep, InjectionRun, InjectionSettings
from ..injection.regions import IdentityRegion, Person, Window
from ..injection.sampling_record import SamplingRecord
from ..injection.strength_schedule import StrengthSchedule, value_on
from ..residuals import Residuals, sum_of
from .comfyui_checks import as_regions, check_pose_image, check_vae
from .comfyui_clock import percent_of, step_index
from .comfyui_loading import LoadedInfuseNet
from .comfyui_models import run_managed
from .comfyui_pose import PoseLatents

log = logging.getLogger(__name__)

SAMPLING = "infu_sampling"
"""Where a sampler's request travels: `transformer_options` of that sampling's own options."""
POSITIVE = 0  # ComfyUI's number for the positive prompt in `cond_or_uncond`
LATENT_PIXELS = 8


@dataclass(frozen=True)
class SamplingRequest:
    """What a sampler asks of every identity in its model: see `InfuSampler`.

    `curve`: factors evenly spaced over the host's percents. `reuse`, `reuse_threshold`: see `ResidualCache`.
    `without_identity`: switch all identities off. `text_cond`: the number in `cond_or_uncond` that gets none.
    `record`: what the sampling tells about itself.
    """

    curve: tuple[float, ...] = (1.0,)
    reuse: str = "exact"
    reuse_threshold: float = math.inf
    without_identity: bool = False
    text_cond: int | None = None
    record: SamplingRecord = field(default_factory=SamplingRecord, compare=False)


@dataclass(frozen=True, eq=False)
class HostBatch:
    """One evaluation of the base as ComfyUI batches it: a chunk of B / chunks pictures for each prompt.

    `x` [B, 16, H, W] without extra channels, `t` [B] sigmas, `pooled` [B, P] or None. `options`: transformer_options.
    `windows`: where each chunk's latent lies in the whole picture; None for chunks that are whole pictures.
    """

    x: Tensor
    t: Tensor
    pooled: Tensor | None
    options: dict
    model_sampling: Any
    windows: Sequence[Window | None] | None = None

    @property
    def request(self) -> SamplingRequest:
        return self.options.get(SAMPLING, SamplingRequest())

    @property
    def prompts(self) -> list[int]:
        return self.options.get("cond_or_uncond", [POSITIVE])

    def chunks(self, on_negative: bool) -> list[int]:
        """The chunks that get the identity."""
        request = self.request
        if request.without_identity:
            return []
        return [
            chunk
            for chunk, number in enumerate(self.prompts)
            if (on_negative or number == POSITIVE) and number != request.text_cond
        ]

    def rows(self, chunks: Sequence[int]) -> list[int]:
        size = len(self.x) // len(self.prompts)
        return [row for chunk in chunks for row in range(chunk * size, (chunk + 1) * size)]

    def step(self, chunks: Sequence[int], window: Window | None, steps: int) -> DenoisingStep:
        """These chunks, all at one place of the picture, as the injector knows a step."""
        rows, sigma = self.rows(chunks), float(self.t[0])
        whole, names = len(rows) == len(self.x), self.options.get("uuids")
        return DenoisingStep(
            latent=self.x if whole else self.x[rows],
            timestep=self.model_sampling.timestep(self.t if whole else self.t[rows]),
            pooled=self.pooled if whole or self.pooled is None else self.pooled[rows],
            began=percent_of(sigma, self.model_sampling),
            step=step_index(sigma, self.options.get("sample_sigmas")),
            steps=steps,
            rows=(tuple(names[chunk] if names else chunk for chunk in chunks), tuple(self.x.shape), window),
            pictures=len(self.x) // len(self.prompts),
            window=window,
            sigma=sigma,
        )


class Evaluation:
    """What one evaluation of the base gets of one identity; nothing is computed before it is asked for.

    `on_negative`: whether the negative prompt's chunks get it too.
    """

    def __init__(self, run: InjectionRun, batch: HostBatch, on_negative: bool):
        self.run, self.batch = run, batch
        groups: dict[Window | None, list[int]] = {}
        for chunk in batch.chunks(on_negative):
            groups.setdefault(batch.windows[chunk] if batch.windows else None, []).append(chunk)
        total = run.cache.steps if run.cache else 1
        self.parts = [(batch.rows(chunks), batch.step(chunks, window, total)) for window, chunks in groups.items()]

    @property
    def is_silent(self) -> bool:
        return not any(self.run.strength(step, self.factor(step)) for _, step in self.parts)

    def factor(self, step: DenoisingStep) -> float:
        return value_on(self.batch.request.curve, step.began)

    def residuals(self, network) -> Residuals | None:
        """Residuals for the whole batch [B, L, D]: zeros in the rows that get no identity; None where all do."""
        made = []
        for rows, step in self.parts:
            part = self.run.residuals(network, step, self.factor(step))
            if part is not None:
                made.append(part.placed(rows, len(self.batch.x)))
        return sum_of(made) if made else None


@dataclass(frozen=True, eq=False)
class Injection:
    """What an Apply node was given, projected and checked. A run's state lives elsewhere."""

    infusenet: LoadedInfuseNet
    people: tuple[Person, ...]
    poses: tuple[PoseLatents, ...]
    settings: InjectionSettings

    def encode_poses(self, height: int, width: int) -> None:
        """Encode what is not encoded yet, for pictures of this latent size, and tell which masks were resized."""
        for pose in self.poses:
            pose(height, width)
        size = (height * LATENT_PIXELS, width * LATENT_PIXELS)
        for mask in (person.mask for person in self.people):
            if mask is not None and mask.shape != size:
                log.info(
                    "A region's mask of %d x %d was resized to the picture's %d x %d.", *mask.shape[::-1], *size[::-1]
                )

    def new_run(
        self,
        request: SamplingRequest | None = None,
        patcher=None,
        steps: int = 1,
        shape: Sequence[int] = (),
    ) -> InjectionRun:
        """State for one sampling; reuse needs `patcher`, the base model, and the latents' `shape`."""
        request = request or SamplingRequest()

        def latents(person: int, height: int, width: int) -> Tensor:
            return self.poses[person](height, width)

        return InjectionRun(
            self.settings,
            self.people,
            latents,
            self.infusenet.dtype,
            request.reuse if patcher else "exact",
            steps,
            reuse_threshold=request.reuse_threshold,
            spare_memory=partial(spare_memory, patcher, shape) if patcher else None,
            clock=request.record.clock,
        )

    def residual_bytes(self, shape: Sequence[int]) -> int:
        """What one set of residuals takes for latents of this shape."""
        config = self.infusenet.network.model.config
        tokens = shape[0] * -(-shape[-2] // 2) * -(-shape[-1] // 2)
        return (
            (config.double_blocks + config.single_blocks) * tokens * config.hidden_size * self.infusenet.dtype.itemsize
        )


def make_injection(
    infusenet: LoadedInfuseNet,
    identity: Identity | Sequence[IdentityRegion],
    vae,
    pose_image: Tensor | None,
    settings: InjectionSettings,
    process_latent_in,
) -> Injection:
    """Raises ValueError, with one sentence for the user, where network, identity, VAE and pictures do not fit."""
    regions = as_regions(identity, infusenet)
    check_vae(vae)
    pictures = [region.pose_image if region.pose_image is not None else pose_image for region in regions]
    encoded: dict[int, PoseLatents] = {}  # a picture that several people share is encoded once
    for picture in pictures:
        check_pose_image(picture)
        encoded.setdefault(id(picture), PoseLatents(picture, vae, process_latent_in))
    return Injection(
        infusenet,
        tuple(Person(project(infusenet, region.identity), region.mask, region.strength) for region in regions),
        tuple(encoded[id(picture)] for picture in pictures),
        settings,
    )


def read_settings(
    infusenet: LoadedInfuseNet,
    strength: float,
    start_percent: float,
    end_percent: float,
    block_weights: str = "",
    **others,
) -> InjectionSettings:
    """The nodes' widgets -> settings; ValueError, in one sentence, where a number makes no sense."""
    config = infusenet.network.model.config
    double, single = parse_block_weights(block_weights, config.double_blocks, config.single_blocks)
    schedule = StrengthSchedule(strength, start_percent, end_percent)
    return InjectionSettings(schedule, double_weights=double, single_weights=single, **others)


def project(infusenet: LoadedInfuseNet, identity: Identity) -> Tensor:
    """Identity tokens [K * 8, C] on the CPU; stacked vectors stand side by side, scaled by their relative weights."""
    tokens = run_managed(infusenet.projector, identity.vectors[:, None])  # [K, 8, C]
    weights = torch.tensor(identity.weights) / max(identity.weights)
    return (tokens * weights[:, None, None]).flatten(0, 1)


def spare_memory(patcher, shape: Sequence[int]) -> float:
    """Bytes on the model's device beyond what a step of the base model needs."""
    free = patcher.get_free_memory(patcher.load_device)
    return free - patcher.model.memory_required(list(shape))
