"""An identity in ComfyUI, whichever node put it there: what an Apply node was given, projected and checked."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import torch
from torch import Tensor

from ..identity.identity import Identity
from ..injection.block_weights import parse_block_weights
from ..injection.injection_settings import InjectionSettings
from ..injection.injector import InjectionRun
from ..injection.region_layout import IdentityRegion, Person
from ..injection.sigma_schedule import SigmaSchedule
from ..injection.strength_schedule import StrengthSchedule
from .comfyui_checks import as_regions, check_vae, checked_pose_image
from .comfyui_loading import LoadedInfuseNet
from .comfyui_memory import run_managed
from .comfyui_pose import PoseLatents, within_sampling
from .comfyui_sampling_request import SamplingRequest

log = logging.getLogger(__name__)

LATENT_PIXELS = 8
NO_STEPS = (
    "Residual reuse was off: the sigmas of this schedule repeat, turn or are too few to tell its steps; "
    "every step was computed."
)


@dataclass(frozen=True, eq=False)
class Injection:
    """What an Apply node was given, projected and checked. A run's state lives elsewhere."""

    infusenet: LoadedInfuseNet
    people: tuple[Person, ...]
    poses: tuple[PoseLatents, ...]
    settings: InjectionSettings
    no_pose: PoseLatents

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
        sigmas: Tensor | None = None,
        shape: Sequence[int] = (),
    ) -> InjectionRun:
        """State for one sampling over `sigmas` [S + 1]; reuse needs `patcher`, the base, and the latents' `shape`."""
        request = request or SamplingRequest()
        schedule = SigmaSchedule(() if sigmas is None else sigmas.tolist())
        reuse = request.reuse if patcher and schedule.tells_steps else "exact"

        def latents(person: int | None, height: int, width: int) -> Tensor:
            return within_sampling(self.no_pose if person is None else self.poses[person], height, width)

        style_alignment = max(self.settings.style_alignment, request.style_alignment)
        run = InjectionRun(
            replace(self.settings, style_alignment=style_alignment),
            self.people,
            latents,
            self.infusenet.dtype,
            reuse,
            schedule.steps,
            reuse_threshold=request.reuse_threshold,
            spare_memory=partial(spare_memory, patcher, shape) if patcher else None,
            clock=request.record.clock,
            scalars=request.scalars,
            sigmas=schedule,
        )
        if reuse != request.reuse:
            run.report.notes.append(NO_STEPS)
        return run

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
        if id(picture) not in encoded:
            encoded[id(picture)] = PoseLatents(checked_pose_image(picture), vae, process_latent_in)
    return Injection(
        infusenet,
        tuple(Person(project(infusenet, region.identity), region.mask, region.strength) for region in regions),
        tuple(encoded[id(picture)] for picture in pictures),
        settings,
        PoseLatents(None, vae, process_latent_in),
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
