"""ComfyUI's FLUX as a host: a MODEL that adds an identity's residuals to its `control` channel.

A keyed APPLY_MODEL wrapper computes the residuals, an OUTER_SAMPLE wrapper makes and drops the run's state, and
`set_additional_models` lets ComfyUI load the network beside the base. The given MODEL is never changed.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from comfy.patcher_extension import WrappersMP
from torch import Tensor

from ..identity.identity import Identity
from ..injection.injection_settings import InjectionSettings
from ..injection.injector import InjectionRun
from ..injection.region_layout import IdentityRegion, Window
from .comfyui_checks import check_base
from .comfyui_evaluation import BaseEvaluation, HostBatch
from .comfyui_injection import Injection, make_injection
from .comfyui_latents import LATENTS, picture_latents
from .comfyui_loading import LoadedInfuseNet
from .comfyui_picture_parts import part_windows, tell_tiles
from .comfyui_prompts_with_identity import GUIDER, tell_prompts
from .comfyui_residual_channel import LazyControl, may_be_skipped, merged
from .comfyui_sampling_request import request_in

KEY = "infu"
PROMPTS = "infu_prompts"
RUNS = "infu_runs"
"""Where the state of a sampling travels: `transformer_options` of that sampling's own options."""


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
    check_base(model.model, infusenet)
    injection = make_injection(infusenet, identity, vae, pose_image, settings, model.model.process_latent_in)
    if settings.schedule.strength == 0:
        return model
    patched = model.clone()
    others = patched.wrappers.get(WrappersMP.APPLY_MODEL, {})
    key = f"{KEY}.{sum(str(name).startswith(KEY + '.') for name in others)}"
    wrappers = ModelWrappers(key, injection, host_depth(model.model))
    patched.remove_wrappers_with_key(WrappersMP.OUTER_SAMPLE, LATENTS)
    patched.add_wrapper_with_key(WrappersMP.OUTER_SAMPLE, LATENTS, picture_latents)
    patched.remove_wrappers_with_key(WrappersMP.CALC_COND_BATCH, PROMPTS)
    patched.add_wrapper_with_key(WrappersMP.CALC_COND_BATCH, PROMPTS, tell_prompts)
    patched.add_wrapper_with_key(WrappersMP.OUTER_SAMPLE, key, wrappers.outer_sample)
    patched.add_wrapper_with_key(WrappersMP.PREPARE_SAMPLING, key, wrappers.prepare_sampling)
    patched.add_wrapper_with_key(WrappersMP.APPLY_MODEL, key, wrappers.apply_model)
    patched.set_additional_models(key, [infusenet.network])
    return patched


def host_depth(base) -> tuple[int, int]:
    """How many double and single blocks the base has."""
    config = base.model_config.unet_config
    return config["depth"], config["depth_single_blocks"]


@dataclass(frozen=True, eq=False)
class Sampling:
    """One sampling as its steps need it. `guider` knows where each prompt's area lies in the picture."""

    run: InjectionRun
    guider: Any
    size: tuple[int, int]  # the picture's latent height and width

    def windows(self, options: dict, size: tuple[int, int]) -> list[Window | None] | None:
        """The places of an evaluation's prompts, by the names that ComfyUI gave them, whose latents have this size."""
        context, names = options.get("context_window"), options.get("uuids") or [None]
        if context is None and size == self.size:
            return None
        prompts = (prompt for kind in self.guider.conds.values() for prompt in kind or ())
        areas = {prompt.get("uuid"): prompt.get("area") for prompt in prompts}
        return part_windows([areas.get(name) for name in names], size, self.size, context)


@dataclass(frozen=True, eq=False)
class ModelWrappers:
    """The wrappers of one ApplyInfuseNet; clones of its MODEL share this object, so it keeps nothing of a run."""

    key: str
    injection: Injection
    depth: tuple[int, int]

    def outer_sample(self, executor, noise, latent_image, sampler, sigmas, *args, **kwargs):
        """Make this run's state, encode the pose image before the models are loaded, and drop the state at the end."""
        guider = executor.class_obj
        options = guider.model_options.setdefault("transformer_options", {})
        request = request_in(options)
        run = self.injection.new_run(request, guider.model_patcher, sigmas, noise.shape)
        self.injection.encode_poses(*noise.shape[-2:])
        options[GUIDER] = guider
        options[RUNS] = {**options.get(RUNS, {}), self.key: Sampling(run, guider, tuple(noise.shape[-2:]))}
        try:
            return executor(noise, latent_image, sampler, sigmas, *args, **kwargs)
        finally:
            request.record.runs.append(run.report)
            options[RUNS] = {key: other for key, other in options[RUNS].items() if key != self.key}
            options.pop(GUIDER, None)

    def prepare_sampling(self, executor, model, noise_shape, conds, *args, **kwargs):
        """Have ComfyUI leave room for the residuals: its estimate grows with the picture, so the picture grows."""
        request = request_in(model.model_options.get("transformer_options", {}))
        kept = 1 if request.reuse == "exact" else 3
        needed = kept * self.injection.residual_bytes(noise_shape) / model.model.memory_required(list(noise_shape))
        wider = (*noise_shape[:-1], math.ceil(noise_shape[-1] * (1 + needed)))
        return executor(model, wider, conds, *args, **kwargs)

    def apply_model(
        self, executor, x, t, c_concat=None, c_crossattn=None, control=None, transformer_options=None, **kwargs
    ):
        """Add this step's residuals to `control`. x [B, 16, H, W], t [B] sigmas."""
        options, base = transformer_options or {}, executor.class_obj
        sampling = options.get(RUNS, {}).get(self.key)
        run = sampling.run if sampling else self.injection.new_run()
        windows = sampling.windows(options, tuple(x.shape[-2:])) if sampling else None
        tell_tiles(windows, run.report.notes)
        batch = HostBatch(x, t, kwargs.get("y"), options, base.model_sampling, windows)
        evaluation = BaseEvaluation(run, batch, self.injection.settings.on_negative)

        def with_identity() -> dict:
            return merged(control, evaluation.residuals(self.network(base)), self.depth)

        if evaluation.is_silent:
            return executor(x, t, c_concat, c_crossattn, control, options, **kwargs)
        for_blocks = LazyControl(with_identity) if may_be_skipped(options) else with_identity()
        return executor(x, t, c_concat, c_crossattn, for_blocks, options, **kwargs)

    def network(self, base):
        """The copy of the network that ComfyUI loaded for this base's device."""
        patcher = getattr(base, "current_patcher", None)
        loaded = patcher.get_additional_models_with_key(self.key) if patcher else []
        return (loaded[0] if loaded else self.injection.infusenet.network).model
