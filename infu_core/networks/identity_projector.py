"""The identity projector: an ArcFace vector -> identity tokens, by a perceiver resampler.

InfiniteYou section 3.2 ("projection network"); parameter names are those of the published `image_proj_model`.

Legend for shapes: `B` batch, `K` vectors, `N` tokens (8), `E` ArcFace (512), `W` width (1280), `C` context (4096).
"""

from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn


@dataclass(frozen=True)
class IdentityProjectorConfig:
    """Sizes, read from the checkpoint."""

    tokens: int
    width: int
    depth: int
    heads: int
    head_size: int
    embedding_size: int
    context_size: int
    mlp_ratio: int = 4


class IdentityProjector(nn.Module):
    def __init__(
        self,
        config: IdentityProjectorConfig,
        operations=nn,
        dtype: torch.dtype | None = None,
        device: torch.device | str | None = None,
    ):
        super().__init__()
        self.config = config
        factory = {"dtype": dtype, "device": device}
        width = config.width
        self.latents = nn.Parameter(torch.zeros(1, config.tokens, width, **factory))
        self.proj_in = operations.Linear(config.embedding_size, width, **factory)
        self.proj_out = operations.Linear(width, config.context_size, **factory)
        self.norm_out = operations.LayerNorm(config.context_size, **factory)
        self.layers: Any = nn.ModuleList(
            nn.ModuleList(
                (
                    PerceiverAttention(width, config.heads, config.head_size, operations, **factory),
                    nn.Sequential(
                        operations.LayerNorm(width, **factory),
                        operations.Linear(width, width * config.mlp_ratio, bias=False, **factory),
                        nn.GELU(),
                        operations.Linear(width * config.mlp_ratio, width, bias=False, **factory),
                    ),
                )
            )
            for _ in range(config.depth)
        )

    def forward(self, embeddings: Tensor) -> Tensor:
        """Unit ArcFace vectors [B, K, E] (K = 1 as published) -> identity tokens [B, N, C]."""
        tokens = self.latents.to(embeddings).expand(embeddings.shape[0], -1, -1)
        features = self.proj_in(embeddings)
        for attention, feed_forward in self.layers:
            tokens = tokens + attention(features, tokens)
            tokens = tokens + feed_forward(tokens)
        return self.norm_out(self.proj_out(tokens))


class PerceiverAttention(nn.Module):
    """Tokens attend to the features and to themselves."""

    def __init__(self, width: int, heads: int, head_size: int, operations, **factory):
        super().__init__()
        self.heads = heads
        self.norm1 = operations.LayerNorm(width, **factory)
        self.norm2 = operations.LayerNorm(width, **factory)
        self.to_q = operations.Linear(width, heads * head_size, bias=False, **factory)
        self.to_kv = operations.Linear(width, 2 * heads * head_size, bias=False, **factory)
        self.to_out = operations.Linear(heads * head_size, width, bias=False, **factory)

    def forward(self, features: Tensor, tokens: Tensor) -> Tensor:
        """features [B, K, W], tokens [B, N, W] -> [B, N, W]."""
        features, tokens = self.norm1(features), self.norm2(tokens)
        q = self.to_q(tokens)
        k, v = self.to_kv(torch.cat((features, tokens), dim=1)).chunk(2, dim=-1)
        q, k, v = (x.unflatten(-1, (self.heads, -1)).transpose(1, 2) for x in (q, k, v))
        return self.to_out(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2))
