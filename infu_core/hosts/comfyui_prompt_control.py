"""An identity in CONDITIONING: one person for one prompt, as ComfyUI's ControlNets travel.

For regional prompts, and for people who come from packs that work so. ComfyUI's own area, mask and timestep range of
the prompt hold; with an area, the pose image and the masks are those of the area, as with every ControlNet.
"""

import logging
import weakref
from collections.abc import Callable, Sequence
from typing import Any

import comfy.conds
import comfy.latent_formats
import comfy.model_management
from comfy.controlnet import ControlBase
from torch.utils.weak import WeakIdKeyDictionary

from ..identity.identity import Identity
from ..injection.injection_settings import InjectionSettings
from ..injection.injector import InjectionRun
from ..injection.region_layout import IdentityRegion
from .comfyui_checks import check_base
from .comfyui_evaluation import BaseEvaluation, HostBatch
from .comfyui_injection import Injection, make_injection
from .comfyui_latents import check_layout
from .comfyui_loading import LoadedInfuseNet
from .comfyui_model_wrappers import host_depth
from .comfyui_picture_parts import full_size, part_windows
from .comfyui_prompts_with_identity import POSITIVE
from .comfyui_residual_channel import merged

log = logging.getLogger(__name__)

OWN = "infu_own"
"""The mark of a prompt that was given the identity; it stands where ComfyUI's copies of a prompt have the other's."""
RESIDUALS_FOR = (1, 16, 128, 128)
"""ComfyUI asks for memory before it tells the picture's size: one of 1024 x 1024."""

NOT_ON_NEGATIVE = (
    "on_negative reached no negative prompt in this sampling: cfg is 1, or that prompt has a ControlNet of its own, as "
    "Apply ControlNet gives it, and ComfyUI then copies none; give it the person by an Apply node of its own."
)


def apply_to_conditioning(
    conditioning: list,
    infusenet: LoadedInfuseNet,
    identity: Identity | Sequence[IdentityRegion],
    vae,
    pose_image,
    settings: InjectionSettings,
) -> list:
    """The same prompts with an identity, after the ControlNets that they have already. Raises ValueError."""
    process_in = comfy.latent_formats.Flux().process_in
    injection = make_injection(infusenet, identity, vae, pose_image, settings, process_in)
    if settings.schedule.strength == 0:
        return conditioning
    controls: dict = {}  # prompts with the same ControlNets share one object, so that ComfyUI can batch them
    changed = []
    for context, options in conditioning:
        previous, on_negative = options.get("control"), options.get("control_apply_to_uncond", False)
        key = (previous, on_negative or "area" in options)
        if key not in controls:
            control = IdentityControl(injection, infusenet.network, previous_in_copies=key[1])
            controls[key] = control.set_previous_controlnet(previous)
        given = {
            "control": controls[key],
            "control_apply_to_uncond": on_negative or settings.on_negative,
            "model_conds": {**options.get("model_conds", {}), OWN: comfy.conds.CONDConstant(True)},
        }
        changed.append([context, {**options, **given}])
    return changed


class IdentityControl(ControlBase):
    """What ComfyUI asks of a ControlNet, answered by an injection. `network`: the patcher whose copy it runs.

    ComfyUI copies a prompt's whole chain into other prompts, by one flag for all of it, and where areas overlap; there
    each link keeps its own rule. `previous_in_copies`: whether the ControlNets before this one act there.
    A run's state lives as long as that run's schedule of sigmas, so that an interrupt leaves nothing behind.
    """

    def __init__(self, injection: Injection, network, previous_in_copies: bool = False):
        super().__init__()
        self.previous_in_copies = previous_in_copies
        self.own_seen = self.copy_seen = False
        self.on_first_device = True
        self.runs_by_values: dict[tuple[float, ...], InjectionRun] = {}
        self.injection = injection
        self.network = network
        self.runs: WeakIdKeyDictionary = WeakIdKeyDictionary()
        self.base: Callable[[], Any] = lambda: None  # a weak reference to the base model, set before each run

    def pre_run(self, model, percent_to_timestep_function):
        check_base(model, self.injection.infusenet)
        super().pre_run(model, percent_to_timestep_function)
        self.base = weakref.ref(model)

    def get_control(self, x_noisy, t, cond, batched_number, transformer_options):
        """The ControlNets before this one, who see the prompt as it is, and the identity's residuals."""
        is_copy, previous = self.is_copy(cond, transformer_options), None
        if self.previous_controlnet is not None and (self.previous_in_copies or not is_copy):
            previous = self.previous_controlnet.get_control(x_noisy, t, cond, batched_number, transformer_options)
        cond.pop(OWN, None)  # the base has no use for it
        if is_copy and not self.injection.settings.on_negative:
            return previous
        check_layout(x_noisy)
        size, context = tuple(x_noisy.shape[-2:]), transformer_options.get("context_window")
        full = full_size(size, context)
        windows = part_windows([None] * batched_number, size, full, context)
        batch = HostBatch(x_noisy, t, cond.get("y"), transformer_options, self.base().model_sampling, windows)
        # ComfyUI asks for the prompts that hold this object, so whichever asks gets the identity.
        evaluation = BaseEvaluation(self.run_of(batch), batch, on_negative=True)
        if evaluation.is_silent:
            return previous
        self.encode_poses(*full)
        residuals = evaluation.residuals(self.network.model)
        return previous if residuals is None else merged(previous, residuals, host_depth(self.base()))

    def is_copy(self, cond: dict, options: dict) -> bool:
        """Whether ComfyUI put this chain into a prompt that was not given it.

        A prompt that another pack made from one of ours may lack the mark; it is known by its number.
        """
        self.own_seen = self.own_seen or OWN in cond
        found = OWN not in cond and (self.own_seen or POSITIVE not in options.get("cond_or_uncond", [POSITIVE]))
        self.copy_seen = self.copy_seen or found
        return found

    def run_of(self, batch: HostBatch) -> InjectionRun:
        """The state of the sampling that this evaluation belongs to."""
        sigmas = batch.options.get("sample_sigmas")
        if sigmas is None:
            return self.injection.new_run(batch.request)
        runs, key = (self.runs, sigmas) if self.on_first_device else (self.runs_by_values, tuple(sigmas.tolist()))
        if key not in runs:
            run = self.injection.new_run(batch.request, self.base().current_patcher, sigmas, batch.x.shape)
            batch.request.record.runs.append(run.report)
            runs[key] = run
        return runs[key]

    def encode_poses(self, height: int, width: int) -> None:
        """ComfyUI tells a ControlNet the size at the first step only; what sampling needs is loaded again after."""
        if all((height, width) in pose.latents for pose in self.injection.poses):
            return
        loaded = comfy.model_management.loaded_models(only_currently_used=True)
        loaded = [
            patcher for patcher in loaded if patcher is not None
        ]  # ComfyUI keeps places of patchers that are gone
        self.injection.encode_poses(height, width)
        comfy.model_management.load_models_gpu(loaded)

    def get_models(self) -> list:
        return [*super().get_models(), self.network]

    def inference_memory_requirements(self, dtype) -> int:
        return self.injection.residual_bytes(RESIDUALS_FOR) + super().inference_memory_requirements(dtype)

    def copy(self) -> "IdentityControl":
        other = IdentityControl(self.injection, self.network, self.previous_in_copies)
        self.copy_to(other)
        return other

    def deepclone_multigpu(self, load_device, autoregister=False) -> "IdentityControl":
        """The same with a network of its own on another graphics card."""
        other = self.copy()
        other.network = self.network.deepclone_multigpu(new_load_device=load_device)
        other.on_first_device = False  # there ComfyUI copies the sigmas anew for every evaluation
        if autoregister:
            self.multigpu_clones[load_device] = other
        return other

    def cleanup(self):
        super().cleanup()
        if self.injection.settings.on_negative and self.own_seen and not self.copy_seen:
            log.info(NOT_ON_NEGATIVE)
        self.own_seen = self.copy_seen = False
        self.runs = WeakIdKeyDictionary()
        self.runs_by_values = {}
