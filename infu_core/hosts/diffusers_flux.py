"""diffusers' FLUX as a host: the published denoising loop, driven by our injector (InfiniteYou pipeline).

For parity tests, training samples, and machines without ComfyUI. Legend for shapes: `B` batch, `S` steps,
`T` prompt tokens, `L` image tokens.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ..injection.denoising_step import DenoisingStep
from ..injection.injector import InjectionRun
from ..networks.infusenet import InfuseNet
from ..networks.latent_tokens import pack, token_grid, token_positions, unpack


@dataclass(frozen=True, eq=False)
class Prompt:
    """`context` [B, T, C]: T5's states. `pooled` [B, P]: CLIP's pooled vector."""

    context: Tensor
    pooled: Tensor


@torch.no_grad()
def denoise(
    transformer,
    latent: Tensor,
    sigmas: Sequence[float],
    positive: Prompt,
    network: InfuseNet | None = None,
    run: InjectionRun | None = None,
    guidance: float = 3.5,
    negative: Prompt | None = None,
    cfg: float = 1.0,
    on_step: Callable[[int, Tensor], None] | None = None,
) -> Tensor:
    """Noise [B, 16, H, W] -> clean latents, by Euler steps over `sigmas` (S + 1 numbers, the last one 0).

    `transformer`: a FluxTransformer2DModel. `run`: its percents are steps over S, so that an identity acts in step i
    where start <= i / S and (i + 1) / S <= end, as published. The negative prompt gets no residuals.
    `on_step(i, latent)` is called after each step.
    """
    height, width = latent.shape[-2:]
    steps = len(sigmas) - 1
    positions = token_positions(*token_grid(height, width), latent.device)
    depth = (len(transformer.transformer_blocks), len(transformer.single_transformer_blocks))

    def velocity(prompt: Prompt, timestep: Tensor, residuals=None) -> Tensor:
        double, single = residuals.spread(*depth) if residuals else (None, None)
        tokens = transformer(
            hidden_states=pack(latent),
            timestep=timestep,
            guidance=torch.full_like(timestep, guidance) if transformer.config.guidance_embeds else None,
            pooled_projections=prompt.pooled,
            encoder_hidden_states=prompt.context,
            controlnet_block_samples=double or None,
            controlnet_single_block_samples=single or None,
            txt_ids=positions.new_zeros(prompt.context.shape[1], 3),
            img_ids=positions,
            return_dict=False,
        )[0]
        return unpack(tokens, height, width)

    for index, (sigma, following) in enumerate(zip(sigmas[:-1], sigmas[1:], strict=True)):
        timestep = latent.new_full((len(latent),), sigma)
        residuals = None
        if run is not None and network is not None:
            step = DenoisingStep(
                latent=latent,
                timestep=timestep,
                pooled=positive.pooled,
                began=index / steps,
                ended=(index + 1) / steps,
                step=index,
                steps=steps,
                sigma=float(sigma),
            )
            residuals = run.residuals(network, step)
        direction = velocity(positive, timestep, residuals)
        if negative is not None and cfg != 1:
            without = velocity(negative, timestep)
            direction = without + cfg * (direction - without)
        latent = latent + (following - sigma) * direction
        if on_step:
            on_step(index, latent)
    return latent
