"""Who is in a latent picture, told without decoding it: what an identity loss looks through.

Legend for shapes: `B` batch, latents [B, 16, H, W] of which the first `LIVE_CHANNELS` are looked at, `L` tokens.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from infu_core.networks.latent_tokens import token_grid
from miniature.networks.recogniser import EMBEDDING_SIZE

from .autoencoder import LIVE_CHANNELS

WIDTHS = ((128, 1), (128, 1), (128, 2), (128, 1), (256, 2), (256, 1))
"""Of each layer its channels and its stride."""


class LatentRecogniser(nn.Module):
    """Square latents [B, 16, S, S] of one face -> [B, 512], the recogniser's vector of its aligned crop."""

    def __init__(self, side: int):
        super().__init__()
        layers, inputs = [], LIVE_CHANNELS
        for outputs, stride in WIDTHS:
            layers += [nn.Conv2d(inputs, outputs, 3, stride, 1), nn.GroupNorm(8, outputs), nn.SiLU()]
            inputs = outputs
        self.body = nn.Sequential(*layers)
        self.vector = nn.Linear(inputs * (side // 4) ** 2, EMBEDDING_SIZE)

    def forward(self, latents: Tensor) -> Tensor:
        features = self.body(latents[:, :LIVE_CHANNELS])
        return F.normalize(self.vector(features.flatten(1)).float(), dim=1)

    def of_person(self, latents: Tensor, region: Tensor | None) -> Tensor:
        """The same where each of two people has a square: `region` [B, L] says which of them is meant."""
        height, width = latents.shape[-2:]
        if width == height:
            return self(latents)
        if region is None:
            raise ValueError(f"Latents of {height} x {width} show two people: a region says which of them is meant.")
        rows, columns = token_grid(height, width)
        on_left = region.unflatten(1, (rows, columns))[:, :, : columns // 2].mean((1, 2)) > 0.5
        left, right = latents.split(width // 2, dim=3)
        return self(torch.where(on_left[:, None, None, None], left, right))
