"""Weights that were damaged after they were made: zeros where a download reserved its space, NaN, infinity.

Looked at are three blocks of each tensor, its head, its middle and its tail, so that a network of 6 GB costs some
thousand small reads. One NaN between the blocks is not found; a stretch that was never written is.

Zeros are right in biases, in norms, and in projections that training begins at zero (`BORN_ZERO`).
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import torch
from torch import Tensor

from .file_faults import CheckpointError
from .gguf_files import pieces
from .gguf_header import GGUF
from .headers import Header
from .stored_types import TORCH_TYPES
from .weight_files import WeightFiles

BLOCK = 1024
BORN_ZERO = re.compile(r"(controlnet_(single_)?blocks|(double|single)_residuals|controlnet_x_embedder|control_in)\b")


def check_weights(files: WeightFiles, names: Iterable[str] | None = None) -> None:
    """`names`: the tensors that will be used, None for all. Raises `CheckpointError` that names the damaged one."""
    check_tensors(files.name, sampled(files, set(files.header.shapes if names is None else names)))


def check_tensors(file: str, tensors: Iterable[tuple[str, bool, list[Tensor]]]) -> None:
    """`tensors`, in the order of the file: name, whether it may be zero, its blocks."""
    zeros, first = 0, ""
    for name, may_be_zero, blocks in tensors:
        for block in blocks:
            if not torch.isfinite(block).all():
                raise CheckpointError(
                    f"{file} is damaged: {name} holds NaN or infinite numbers; delete it and download it again."
                )
        if may_be_zero:
            continue
        for block in blocks:
            zeros, first = (0, "") if block.any() else (zeros + 1, first or name)
            if zeros > len(blocks):
                raise unwritten(file, first)
    if zeros:
        raise unwritten(file, first)


def unwritten(file: str, name: str) -> CheckpointError:
    return CheckpointError(
        f"{file} is damaged: from {name} on it holds zeros, as a download leaves that reserved its space and did not "
        "finish; delete it and download it again."
    )


def may_be_zero(name: str, shape: tuple[int, ...]) -> bool:
    return len(shape) < 2 or 1 in shape or bool(BORN_ZERO.search(name))


def sampled(files: WeightFiles, names: set[str]) -> Iterator[tuple[str, bool, list[Tensor]]]:
    if files.torch_weights:
        yield from sampled_tensors({name: files.torch_weights[name] for name in files.torch_weights if name in names})
        return
    header = files.header
    for path in dict.fromkeys(files.owners.values()):
        if path.suffix.lower() in GGUF:
            yield from sampled_gguf(path, header, names)
            continue
        own = (name for name in names if files.owners[name] == path and header.types[name] in TORCH_TYPES)
        with path.open("rb") as file:
            for name in sorted(own, key=lambda name: header.places[name]):
                dtype = TORCH_TYPES[header.types[name]]
                first, last = header.places[name]
                blocks = []
                for start, end in stretches(first, last, BLOCK * dtype.itemsize, dtype.itemsize):
                    file.seek(start)
                    blocks.append(torch.frombuffer(bytearray(file.read(end - start)), dtype=dtype).float())
                yield name, may_be_zero(name, header.shapes[name]), blocks


def sampled_gguf(path: Path, header: Header, names: set[str]) -> Iterator[tuple[str, bool, list[Tensor]]]:
    with path.open("rb") as file:
        for name in sorted(names, key=lambda name: header.places[name]):
            yield name, may_be_zero(name, header.shapes[name]), list(pieces(file, header, name, BLOCK))


def sampled_tensors(weights: dict[str, Tensor]) -> Iterator[tuple[str, bool, list[Tensor]]]:
    for name, weight in weights.items():
        if weight.is_floating_point():
            flat = weight.reshape(-1)
            blocks = [flat[start:end].float() for start, end in stretches(0, len(flat), BLOCK, 1)]
            yield name, may_be_zero(name, tuple(weight.shape)), blocks


def stretches(first: int, last: int, length: int, step: int) -> list[tuple[int, int]]:
    """Head, middle and tail of a range; all of it where it is short."""
    if last - first <= 3 * length:
        return [(first, last)] if last > first else []
    middle = first + (last - first - length) // 2 // step * step
    return [(first, first + length), (middle, middle + length), (last - length, last)]
