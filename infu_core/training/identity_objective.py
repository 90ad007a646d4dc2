"""What InfuseNet and its projector are trained for: the frozen base, helped by them, predicts the flow.

InfiniteYou section 3.4. The same for both stages; they differ in where picture and identity come from: one picture
(stage 1), or a photo and a picture made of the same person (stage 2).

Legend for shapes: `B` batch, `L` image tokens, `T` prompt tokens, `C` context, `P` pooled, `E` ArcFace (512).
"""

from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from ..networks.identity_projector import IdentityProjector
from ..networks.infusenet import InfuseNet
from ..networks.latent_tokens import pack, token_grid, token_positions, unpack
from ..residuals import Residuals
from .flow_matching import Draws, flow_loss, noised
from .identity_loss import IdentityLoss

INFUSENET_GUIDANCE = 1.0
"""What the published pipeline feeds to InfuseNet, whatever the base's guidance is."""


class FrozenBase(Protocol):
    """A FLUX that is not trained: tokens [B, L, 64] -> velocity [B, L, 64]. Without residuals it is bare."""

    def __call__(
        self,
        image: Tensor,
        context: Tensor,
        pooled: Tensor,
        time: Tensor,
        positions: Tensor,
        residuals: Residuals | None,
    ) -> Tensor: ...


class IdentityObjective(nn.Module):
    """Its parameters are InfuseNet's and the projector's; the base is outside of them and of every checkpoint.

    `identity_loss`: None, as published, asks for the flow alone.
    """

    def __init__(
        self,
        base: FrozenBase,
        infusenet: InfuseNet,
        projector: IdentityProjector,
        identity_loss: IdentityLoss | None = None,
    ):
        super().__init__()
        self.identity_loss = identity_loss
        self.infusenet = infusenet
        self.projector = projector
        self._base: tuple[FrozenBase] = (base,)  # in a tuple, so that torch does not count it among the modules

    def forward(
        self,
        latents: Tensor,
        control: Tensor,
        vectors: Tensor,
        context: Tensor,
        pooled: Tensor,
        noise: Tensor,
        time: Tensor,
        region: Tensor | None = None,
        weight: Tensor | None = None,
        wanted: Tensor | None = None,
        points: Tensor | None = None,
    ) -> Tensor:
        """Loss per sample, [B].

        `latents`, `control`, `noise` [B, 16, H, W] in the denoiser's scale; `vectors` [B, E] of length one;
        `context` [B, T, C] and `pooled` [B, P] of the prompt; `time` [B]. All are used in the dtype of `noise`.
        `region` [B, L]: 1 at the tokens of the person, where several share a picture; residuals act and loss counts
        there alone. None, as published: everywhere. `weight` [B, L]: how much each token counts in the loss, faces
        more than what is around them; None, as published: all the same. `wanted` [B, E]: what the identity loss's
        recogniser says of the face in `latents`, where there is such a loss, and `points` [B, 5, 2] where it looks for
        that face, in pixels; None: in `region`.
        """
        latents, control, vectors, context, pooled = (
            value.to(noise) for value in (latents, control, vectors, context, pooled)
        )
        draws = Draws(noise, time)
        clean = pack(latents)
        noisy = pack(noised(latents, draws))
        positions = token_positions(*token_grid(*latents.shape[-2:]), latents.device)
        residuals = self._residuals(noisy, pack(control), vectors, time, pooled, positions)
        if region is not None:
            residuals = residuals.scaled(region[..., None])
        predicted = self._base[0](noisy, context, pooled, time, positions, residuals)
        counted = region if weight is None else weight if region is None else weight * region
        loss = flow_loss(predicted, clean, Draws(pack(noise), time), counted)
        if self.identity_loss is None:
            return loss
        if wanted is None:
            raise ValueError("An identity loss needs the vectors of the pictures' own faces: give wanted, [B, E].")
        size = latents.shape[-2:]
        where = region if points is None else points
        return loss + self.identity_loss(unpack(noisy, *size), unpack(predicted, *size), time, wanted, where)

    def residuals(
        self, image: Tensor, control: Tensor, vectors: Tensor, time: Tensor, pooled: Tensor, positions: Tensor
    ) -> Residuals:
        """What a base is given to sample with: for tokens [B, L, 64] at `time` [B], people `vectors` [B, E]."""
        return self._residuals(image, control, vectors, time, pooled, positions)

    def _residuals(self, image, control, vectors, time, pooled, positions) -> Residuals:
        guidance = torch.full_like(time, INFUSENET_GUIDANCE) if self.infusenet.config.guidance_embeds else None
        tokens = self.projector(vectors[:, None])
        return self.infusenet(image, control, tokens, time, pooled, guidance, positions=positions)


def begin_silent(infusenet: InfuseNet) -> None:
    """Zero the layers that lead out, so that training begins at the bare base."""
    for layer in (*infusenet.double_residuals, *infusenet.single_residuals):
        for weight in layer.parameters():
            nn.init.zeros_(weight)


def begin_projector(projector: IdentityProjector) -> None:
    """The queries must differ from the first step on; as published, normal with deviation width ** -0.5."""
    nn.init.normal_(projector.latents, std=projector.config.width**-0.5)


def copy_base_blocks(infusenet: InfuseNet, weights: dict[str, Tensor]) -> None:
    """Begin as the base's first blocks, as side networks are begun; `weights` under FLUX's original names."""
    own = infusenet.state_dict()
    taken = {name: weight for name, weight in weights.items() if name in own and own[name].shape == weight.shape}
    infusenet.load_state_dict(taken, strict=False)


def save_memory(module: nn.Module, kinds: tuple[type[nn.Module], ...]) -> int:
    """Gradient checkpointing: these blocks are run again in the backward pass instead of kept. Returns how many."""
    blocks = [block for block in module.modules() if isinstance(block, kinds)]
    for block in blocks:
        block.forward = _again(block.forward)  # type: ignore[method-assign]
    return len(blocks)


def _again(forward: Callable) -> Callable:
    def run(*inputs, **options):
        if not torch.is_grad_enabled():
            return forward(*inputs, **options)
        return checkpoint(forward, *inputs, use_reentrant=False, **options)

    return run
