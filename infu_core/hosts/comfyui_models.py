"""Our torch modules under ComfyUI's memory management: built with its layers, loaded and offloaded by it."""

import comfy.model_management
import comfy.model_patcher
import comfy.ops
import torch
from torch import nn


def managed(module: nn.Module, load_device=None, offload_device=None):
    """Wrap `module` so that ComfyUI loads, offloads and frees it as it does every model.

    The patcher class is looked up at call time: ComfyUI replaces it after start-up when dynamic VRAM is on.
    """
    load_device = load_device or comfy.model_management.get_torch_device()
    offload_device = offload_device or comfy.model_management.unet_offload_device()
    patcher_class = getattr(comfy.model_patcher, "CoreModelPatcher", comfy.model_patcher.ModelPatcher)
    return patcher_class(module, load_device=load_device, offload_device=offload_device)


def run_managed(patcher, *inputs: torch.Tensor) -> torch.Tensor:
    """Load the patcher's module, run it once on `inputs`, and return the result on the CPU in float32."""
    comfy.model_management.load_model_gpu(patcher)
    with torch.inference_mode():
        result = patcher.model(*(value.to(patcher.load_device) for value in inputs))
    return result.float().cpu().clone()
