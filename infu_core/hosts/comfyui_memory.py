"""Our torch modules under ComfyUI's memory management: built with its layers, loaded and offloaded by it."""

from dataclasses import dataclass
from typing import Any

import comfy.ldm.modules.attention
import comfy.model_management
import comfy.model_patcher
import comfy.ops
import torch
from torch import Tensor, nn

HALF_TYPES = [torch.bfloat16, torch.float16, torch.float32]
"""What InfuseNet computes in, best first: its residual stream overflows float16, which is clipped there."""


@dataclass(frozen=True)
class Precision:
    """How weights are `stored`, in what they are `computed`, and the layers that do the one from the other."""

    stored: torch.dtype
    computed: torch.dtype
    operations: Any


def precision_for(file_dtype: torch.dtype, wanted: torch.dtype | None = None, load_device=None) -> Precision:
    """`wanted` None lets ComfyUI choose, as it does for a ControlNet, but never wider than the file."""
    management = comfy.model_management
    load_device = load_device or management.get_torch_device()
    stored = wanted
    if stored is None:
        stored = management.unet_dtype(
            device=load_device, model_params=-1, supported_dtypes=HALF_TYPES, weight_dtype=file_dtype
        )
        stored = min(stored, file_dtype, key=lambda dtype: dtype.itemsize)
    cast = management.unet_manual_cast(stored, load_device, HALF_TYPES)
    operations = comfy.ops.pick_operations(stored, cast, disable_fast_fp8=True)
    return Precision(stored, cast or stored, operations)


def attention(q: Tensor, k: Tensor, v: Tensor, options: dict | None = None) -> Tensor:
    """ComfyUI's attention; [B, heads, T, d] three times -> [B, T, heads * d].

    `options`: the evaluation's transformer_options, by which nodes choose another (`optimized_attention_override`).
    """
    return comfy.ldm.modules.attention.optimized_attention(
        q, k, v, q.shape[1], skip_reshape=True, transformer_options=options or {}
    )


def managed(module: nn.Module, load_device=None, offload_device=None, disable_dynamic: bool = False):
    """Wrap `module` so that ComfyUI loads, offloads and frees it as it does every model.

    The patcher class is looked up at call time: ComfyUI replaces it after start-up when dynamic VRAM is on.
    `module` has its weights already: their dtypes are noted, so that an fp8 network keeps its bf16 biases.
    """
    load_device = load_device or comfy.model_management.get_torch_device()
    offload_device = offload_device or comfy.model_management.unet_offload_device()
    plain = comfy.model_patcher.ModelPatcher
    comfy.model_management.archive_model_dtypes(module)
    patcher_class = plain if disable_dynamic else getattr(comfy.model_patcher, "CoreModelPatcher", plain)
    return patcher_class(module, load_device=load_device, offload_device=offload_device)


def run_managed(patcher, *inputs: torch.Tensor) -> torch.Tensor:
    """Load the patcher's module, run it once on `inputs`, and return the result on the CPU in float32."""
    comfy.model_management.load_model_gpu(patcher)
    with torch.inference_mode():
        result = patcher.model(*(value.to(patcher.load_device) for value in inputs))
    return result.float().cpu().clone()
