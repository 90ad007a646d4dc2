"""The two streams of identity guidance meet in ComfyUI's FLUX, around whatever attends there.

`optimized_attention_override` is one slot of an evaluation's transformer_options, which a sage-attention node fills.
Ours is put around it for one evaluation, so the order of nodes does not matter; InfuseNet never sees it.
"""

import uuid
from contextlib import nullcontext
from dataclasses import dataclass, field

import comfy.model_management
import torch
from comfy.patcher_extension import WrappersMP
from torch import Tensor

from ..injection.block_ranges import DOUBLE, SINGLE
from ..injection.stream_attention import FeatureInteraction, TextOnly, TokenLayout, attend_to_text_stream
from ..networks.latent_tokens import token_grid
from .comfyui_residual_channel import may_be_skipped
from .comfyui_sampling_request import SamplingRequest, request_in

OVERRIDE = "optimized_attention_override"
COMPILED = "torch.compile"
"""The key of TorchCompileModel's wrapper: code compiled around an override ends with a KeyError where there is none
(torch 2.11), so streams meet in plain code."""
NEGATIVE = 1
"""The negative prompt's number in `cond_or_uncond`: ComfyUI may give it an area of the positive one, name and all."""
OUT_OF_TURN = (
    "feature_interaction reads the prediction by the text alone first, and another node has this sampling evaluate the "
    "prompts in another order; set feature_interaction to off, or take that node out."
)

NEVER_ASKED = (
    "feature_interaction acts in ComfyUI's own attention, and this MODEL attends elsewhere (Nunchaku does); set "
    "feature_interaction to off, or load the model with ComfyUI's loader."
)


def other_stream(name: uuid.UUID) -> uuid.UUID:
    """The name of a prompt's text-only copy, and back."""
    return uuid.UUID(int=name.int ^ 1)


def check_flux(model) -> None:
    """ValueError where a MODEL's attention is not FLUX's."""
    kind = model.model.model_config.unet_config.get("image_model")
    if kind != "flux":
        raise ValueError(
            f"feature_interaction works with FLUX.1 models; this MODEL is of the kind '{kind or 'unknown'}'. "
            "Set feature_interaction to off."
        )


def meet_streams(executor, x, t, c_concat=None, c_crossattn=None, control=None, transformer_options=None, **kwargs):
    """APPLY_MODEL: one evaluation in which streams meet, where a guided prediction named its text-only prompts."""
    options = transformer_options or {}
    request = request_in(options)
    if not request.text_names or c_crossattn is None:
        return executor(x, t, c_concat, c_crossattn, control, options, **kwargs)
    override = override_for(request, executor.class_obj, x, c_crossattn, control is not None, options)
    compiled = COMPILED in options.get("wrappers", {}).get(WrappersMP.APPLY_MODEL, {})
    with torch.compiler.set_stance("force_eager") if compiled else nullcontext():
        predicted = executor(x, t, c_concat, c_crossattn, control, {**options, OVERRIDE: override}, **kwargs)
    if not override.asked and not may_be_skipped(options):
        raise ValueError(NEVER_ASKED)
    return predicted


def override_for(request: SamplingRequest, base, x: Tensor, context: Tensor, has_residuals: bool, options: dict):
    """Where the evaluation has no residuals its streams are the same, and none looks at the other."""
    names, numbers = options["uuids"], options["cond_or_uncond"]
    size = len(x) // len(names)
    rows = {name: slice(at * size, at * size + size) for at, name in enumerate(names) if numbers[at] != NEGATIVE}
    text = {name: place for name, place in rows.items() if name in request.text_names}
    guided = {name: place for name, place in rows.items() if other_stream(name) in request.text_names}
    sizes = base.model_config.unet_config
    grid = token_grid(*x.shape[-2:])
    tokens = TokenLayout(context.shape[1], *grid, tuple(sizes["axes_dim"]), sizes["theta"])
    apart = [name for name in text if other_stream(name) not in guided]
    if apart and request.interaction.keeps_tokens:
        check_memory(request.interaction, base, len(apart) * size, grid[0] * grid[1], x.device)
    return MeetingStreams(request, tokens, text, guided if has_residuals else {}, options.get(OVERRIDE))


def check_memory(interaction: FeatureInteraction, base, rows: int, tokens: int, device) -> None:
    """ValueError where the streams are evaluated apart and what is kept between would not fit."""
    sizes = base.model_config.unet_config
    depths = ((DOUBLE, sizes["depth"]), (SINGLE, sizes["depth_single_blocks"]))
    blocks = sum(interaction.acts_in((kind, index)) for kind, depth in depths for index in range(depth))
    item = (base.manual_cast_dtype or base.get_dtype()).itemsize
    needed = 2 * blocks * rows * tokens * sizes["hidden_size"] * item
    free = comfy.model_management.get_free_memory(device)
    if needed > free:
        raise ValueError(
            f"feature_interaction would keep {needed / 1e9:.1f} GB of the text-only stream in {blocks} blocks, and "
            f"{free / 1e9:.1f} GB are free; name fewer blocks in interaction_blocks, choose AdaIN-mean, or draw a "
            "smaller picture."
        )


@dataclass(frozen=True, eq=False)
class MeetingStreams:
    """The override of one evaluation. `text`, `guided`: rows of the text-only prompts and of those with identity."""

    request: SamplingRequest
    tokens: TokenLayout
    text: dict[uuid.UUID, slice]
    guided: dict[uuid.UUID, slice]
    inner: object = None
    asked: set[tuple[str, int]] = field(default_factory=set)

    def __call__(self, func, q: Tensor, k: Tensor, v: Tensor, heads: int, *args, **kwargs) -> Tensor:
        """ComfyUI's attention, q, k, v [B, heads, S, d] -> [B, S, heads * d]."""

        def attend(*qkv: Tensor, **changes) -> Tensor:
            if self.inner is None:
                return func(*qkv, heads, *args, **{**kwargs, **changes})
            return self.inner(func, *qkv, heads, *args, **{**kwargs, **changes})  # pyright: ignore[reportCallIssue]

        out = attend(q, k, v)
        block = block_of(kwargs.get("transformer_options") or {})
        if block is None:
            return out
        self.asked.add(block)
        if not self.request.interaction.acts_in(block):
            return out
        seen = {name: self.text_only(name, block, k, v) for name in self.text}
        mask = kwargs.get("mask")
        for name, rows in self.guided.items():
            other = seen.get(other_stream(name)) or self.request.memory.kept.get((other_stream(name), *block))
            if other is None:
                raise ValueError(OUT_OF_TURN)
            out[rows, self.tokens.image] = attend_to_text_stream(
                out[rows, self.tokens.image],
                q[rows],
                k[rows],
                v[rows],
                other,
                self.request.interaction,
                self.tokens,
                lambda q, k, v, mask: attend(q, k, v, mask=mask),
                mask[rows] if mask is not None and mask.ndim > 2 and len(mask) == len(q) else mask,
            )
        return out

    def text_only(self, name: uuid.UUID, block: tuple[str, int], k: Tensor, v: Tensor) -> TextOnly:
        """Of a text-only prompt of this evaluation; kept where a later evaluation asks for it."""
        interaction, rows = self.request.interaction, self.text[name]
        made = TextOnly.of(k[rows], v[rows], interaction, self.tokens)
        if interaction.every > 1 or other_stream(name) not in self.guided:
            self.request.memory.kept[(name, *block)] = made.on_its_own()
        return made


def block_of(options: dict) -> tuple[str, int] | None:
    """Which of FLUX's blocks attends; None where it is no block of the base."""
    return (options["block_type"], options["block_index"]) if "block_index" in options else None
