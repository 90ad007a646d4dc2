"""The miniature's base: a FLUX.1 of any size, from the pack's own blocks, with FLUX's original key names.

ComfyUI's stock loader opens it. Legend for shapes: `B` batch, `L` image tokens, `T` prompt tokens, `D` hidden,
`C` context, `P` pooled.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from infu_core.networks.flux_blocks import (
    Attention,
    DoubleBlock,
    Embedder,
    SingleBlock,
    modulate,
    rotary_table,
    sinusoidal_embedding,
)
from infu_core.residuals import Residuals

from .autoencoder import LATENT_CHANNELS, LIVE_CHANNELS


def plain_attention(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """As `scaled_dot_product`, written out: over a hundred tokens on a CPU a training step takes a fifth less."""
    shares = ((q * q.shape[-1] ** -0.5) @ k.transpose(-1, -2)).softmax(-1)
    return (shares @ v).transpose(1, 2).flatten(2)


TOKEN_CHANNELS = 4 * LATENT_CHANNELS
TIME_EMBEDDING_SIZE = 256


@dataclass(frozen=True)
class FluxConfig:
    """ComfyUI takes 128 channels per head, so the hidden size is a multiple of 128."""

    hidden_size: int = 128
    double_blocks: int = 4
    single_blocks: int = 8
    context_size: int = 64
    pooled_size: int = 64
    axes: tuple[int, int, int] = (16, 56, 56)

    @property
    def heads(self) -> int:
        return self.hidden_size // sum(self.axes)

    def __post_init__(self):
        if self.hidden_size % sum(self.axes):
            raise ValueError(f"The hidden size {self.hidden_size} is no multiple of {sum(self.axes)}.")


class LastLayer(nn.Module):
    def __init__(self, hidden_size: int):
        super().__init__()
        self.norm_final = nn.LayerNorm(hidden_size, elementwise_affine=False, eps=1e-6)
        self.linear = nn.Linear(hidden_size, TOKEN_CHANNELS)
        self.adaLN_modulation = nn.Sequential(nn.SiLU(), nn.Linear(hidden_size, 2 * hidden_size))

    def forward(self, x: Tensor, vector: Tensor) -> Tensor:
        shift, scale = self.adaLN_modulation(vector)[:, None].chunk(2, dim=-1)
        return self.linear(modulate(self.norm_final(x), shift, scale))


class Flux(nn.Module):
    def __init__(self, config: FluxConfig):
        super().__init__()
        self.config = config
        hidden, heads = config.hidden_size, config.heads
        self.img_in = nn.Linear(TOKEN_CHANNELS, hidden)
        self.txt_in = nn.Linear(config.context_size, hidden)
        self.time_in = Embedder(TIME_EMBEDDING_SIZE, hidden, nn)
        self.vector_in = Embedder(config.pooled_size, hidden, nn)
        self.guidance_in = Embedder(TIME_EMBEDDING_SIZE, hidden, nn)
        self.double_blocks = nn.ModuleList(DoubleBlock(hidden, heads, nn) for _ in range(config.double_blocks))
        self.single_blocks = nn.ModuleList(SingleBlock(hidden, heads, nn) for _ in range(config.single_blocks))
        self.final_layer = LastLayer(hidden)
        self._begin()

    def _begin(self) -> None:
        """Blocks begin as the identity and the last layer as zero, as diffusion transformers are begun.

        What latents leave empty is not looked at.
        """
        for name, weight in self.named_parameters():
            if ".img_mod." in name or ".txt_mod." in name or ".modulation." in name or "adaLN" in name:
                nn.init.zeros_(weight)
        nn.init.zeros_(self.final_layer.linear.weight)
        nn.init.zeros_(self.final_layer.linear.bias)
        nn.init.zeros_(self.img_in.weight[:, 4 * LIVE_CHANNELS :])

    def forward(
        self,
        image: Tensor,
        context: Tensor,
        pooled: Tensor,
        time: Tensor,
        guidance: Tensor,
        positions: Tensor,
        residuals: Residuals | None = None,
        attention_of: Callable[[str, int], Attention] | None = None,
    ) -> Tensor:
        """Noisy tokens [B, L, 64], context [B, T, C], pooled [B, P], time and guidance [B] -> velocity [B, L, 64].

        `attention_of`: what a block attends with, by "double" or "single" and its number; None for its own.
        """
        attends = attention_of or (lambda kind, index: plain_attention)
        img, txt = self.img_in(image), self.txt_in(context)
        vector = self.time_in(sinusoidal_embedding(time).to(img)) + self.vector_in(pooled)
        vector = vector + self.guidance_in(sinusoidal_embedding(guidance).to(img))
        text_positions = positions.new_zeros((txt.shape[1], 3))
        rotary = rotary_table(torch.cat((text_positions, positions)), self.config.axes)
        depths = self.config.double_blocks, self.config.single_blocks
        double, single = residuals.spread(*depths) if residuals else ([], [])

        for index, block in enumerate(self.double_blocks):
            img, txt = block(img, txt, vector, rotary, attends("double", index))
            if double:
                img = img + double[index]
        joint = torch.cat((txt, img), dim=1)
        prompt = txt.shape[1]
        for index, block in enumerate(self.single_blocks):
            joint = block(joint, vector, rotary, attends("single", index))
            if single:
                joint = torch.cat((joint[:, :prompt], joint[:, prompt:] + single[index]), dim=1)
        return self.final_layer(joint[:, prompt:], vector)
