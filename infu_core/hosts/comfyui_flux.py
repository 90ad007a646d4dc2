"""ComfyUI's FLUX as a host: a MODEL that adds an identity's residuals to its `control` channel.

A keyed APPLY_MODEL wrapper computes the residuals, an OUTER_SAMPLE wrapper makes and drops the run's state, and
`set_additional_models` lets ComfyUI load the network beside the base. The given MODEL is never changed.
"""

import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

import comfy.model_management
import comfy.utils
import torch
from comfy.patcher_extension import WrappersMP
from torch import Tensor

from ..identity.identity import Identity
from ..injection.injector import DenoisingStep, InjectionRun, InjectionSettings
from ..injection.regions import IdentityRegion, Person
from ..injection.sampling_record import SamplingRecord
from ..injection.strength_schedule import value_on
from ..residuals import Residuals
from .comfyui_loading import LoadedInfuseNet
from .comfyui_models import run_managed

log = logging.getLogger(__name__)

KEY = "infu"
RUNS = "infu_runs"
SAMPLING = "infu_sampling"
"""Where a run's state, and what our sampler asks of it, travel: `transformer_options` of that run's own options."""

POSITIVE = 0  # ComfyUI's number for the positive prompt in `cond_or_uncond`


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


def apply_infusenet(
    model,
    infusenet: LoadedInfuseNet,
    identity: Identity | Sequence[IdentityRegion],
    vae,
    pose_image: Tensor | None,
    settings: InjectionSettings,
):
    """A clone of MODEL with an identity; the same MODEL where the strength is 0.

    `pose_image` [F, height, width, 3] in 0..1: five key points drawn; None stands for a black picture.
    Raises ValueError, with one sentence for the user, where model, network, identity and VAE do not fit.
    """
    regions = [IdentityRegion(identity)] if isinstance(identity, Identity) else list(identity)
    check_base(model, infusenet)
    check_identities(regions, infusenet)
    if getattr(vae, "latent_channels", 16) != 16:
        raise ValueError(
            f"This VAE makes latents of {vae.latent_channels} channels, FLUX.1's have 16; connect FLUX.1's VAE (ae.safetensors)."
        )
    if settings.schedule.strength == 0:
        return model

    # A fixed order makes the result independent of the order in which the regions were chained.
    regions.sort(key=lambda region: region.identity.digest())
    people = [Person(project(infusenet, region.identity), region.mask, region.strength) for region in regions]
    pictures = [region.pose_image if region.pose_image is not None else pose_image for region in regions]
    controls = [PoseLatents(picture, vae, model.model.process_latent_in) for picture in pictures]

    patched = model.clone()
    key = f"{KEY}.{sum(name.startswith(KEY) for name in patched.wrappers.get(WrappersMP.APPLY_MODEL, {}))}"
    injection = Injection(key, infusenet, people, controls, settings, host_depth(model))
    patched.add_wrapper_with_key(WrappersMP.OUTER_SAMPLE, key, injection.outer_sample)
    patched.add_wrapper_with_key(WrappersMP.APPLY_MODEL, key, injection)
    patched.set_additional_models(key, [infusenet.network])
    return patched


def project(infusenet: LoadedInfuseNet, identity: Identity) -> Tensor:
    """Identity tokens [K * 8, C] on the CPU; stacked vectors stand side by side, scaled by their relative weights."""
    tokens = run_managed(infusenet.projector, identity.vectors[:, None])  # [K, 8, C]
    weights = torch.tensor(identity.weights) / max(identity.weights)
    return (tokens * weights[:, None, None]).flatten(0, 1)


def check_base(model, infusenet: LoadedInfuseNet) -> None:
    """Refuse a base model that this InfuseNet's residuals do not fit."""
    base = model.model.model_config.unet_config
    kind = base.get("image_model") or type(model.model).__name__
    if kind != "flux":
        raise ValueError(
            f"InfiniteYou works with FLUX.1 models; this MODEL is of the kind '{kind}'. Connect a FLUX.1 model."
        )
    config = infusenet.network.model.config
    for what, ours, theirs in (
        ("hidden size", config.hidden_size, base.get("hidden_size", config.hidden_size)),
        ("pooled text size", config.pooled_size, base.get("vec_in_dim", config.pooled_size)),
    ):
        if ours != theirs:
            raise ValueError(
                f"{infusenet.name} was made for a FLUX of {what} {ours}, but this MODEL has {theirs}; "
                "choose an InfuseNet that belongs to the model."
            )


def check_identities(regions: Sequence[IdentityRegion], infusenet: LoadedInfuseNet) -> None:
    """Refuse identities that this projector cannot read."""
    if not regions:
        raise ValueError("No identity region is connected; add at least one with Identity Region.")
    for region in regions:
        if region.identity.recogniser != infusenet.recogniser:
            raise ValueError(
                f"The identity was made by the recogniser '{region.identity.recogniser}', {infusenet.name} reads "
                f"'{infusenet.recogniser}'; encode the photo again with that recogniser."
            )


def host_depth(model) -> tuple[int, int]:
    """How many double and single blocks the base has."""
    base = model.model.model_config.unet_config
    return base["depth"], base["depth_single_blocks"]


@dataclass(eq=False)
class PoseLatents:
    """A pose image as the base's latents, encoded for the size asked last; a black picture where there is none.

    Lives with its node's output, not with a run: a new seed does not encode the same picture again.
    """

    image: Tensor | None  # [F, height, width, 3]
    vae: object
    process_latent_in: object
    size: tuple[int, int] | None = None
    latents: Tensor | None = field(default=None, repr=False)

    def __call__(self, height: int, width: int) -> Tensor:
        """[F, 16, height, width] on the CPU, in the base's latent scale."""
        if self.size != (height, width):
            self.latents = self.process_latent_in(self.vae.encode(self.pixels(height, width))).float().cpu()
            self.size = (height, width)
        return self.latents

    def pixels(self, height: int, width: int) -> Tensor:
        scale = self.vae.spacial_compression_encode()
        if self.image is None:
            return torch.zeros(1, height * scale, width * scale, 3)
        image = self.image[..., :3].movedim(-1, 1)
        if image.shape[-2:] != (height * scale, width * scale):
            log.info(
                "The pose image of %d x %d was brought to the picture's %d x %d.",
                *(image.shape[-1], image.shape[-2], width * scale, height * scale),
            )
            image = comfy.utils.common_upscale(image, width * scale, height * scale, "bicubic", "center").clamp(0, 1)
        return image.movedim(1, -1)


class Injection:
    """The wrappers of one ApplyInfuseNet. Holds what the node was given; a run's state lives in the run's options."""

    def __init__(self, key, infusenet, people, controls, settings, depth):
        self.key = key
        self.infusenet = infusenet
        self.people = people
        self.controls = controls
        self.settings = settings
        self.depth = depth

    def outer_sample(self, executor, noise, latent_image, sampler, sigmas, *args, **kwargs):
        """Make this run's state, encode the pose image before the models are loaded, and drop the state at the end."""
        options = executor.class_obj.model_options.setdefault("transformer_options", {})
        request = options.get(SAMPLING, SamplingRequest())
        run = self.new_run(request, executor.class_obj.model_patcher, steps=len(sigmas) - 1, shape=noise.shape)
        for control in self.controls:
            control(*noise.shape[-2:])
        options[RUNS] = {**options.get(RUNS, {}), self.key: run}
        try:
            return executor(noise, latent_image, sampler, sigmas, *args, **kwargs)
        finally:
            request.record.runs.append(run.report)
            options[RUNS] = {key: other for key, other in options[RUNS].items() if key != self.key}

    def new_run(self, request: SamplingRequest, patcher=None, steps: int = 1, shape: Sequence[int] = ()):
        def latents(person: int, height: int, width: int) -> Tensor:
            return self.controls[person](height, width)

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

    def __call__(
        self, executor, x, t, c_concat=None, c_crossattn=None, control=None, transformer_options=None, **kwargs
    ):
        """APPLY_MODEL: add this step's residuals to `control`. x [B, 16, H, W], t [B] sigmas."""
        options = transformer_options or {}
        residuals = self.residuals(executor.class_obj, x, t, options, kwargs.get("y"))
        if residuals is not None:
            control = merged(control, *residuals.spread(*self.depth))
        return executor(x, t, c_concat, c_crossattn, control, options, **kwargs)

    def residuals(self, base, x: Tensor, t: Tensor, options: dict, pooled: Tensor | None) -> Residuals | None:
        """Residuals for the whole batch [B, L, D]: zeros in the rows that get no identity."""
        request = options.get(SAMPLING, SamplingRequest())
        conds = options.get("cond_or_uncond", [POSITIVE])
        without = [] if request.text_cond is None else [request.text_cond]
        rows, names = chosen_rows(conds, options.get("uuids"), len(x), self.settings.on_negative, without)
        if request.without_identity or not rows:
            return None
        run = options.get(RUNS, {}).get(self.key) or self.new_run(request)
        sigma = float(t[0])
        progress = percent_of(sigma, base.model_sampling)
        whole = len(rows) == len(x)
        step = DenoisingStep(
            latent=x if whole else x[rows],
            timestep=t if whole else t[rows],
            pooled=pooled if whole or pooled is None else pooled[rows],
            began=progress,
            step=step_index(sigma, options.get("sample_sigmas")),
            steps=run.cache.steps if run.cache else 1,
            rows=(names, tuple(x.shape)),
        )
        made = run.residuals(self.network(base), step, factor=value_on(request.curve, progress))
        return None if made is None else made.placed(rows, len(x))

    def network(self, base):
        """The copy of the network that ComfyUI loaded for this base's device."""
        patcher = getattr(base, "current_patcher", None)
        loaded = patcher.get_additional_models_with_key(self.key) if patcher else []
        return (loaded[0] if loaded else self.infusenet.network).model

    def to(self, device_or_dtype):
        """ComfyUI moves what it finds in a model's options; everything here follows its run's inputs instead."""
        return self


def spare_memory(patcher, shape: Sequence[int]) -> float:
    """Bytes on the model's device beyond what a step of the base model needs."""
    free = patcher.get_free_memory(patcher.load_device)
    return free - patcher.model.memory_required(list(shape))


def chosen_rows(
    conds: list[int], uuids: list | None, batch: int, on_negative: bool, without: Sequence[int] = ()
) -> tuple[list[int], tuple]:
    """Which rows of a batch get the identity, and names that tell their prompts apart."""
    size = batch // len(conds)
    chosen = [chunk for chunk, cond in enumerate(conds) if (on_negative or cond == POSITIVE) and cond not in without]
    rows = [row for chunk in chosen for row in range(chunk * size, (chunk + 1) * size)]
    return rows, tuple(uuids[chunk] if uuids else chunk for chunk in chosen)


def percent_of(sigma: float, model_sampling) -> float:
    """The host's percent at which it has this sigma: the inverse of `percent_to_sigma`, by bisection."""
    if sigma >= model_sampling.percent_to_sigma(0.0):
        return 0.0
    low, high = 0.0, 1.0
    while high - low > 1e-9:
        middle = (low + high) / 2
        low, high = (middle, high) if model_sampling.percent_to_sigma(middle) > sigma else (low, middle)
    return high


def step_index(sigma: float, sample_sigmas: Tensor | None) -> int:
    """The step that an evaluation at `sigma` belongs to; samplers also evaluate between the scheduled sigmas."""
    if sample_sigmas is None:
        return 0
    return max(int((sample_sigmas >= sigma - 1e-5).sum()) - 1, 0)


def merged(control: dict | None, double: list[Tensor], single: list[Tensor]) -> dict:
    """Our residuals added to what ControlNets gave: new lists, new tensors, nothing of theirs changed.

    ComfyUI wants both lists, and some hosts want them without None.
    """
    control = control or {}
    together = dict(control)
    for name, ours in (("input", double), ("output", single)):
        theirs = control.get(name) or []
        sums: dict[tuple[int, int], Tensor] = {}  # repeated residuals stay shared
        out = []
        for index in range(max(len(ours), len(theirs))):
            own = ours[index] if index < len(ours) else None
            other = theirs[index] if index < len(theirs) else None
            if own is None or other is None:
                out.append(other if own is None else own)
                continue
            pair = (id(own), id(other))
            if pair not in sums:
                sums[pair] = own + other.to(own)
            out.append(sums[pair])
        together[name] = out
    return together
