"""InfuseNet: FLUX blocks whose context is an identity; makes residuals for FLUX's own blocks.

InfiniteYou section 3.2. Equal to a FLUX ControlNet on the same weights. Parameter names follow FLUX's
original ones; `checkpoints/key_maps.py` brings published files to them.

Legend for shapes: `B` batch, `L` image tokens, `N` identity tokens (8), `D` hidden (3072), `C` context (4096).
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ..residuals import Residuals
from .flux_blocks import Attention, DoubleBlock, Embedder, SingleBlock, rotary_table, scaled_dot_product
from .flux_blocks import sinusoidal_embedding as embed_scalar

TIME_EMBEDDING_SIZE = 256


@dataclass(frozen=True)
class InfuseNetConfig:
    """Sizes, read from the checkpoint; the published one is 4 + 10 blocks of 3072."""

    hidden_size: int
    heads: int
    double_blocks: int
    single_blocks: int
    context_size: int
    pooled_size: int
    guidance_embeds: bool
    in_channels: int = 64
    control_channels: int = 64
    axes: tuple[int, int, int] = (16, 56, 56)

    def __post_init__(self):
        if self.hidden_size != self.heads * sum(self.axes):
            raise ValueError(
                f"An InfuseNet of hidden size {self.hidden_size} with {self.heads} heads needs heads of "
                f"{self.hidden_size / self.heads:g} channels, but its rotary axes {self.axes} make {sum(self.axes)}."
            )
        if self.double_blocks + self.single_blocks == 0:
            raise ValueError("An InfuseNet without blocks makes no residuals.")


class InfuseNet(nn.Module):
    """See the module's docstring. `attention` is the default for `forward`; a host may pass its own."""

    def __init__(
        self,
        config: InfuseNetConfig,
        operations=nn,
        attention: Attention = scaled_dot_product,
        dtype: torch.dtype | None = None,
        device: torch.device | str | None = None,
    ):
        super().__init__()
        self.config = config
        self.attention = attention
        factory = {"dtype": dtype, "device": device}
        hidden = config.hidden_size

        self.img_in = operations.Linear(config.in_channels, hidden, **factory)
        self.control_in = operations.Linear(config.control_channels, hidden, **factory)
        self.txt_in = operations.Linear(config.context_size, hidden, **factory)
        self.time_in = Embedder(TIME_EMBEDDING_SIZE, hidden, operations, **factory)
        self.vector_in = Embedder(config.pooled_size, hidden, operations, **factory)
        if config.guidance_embeds:
            self.guidance_in = Embedder(TIME_EMBEDDING_SIZE, hidden, operations, **factory)

        block = (hidden, config.heads, operations)
        self.double_blocks = nn.ModuleList(DoubleBlock(*block, **factory) for _ in range(config.double_blocks))
        self.single_blocks = nn.ModuleList(SingleBlock(*block, **factory) for _ in range(config.single_blocks))
        self.double_residuals = nn.ModuleList(
            operations.Linear(hidden, hidden, **factory) for _ in range(config.double_blocks)
        )
        self.single_residuals = nn.ModuleList(
            operations.Linear(hidden, hidden, **factory) for _ in range(config.single_blocks)
        )

    def forward(
        self,
        image: Tensor,
        control: Tensor,
        identity: Tensor,
        timestep: Tensor,
        pooled: Tensor | None = None,
        guidance: Tensor | None = None,
        *,
        positions: Tensor,
        attention: Attention | None = None,
    ) -> Residuals:
        """One residual per block, each [B, L, D], in the dtype of `image`.

        `image` [B, L, 64]: noisy latent tokens. `control` [B or 1, L, 64]: pose image latents, packed the same way.
        `identity` [B or 1, N, C]: projected identity tokens. `timestep` [B] in 0..1. `pooled` [B, P]: the prompt's
        pooled text vector (zeros where None). `guidance` [B]: needed where the config embeds it; 1.0 as published.
        `positions` [L, 3]: see `latent_tokens.token_positions`. `attention`: for this call only.
        """
        batch = image.shape[0]
        attention = attention or self.attention
        identity = identity.to(image.dtype).expand(batch, -1, -1)

        img = self.img_in(image) + self.control_in(control.to(image.dtype))
        txt = self.txt_in(identity)
        vector = self.condition_vector(image, timestep, pooled, guidance)
        text_positions = positions.new_zeros((txt.shape[1], positions.shape[1]))
        rotary = rotary_table(torch.cat((text_positions, positions)), self.config.axes)

        double = []
        for block, to_residual in zip(self.double_blocks, self.double_residuals, strict=True):
            img, txt = block(img, txt, vector, rotary, attention)
            double.append(to_residual(img))

        single = []
        joint = torch.cat((txt, img), dim=1)
        for block, to_residual in zip(self.single_blocks, self.single_residuals, strict=True):
            joint = block(joint, vector, rotary, attention)
            single.append(to_residual(joint[:, txt.shape[1] :]))
        return Residuals(tuple(double), tuple(single))

    def condition_vector(
        self, image: Tensor, timestep: Tensor, pooled: Tensor | None, guidance: Tensor | None
    ) -> Tensor:
        """Time, pooled text and guidance -> [B, D], the vector that modulates every block."""
        vector = self.time_in(embed_scalar(timestep).to(image.dtype))
        if self.config.guidance_embeds:
            if guidance is None:
                raise ValueError("This InfuseNet embeds a guidance value, but none was given.")
            vector = vector + self.guidance_in(embed_scalar(guidance).to(image.dtype))
        if pooled is None:
            pooled = image.new_zeros((image.shape[0], self.config.pooled_size))
        return vector + self.vector_in(pooled.to(image.dtype))
