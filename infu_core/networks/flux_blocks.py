"""The transformer blocks of FLUX.1, for networks of our own (FLUX.1; InfiniteYou section 3.2).

`operations` is a namespace with `Linear`, `LayerNorm` and `RMSNorm`: `torch.nn`, or a host's own, so that its
storage formats, casting and offloading work. `attention` takes q, k, v [B, heads, T, d] and returns [B, T, heads * d].

Legend for shapes: `B` batch, `N` context tokens, `L` image tokens, `T` = N + L, `D` hidden, `d` = D / heads.
"""

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Attention = Callable[[Tensor, Tensor, Tensor], Tensor]
MLP_RATIO = 4
NORM_EPS = 1e-6


def scaled_dot_product(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """[B, heads, T, d] three times -> [B, T, heads * d], with torch's own kernels."""
    return F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)


def sinusoidal_embedding(values: Tensor, size: int = 256, max_period: float = 10000.0) -> Tensor:
    """Values in 0..1, [B] -> [B, size] float32; FLUX scales them by 1000 first."""
    half = size // 2
    exponents = torch.arange(half, dtype=torch.float32, device=values.device) / half
    angles = 1000.0 * values.float()[:, None] * torch.exp(-math.log(max_period) * exponents)[None]
    return torch.cat((angles.cos(), angles.sin()), dim=-1)


def rotary_table(positions: Tensor, axes: tuple[int, ...], theta: float = 10000.0) -> tuple[Tensor, Tensor]:
    """Positions [T, axes] -> cosines and sines [T, d], each value twice in a row, float32."""
    angles = []
    for axis, size in enumerate(axes):
        steps = torch.arange(0, size, 2, dtype=torch.float64, device="cpu") / size
        frequencies = (theta**-steps).to(positions.device, torch.float32)
        angles.append(positions[:, axis, None].float() * frequencies[None])
    angle = torch.cat(angles, dim=-1).repeat_interleave(2, dim=-1)
    return angle.cos(), angle.sin()


def rotate(x: Tensor, rotary: tuple[Tensor, Tensor]) -> Tensor:
    """Turn each pair of channels of x [B, heads, T, d] by its position's angle."""
    cos, sin = rotary
    real, imaginary = x.float().unflatten(-1, (-1, 2)).unbind(-1)
    turned = torch.stack((-imaginary, real), dim=-1).flatten(-2)
    return (x.float() * cos + turned * sin).to(x.dtype)


class Embedder(nn.Module):
    """Two linear layers with SiLU between them."""

    def __init__(self, input_size: int, hidden_size: int, operations, **factory):
        super().__init__()
        self.in_layer = operations.Linear(input_size, hidden_size, **factory)
        self.out_layer = operations.Linear(hidden_size, hidden_size, **factory)

    def forward(self, x: Tensor) -> Tensor:
        return self.out_layer(F.silu(self.in_layer(x)))


class QueryKeyNorm(nn.Module):
    def __init__(self, head_size: int, operations, **factory):
        super().__init__()
        self.query_norm = operations.RMSNorm(head_size, eps=NORM_EPS, **factory)
        self.key_norm = operations.RMSNorm(head_size, eps=NORM_EPS, **factory)

    def forward(self, q: Tensor, k: Tensor) -> tuple[Tensor, Tensor]:
        return self.query_norm(q), self.key_norm(k)


class Modulation(nn.Module):
    """The condition vector [B, D] -> `parts` shifts, scales and gates, each [B, 1, D]."""

    def __init__(self, hidden_size: int, parts: int, operations, **factory):
        super().__init__()
        self.parts = parts
        self.lin = operations.Linear(hidden_size, parts * hidden_size, **factory)

    def forward(self, vector: Tensor) -> tuple[Tensor, ...]:
        return self.lin(F.silu(vector))[:, None].chunk(self.parts, dim=-1)


class JointAttention(nn.Module):
    """One stream's projections in the attention that both streams share."""

    def __init__(self, hidden_size: int, heads: int, operations, **factory):
        super().__init__()
        self.heads = heads
        self.qkv = operations.Linear(hidden_size, 3 * hidden_size, **factory)
        self.norm = QueryKeyNorm(hidden_size // heads, operations, **factory)
        self.proj = operations.Linear(hidden_size, hidden_size, **factory)

    def queries_keys_values(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        return split_heads(self.qkv(x), self.heads, self.norm)


def split_heads(qkv: Tensor, heads: int, norm: QueryKeyNorm) -> tuple[Tensor, Tensor, Tensor]:
    """[B, T, 3 D] -> normalised q and k, and v, each [B, heads, T, d]."""
    q, k, v = qkv.unflatten(-1, (3, heads, -1)).permute(2, 0, 3, 1, 4)
    q, k = norm(q, k)
    return q, k, v


def modulate(x: Tensor, shift: Tensor, scale: Tensor) -> Tensor:
    return x * (1 + scale) + shift


def keep_finite(x: Tensor) -> Tensor:
    """Half precision overflows in FLUX's residual stream; the published blocks clip it there."""
    return x.clip(-65504, 65504) if x.dtype == torch.float16 else x


def feed_forward(hidden_size: int, operations, **factory) -> nn.Sequential:
    return nn.Sequential(
        operations.Linear(hidden_size, MLP_RATIO * hidden_size, **factory),
        nn.GELU(approximate="tanh"),
        operations.Linear(MLP_RATIO * hidden_size, hidden_size, **factory),
    )


class DoubleBlock(nn.Module):
    """Image and context, each with its own weights, in one attention."""

    def __init__(self, hidden_size: int, heads: int, operations, **factory):
        super().__init__()
        norm = {"elementwise_affine": False, "eps": NORM_EPS, **factory}
        self.img_mod = Modulation(hidden_size, 6, operations, **factory)
        self.img_norm1 = operations.LayerNorm(hidden_size, **norm)
        self.img_attn = JointAttention(hidden_size, heads, operations, **factory)
        self.img_norm2 = operations.LayerNorm(hidden_size, **norm)
        self.img_mlp = feed_forward(hidden_size, operations, **factory)
        self.txt_mod = Modulation(hidden_size, 6, operations, **factory)
        self.txt_norm1 = operations.LayerNorm(hidden_size, **norm)
        self.txt_attn = JointAttention(hidden_size, heads, operations, **factory)
        self.txt_norm2 = operations.LayerNorm(hidden_size, **norm)
        self.txt_mlp = feed_forward(hidden_size, operations, **factory)

    def forward(
        self, img: Tensor, txt: Tensor, vector: Tensor, rotary: tuple[Tensor, Tensor], attention: Attention
    ) -> tuple[Tensor, Tensor]:
        """img [B, L, D], txt [B, N, D], vector [B, D] -> img, txt."""
        img_shift1, img_scale1, img_gate1, img_shift2, img_scale2, img_gate2 = self.img_mod(vector)
        txt_shift1, txt_scale1, txt_gate1, txt_shift2, txt_scale2, txt_gate2 = self.txt_mod(vector)

        img_qkv = self.img_attn.queries_keys_values(modulate(self.img_norm1(img), img_shift1, img_scale1))
        txt_qkv = self.txt_attn.queries_keys_values(modulate(self.txt_norm1(txt), txt_shift1, txt_scale1))
        q, k, v = (torch.cat(pair, dim=2) for pair in zip(txt_qkv, img_qkv, strict=True))
        attended = attention(rotate(q, rotary), rotate(k, rotary), v)
        txt_attended, img_attended = attended.split((txt.shape[1], img.shape[1]), dim=1)

        img = img + img_gate1 * self.img_attn.proj(img_attended)
        img = img + img_gate2 * self.img_mlp(modulate(self.img_norm2(img), img_shift2, img_scale2))
        txt = txt + txt_gate1 * self.txt_attn.proj(txt_attended)
        txt = txt + txt_gate2 * self.txt_mlp(modulate(self.txt_norm2(txt), txt_shift2, txt_scale2))
        return keep_finite(img), keep_finite(txt)


class SingleBlock(nn.Module):
    """Both streams as one sequence; attention and feed-forward side by side."""

    def __init__(self, hidden_size: int, heads: int, operations, **factory):
        super().__init__()
        self.heads = heads
        self.widths = (3 * hidden_size, MLP_RATIO * hidden_size)
        self.modulation = Modulation(hidden_size, 3, operations, **factory)
        self.pre_norm = operations.LayerNorm(hidden_size, elementwise_affine=False, eps=NORM_EPS, **factory)
        self.linear1 = operations.Linear(hidden_size, sum(self.widths), **factory)
        self.norm = QueryKeyNorm(hidden_size // heads, operations, **factory)
        self.linear2 = operations.Linear(hidden_size + MLP_RATIO * hidden_size, hidden_size, **factory)

    def forward(self, x: Tensor, vector: Tensor, rotary: tuple[Tensor, Tensor], attention: Attention) -> Tensor:
        """x [B, T, D], vector [B, D] -> [B, T, D]."""
        shift, scale, gate = self.modulation(vector)
        qkv, mlp = self.linear1(modulate(self.pre_norm(x), shift, scale)).split(self.widths, dim=-1)
        q, k, v = split_heads(qkv, self.heads, self.norm)
        attended = attention(rotate(q, rotary), rotate(k, rotary), v)
        joined = torch.cat((attended, F.gelu(mlp, approximate="tanh")), dim=-1)
        return keep_finite(x + gate * self.linear2(joined))
