"""InfuseNet's parameter names: ours beside the published (diffusers) ones, one table used both ways.

A row is one module of ours and the published modules whose weights, stacked by rows, are its weights.
"""

from collections.abc import Iterator

import torch
from torch import Tensor

MODULES = {
    "img_in": ("x_embedder",),
    "control_in": ("controlnet_x_embedder",),
    "txt_in": ("context_embedder",),
    "time_in.in_layer": ("time_text_embed.timestep_embedder.linear_1",),
    "time_in.out_layer": ("time_text_embed.timestep_embedder.linear_2",),
    "vector_in.in_layer": ("time_text_embed.text_embedder.linear_1",),
    "vector_in.out_layer": ("time_text_embed.text_embedder.linear_2",),
}
GUIDANCE = {
    "guidance_in.in_layer": ("time_text_embed.guidance_embedder.linear_1",),
    "guidance_in.out_layer": ("time_text_embed.guidance_embedder.linear_2",),
}
DOUBLE_BLOCK = {
    "double_blocks.{}.img_mod.lin": ("transformer_blocks.{}.norm1.linear",),
    "double_blocks.{}.img_attn.qkv": (
        "transformer_blocks.{}.attn.to_q",
        "transformer_blocks.{}.attn.to_k",
        "transformer_blocks.{}.attn.to_v",
    ),
    "double_blocks.{}.img_attn.norm.query_norm": ("transformer_blocks.{}.attn.norm_q",),
    "double_blocks.{}.img_attn.norm.key_norm": ("transformer_blocks.{}.attn.norm_k",),
    "double_blocks.{}.img_attn.proj": ("transformer_blocks.{}.attn.to_out.0",),
    "double_blocks.{}.img_mlp.0": ("transformer_blocks.{}.ff.net.0.proj",),
    "double_blocks.{}.img_mlp.2": ("transformer_blocks.{}.ff.net.2",),
    "double_blocks.{}.txt_mod.lin": ("transformer_blocks.{}.norm1_context.linear",),
    "double_blocks.{}.txt_attn.qkv": (
        "transformer_blocks.{}.attn.add_q_proj",
        "transformer_blocks.{}.attn.add_k_proj",
        "transformer_blocks.{}.attn.add_v_proj",
    ),
    "double_blocks.{}.txt_attn.norm.query_norm": ("transformer_blocks.{}.attn.norm_added_q",),
    "double_blocks.{}.txt_attn.norm.key_norm": ("transformer_blocks.{}.attn.norm_added_k",),
    "double_blocks.{}.txt_attn.proj": ("transformer_blocks.{}.attn.to_add_out",),
    "double_blocks.{}.txt_mlp.0": ("transformer_blocks.{}.ff_context.net.0.proj",),
    "double_blocks.{}.txt_mlp.2": ("transformer_blocks.{}.ff_context.net.2",),
    "double_residuals.{}": ("controlnet_blocks.{}",),
}
SINGLE_BLOCK = {
    "single_blocks.{}.modulation.lin": ("single_transformer_blocks.{}.norm.linear",),
    "single_blocks.{}.linear1": (
        "single_transformer_blocks.{}.attn.to_q",
        "single_transformer_blocks.{}.attn.to_k",
        "single_transformer_blocks.{}.attn.to_v",
        "single_transformer_blocks.{}.proj_mlp",
    ),
    "single_blocks.{}.norm.query_norm": ("single_transformer_blocks.{}.attn.norm_q",),
    "single_blocks.{}.norm.key_norm": ("single_transformer_blocks.{}.attn.norm_k",),
    "single_blocks.{}.linear2": ("single_transformer_blocks.{}.proj_out",),
    "single_residuals.{}": ("controlnet_single_blocks.{}",),
}
ROW_SHARES = {"double": (1, 1, 1), "single": (1, 1, 1, 4)}
"""How the rows of stacked weights divide: q, k, v, and in single blocks the feed-forward (4 times as wide)."""


def modules(double_blocks: int, single_blocks: int, guidance_embeds: bool) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Every module of a network of this size: our name, published names."""
    yield from MODULES.items()
    if guidance_embeds:
        yield from GUIDANCE.items()
    for table, count in ((DOUBLE_BLOCK, double_blocks), (SINGLE_BLOCK, single_blocks)):
        for index in range(count):
            for ours, theirs in table.items():
                yield ours.format(index), tuple(name.format(index) for name in theirs)


def from_published(weights: dict[str, Tensor], double_blocks: int, single_blocks: int, guidance: bool) -> dict:
    """Published names -> ours. Keys that no table knows are kept, so that loading can report them."""
    left = dict(weights)
    converted = {}
    for ours, theirs in modules(double_blocks, single_blocks, guidance):
        for kind in ("weight", "bias"):
            parts = [left.pop(f"{name}.{kind}") for name in theirs if f"{name}.{kind}" in left]
            if len(parts) == len(theirs):
                converted[f"{ours}.{kind}"] = parts[0] if len(parts) == 1 else torch.cat(parts)
    return converted | left


def to_published(weights: dict[str, Tensor], double_blocks: int, single_blocks: int, guidance: bool) -> dict:
    """Ours -> published names: the inverse of `from_published`."""
    converted = {}
    for ours, theirs in modules(double_blocks, single_blocks, guidance):
        for kind in ("weight", "bias"):
            if f"{ours}.{kind}" in weights:
                whole = weights[f"{ours}.{kind}"]
                shares = {1: (1,), 3: ROW_SHARES["double"], 4: ROW_SHARES["single"]}[len(theirs)]
                rows = [len(whole) * share // sum(shares) for share in shares]
                for name, part in zip(theirs, whole.split(rows), strict=True):
                    converted[f"{name}.{kind}"] = part.contiguous()
    return converted
