"""Weights in GGUF, dequantised once while they are loaded: blocks of numbers with scales become bf16."""

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
import torch
from torch import Tensor

from .file_faults import CheckpointError, reading
from .gguf_header import BLOCKS, PACKED
from .headers import Header
from .stored_types import TORCH_TYPES


def check_library(header: Header, file: str) -> None:
    """Raises `CheckpointError` where packed numbers need a library that is not there."""
    packed = sorted(PACKED & set(header.types.values()))
    if packed and importlib.util.find_spec("gguf") is None:
        raise CheckpointError(
            f"{file} is packed as GGUF ({', '.join(packed)}), for which the package gguf is needed: run "
            "'python -m pip install gguf' with ComfyUI's Python and start ComfyUI again, or use the bf16 or fp8 file."
        )


def read_tensor(path: Path, header: Header, name: str) -> Tensor:
    """As it is stored, in bf16 where it is packed."""
    first, last = header.places[name]
    with reading(path.name), path.open("rb") as file:
        return numbers(file, header.types[name], first, last).reshape(header.shapes[name])


def numbers(file: BinaryIO, kind: str, first: int, last: int) -> Tensor:
    """What lies between two places of the file, flat."""
    file.seek(first)
    stored = bytearray(file.read(last - first))
    if kind not in PACKED:
        return torch.frombuffer(stored, dtype=TORCH_TYPES[kind]) if stored else torch.empty(0, dtype=TORCH_TYPES[kind])
    from gguf import GGMLQuantizationType
    from gguf.quants import dequantize

    blocks = np.frombuffer(stored, dtype=np.uint8).reshape(-1, BLOCKS[kind][1])
    with np.errstate(over="ignore", invalid="ignore"):  # scales that are infinite or NaN are told as damage
        unpacked = dequantize(blocks, GGMLQuantizationType[kind])
    return torch.from_numpy(np.ascontiguousarray(unpacked, dtype=np.float32)).flatten().to(torch.bfloat16)


def pieces(file: BinaryIO, header: Header, name: str, least: int) -> Iterator[Tensor]:
    """Head, middle and tail of a tensor, of at least so many numbers each; all of it where it is short."""
    kind, (first, last) = header.types[name], header.places[name]
    in_block, size = BLOCKS[kind]
    blocks, length = (last - first) // size, -(-least // in_block)
    starts = [0] if blocks <= 3 * length else [0, (blocks - length) // 2, blocks - length]
    for start in starts if blocks else []:
        end = blocks if len(starts) == 1 else start + length
        yield numbers(file, kind, first + start * size, first + end * size).float()
