"""Latent pictures as FLUX's tokens: 2 x 2 patches, row by row, with their places on the grid.

Legend for shapes: `B` batch, `H W` latent pixels, `h w` = ceil(H / 2), ceil(W / 2), `L` = h * w.
"""

import torch
import torch.nn.functional as F
from einops import rearrange
from torch import Tensor

PATCH = 2


def token_grid(height: int, width: int) -> tuple[int, int]:
    """Latent height and width -> rows and columns of tokens; odd sizes are rounded up."""
    return -(-height // PATCH), -(-width // PATCH)


def pack(latent: Tensor) -> Tensor:
    """[B, 16, H, W] -> [B, L, 64]; odd sizes are padded circularly, as FLUX's hosts pad them."""
    height, width = latent.shape[-2:]
    missing = (0, -width % PATCH, 0, -height % PATCH)
    if any(missing):
        latent = F.pad(latent, missing, mode="circular")
    return rearrange(latent, "b c (h ph) (w pw) -> b (h w) (c ph pw)", ph=PATCH, pw=PATCH)


def unpack(tokens: Tensor, height: int, width: int) -> Tensor:
    """[B, L, 64] -> [B, 16, H, W]: the inverse of `pack` for the same height and width."""
    rows, columns = token_grid(height, width)
    latent = rearrange(tokens, "b (h w) (c ph pw) -> b c (h ph) (w pw)", h=rows, w=columns, ph=PATCH, pw=PATCH)
    return latent[..., :height, :width]


def token_positions(rows: int, columns: int, device: torch.device | None = None) -> Tensor:
    """Places of the image tokens, [L, 3] = (0, row, column)."""
    row, column = torch.meshgrid(torch.arange(rows, device=device), torch.arange(columns, device=device), indexing="ij")
    return torch.stack((torch.zeros_like(row), row, column), dim=-1).reshape(-1, 3).float()
