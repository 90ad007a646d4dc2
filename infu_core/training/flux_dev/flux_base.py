"""diffusers' FLUX as the frozen base of training."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from ...residuals import Residuals


def in_bf16(build: Callable[[], Any]) -> Any:
    """What `build` makes with weights in bf16, never in float32 meanwhile."""
    torch.set_default_dtype(torch.bfloat16)
    try:
        return build()
    finally:
        torch.set_default_dtype(torch.float32)


class DiffusersBase:
    """A FluxTransformer2DModel that is not trained; gradients pass through it to the residuals.

    `guidance`: what its guidance embedder is fed in training, 1 as others train adapters of FLUX.1-dev.
    """

    def __init__(self, transformer: Any, guidance: float = 1.0, less_memory: bool = True):
        self.transformer = transformer.requires_grad_(False).eval()
        self.guidance = guidance
        if less_memory:
            transformer.enable_gradient_checkpointing()

    def __call__(
        self,
        image: Tensor,
        context: Tensor,
        pooled: Tensor,
        time: Tensor,
        positions: Tensor,
        residuals: Residuals | None,
    ) -> Tensor:
        dtype = self.transformer.dtype
        depth = len(self.transformer.transformer_blocks), len(self.transformer.single_transformer_blocks)
        double, single = residuals.spread(*depth) if residuals else ((), ())
        embeds = self.transformer.config.guidance_embeds
        return self.transformer(
            hidden_states=image.to(dtype),
            encoder_hidden_states=context.to(dtype),
            pooled_projections=pooled.to(dtype),
            timestep=time.to(dtype),
            guidance=torch.full_like(time, self.guidance) if embeds else None,
            img_ids=positions,
            txt_ids=positions.new_zeros(context.shape[1], 3),
            controlnet_block_samples=[residual.to(dtype) for residual in double] or None,
            controlnet_single_block_samples=[residual.to(dtype) for residual in single] or None,
            return_dict=False,
        )[0]
