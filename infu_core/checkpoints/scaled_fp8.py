"""Matrices in eight bits with a scale each, as ComfyUI writes them: `weight` x `weight_scale`, noted in `comfy_quant`.

Those are fp8 of two kinds, and int8 without a rotation.

ComfyUI's older names, `scale_weight` beside a tensor `scaled_fp8`, are read too. What is read becomes bf16, which every
later layer knows; scales of inputs are for fp8 arithmetic, which is not done here. Layout: `comfy/quant_ops.py` and
`comfy/utils.py`, `convert_old_quants`, of ComfyUI 0.14 to 0.33.
"""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor

from ..pack_version import pack_version
from .file_faults import CheckpointError

QUANT, SCALE = "comfy_quant", "weight_scale"
OLD_MARK, OLD_SCALE = "scaled_fp8", "scale_weight"
INPUT_SCALES = ("input_scale", "scale_input")
METADATA = "_quantization_metadata"
LONGEST_NOTE = 10_000
READABLE = ("float8_e4m3fn", "float8_e5m2", "int8_tensorwise")
BLOCK_SCALES = {"weight_scale_2": "nvfp4", "pre_quant_scale": "nvfp4"}
"""Tensors that only a format of fewer bits has, where no note names it."""
BITSANDBYTES = re.compile(r"\.quant_state\.bitsandbytes__(\w+)$")
SMALLEST = 2**14
"""Numbers of a matrix below which its bf16 is kept: nothing is won there."""
MOST = torch.finfo(torch.float8_e4m3fn).max


def parted(name: str) -> tuple[str, str]:
    """A tensor's module and what it is of it."""
    module, _, kind = name.rpartition(".")
    return module, kind


def scales_of(names: Iterable[str]) -> dict[str, str]:
    """Scaled weight -> the tensor that holds its scale."""
    known = set(names)
    scales = {}
    for name in known:
        module, kind = parted(name)
        weight = f"{module}.weight" if module else "weight"
        if kind in (SCALE, OLD_SCALE) and weight in known:
            scales[weight] = name
    return scales


def helpers(names: Iterable[str]) -> set[str]:
    """What is no weight of a network: scales, marks, notes."""
    return {name for name in names if parted(name)[1] in {QUANT, SCALE, OLD_MARK, OLD_SCALE, *INPUT_SCALES}}


def check_names(names: Iterable[str], file: str) -> None:
    """Raises `CheckpointError` for weights that bitsandbytes packed, or of four bits."""
    packed = next((match[1] for name in names if (match := BITSANDBYTES.search(name))), None)
    if packed:
        raise CheckpointError(
            f"{file} is packed by bitsandbytes ({packed}), which can't be read here; use the bf16 or fp8 file."
        )
    for name in names:
        module, kind = parted(name)
        if kind in BLOCK_SCALES:
            check_format(BLOCK_SCALES[kind], module, file)


def check_note(note: Tensor, name: str, file: str) -> None:
    """A `comfy_quant` tensor; raises `CheckpointError` for a format of fewer bits, or a note that is none."""
    try:
        if note.numel() > LONGEST_NOTE:
            raise ValueError(f"{note.numel()} bytes")
        layer = json.loads(bytes(note.to(torch.uint8).flatten().tolist()))
        told = told_format(layer)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CheckpointError(f"{file} is damaged: {name} does not say how it is stored; download it again.") from error
    check_format(told, parted(name)[0], file)


def check_metadata(metadata: Mapping[str, str], file: str) -> None:
    """The same notes as one table in the file's metadata; raises the same errors."""
    try:
        layers: dict[str, Any] = json.loads(metadata.get(METADATA, '{"layers": {}}'))["layers"]
        formats = {layer: told_format(told) for layer, told in layers.items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CheckpointError(f"{file} is damaged: its {METADATA} can't be read; download it again.") from error
    for layer, told in formats.items():
        check_format(told, layer, file)


def told_format(layer: Mapping[str, Any]) -> Any:
    """A note's word for its format; ComfyUI looks for a rotation among its `params` too."""
    params = layer.get("params")
    turned = layer.get("convrot", params.get("convrot") if isinstance(params, dict) else False)
    return f"{layer['format']} with a rotation (convrot)" if turned else layer["format"]


def check_format(told: Any, layer: str, file: str) -> None:
    if told not in READABLE:
        raise CheckpointError(
            f"{file} stores {layer} as {told}, which InfU nodes {pack_version()} can't read (of ComfyUI's formats it "
            f"reads {', '.join(READABLE)}); use the bf16 or fp8 file, or update InfU nodes."
        )


def unscaled(weight: Tensor, scale: Tensor, name: str, file: str) -> Tensor:
    """The matrix in bf16. `scale`: one number, or one for each row; one byte each have those of blocks (mxfp8)."""
    if scale.element_size() == 1:
        check_format("mxfp8", parted(name)[0], file)
    scale = scale.float()
    rows = (weight.shape[0], *(1 for _ in weight.shape[1:]))
    fits = scale.numel() == 1 or scale.numel() == weight.shape[0]
    if not fits or not torch.isfinite(scale).all() or not (scale > 0).all():
        raise CheckpointError(
            f"{file} is damaged: the scale of {name}, of shape {tuple(scale.shape)}, can't be one for a matrix of "
            f"{tuple(weight.shape)}; download it again."
        )
    return (weight.float() * scale.reshape(rows if scale.numel() > 1 else ())).to(torch.bfloat16)


def scaled(weights: Mapping[str, Tensor], smallest: int = SMALLEST) -> dict[str, Tensor]:
    """A network's weights for a file: matrices of `smallest` numbers or more in e4m3 with a scale, the rest in bf16.

    Scales are powers of two: the product then is exact in bf16, so that whoever computes it, in whatever type, finds
    the same number.
    """
    stored = {}
    note = json.dumps({"format": "float8_e4m3fn", "full_precision_matrix_mult": True}).encode()
    for name, value in weights.items():
        module, kind = parted(name)
        if kind != "weight" or value.ndim != 2 or value.numel() < smallest or not value.any():
            stored[name] = value.to(torch.bfloat16).contiguous()
            continue
        scale = torch.exp2((value.abs().max().float() / MOST).log2().ceil())
        stored[name] = (value.float() / scale).clamp(-MOST, MOST).to(torch.float8_e4m3fn).contiguous()
        stored[f"{module}.{SCALE}"] = scale
        stored[f"{module}.{QUANT}"] = torch.tensor(list(note), dtype=torch.uint8)
    return stored


def plain(stored: Mapping[str, Tensor], file: str) -> dict[str, Tensor]:
    """The weights of such a file, or of any other, without scales and notes."""
    scales = scales_of(stored)
    check_names(stored, file)
    for name in stored:
        if parted(name)[1] == QUANT:
            check_note(stored[name], name, file)
    return {
        name: unscaled(value, stored[scales[name]], name, file) if name in scales else value
        for name, value in stored.items()
        if name not in helpers(stored)
    }
