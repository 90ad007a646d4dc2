"""Torch's own weight files (.bin, .pth), read without running anything that is in them.

Such a file is a pickle: a small program. Before torch sees it, its instructions are listed (not run), and a file
that names anything but tensors is refused. Torch then reads it with `weights_only`, which holds the same line.
"""

import pickletools
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import torch
from torch import Tensor

from .file_faults import CheckpointError, reading, size_of
from .headers import Header
from .stored_types import TYPE_NAMES

HARMLESS = {
    "collections OrderedDict",
    "torch._utils _rebuild_tensor_v2",
    "torch._utils _rebuild_parameter",
    "torch Size",
    "torch device",
    "torch.serialization _get_layout",
    *(
        f"torch {kind}Storage"
        for kind in ("Float", "Half", "BFloat16", "Double", "Long", "Int", "Short", "Char", "Byte", "Bool", "Untyped")
    ),
    "torch.storage UntypedStorage",
    "torch.storage TypedStorage",
}
LONGEST_WORD, MOST_INSTRUCTIONS = 100_000, 200_000
LEGACY_PICKLES = 5  # magic number, protocol, system, content, storage names


def read_torch_file(path: Path) -> dict[str, Tensor]:
    """Tensors by name; nested tables become `outer.inner`. Tensors stay on the disk until they are used."""
    with reading(path.name):
        zipped = check_harmless(path)
        content = torch.load(path, map_location="cpu", weights_only=True, mmap=zipped or None)
        if not isinstance(content, dict):
            raise CheckpointError(f"{path.name} holds a {type(content).__name__} instead of named weights.")
        weights = dict(flatten(content))
        if not weights:
            raise CheckpointError(f"{path.name} holds no weights; download it again.")
        check_bytes(weights, path)
        return weights


def check_bytes(weights: dict[str, Tensor], path: Path) -> None:
    """Together the tensors may not be larger than their file: a stride of 0 makes gigabytes out of one number."""
    claimed, there = sum(weight.numel() * weight.element_size() for weight in weights.values()), size_of(path)
    if claimed > there:
        raise CheckpointError(
            f"{path.name} claims {claimed:,} bytes of weights in a file of {there:,}; download it from its source."
        )


def flatten(content: dict, prefix: str = "") -> Iterator[tuple[str, Tensor]]:
    for name, value in content.items():
        if isinstance(value, dict):
            yield from flatten(value, f"{prefix}{name}.")
        elif isinstance(value, Tensor):
            yield f"{prefix}{name}", value.detach()


def header_of(weights: dict[str, Tensor]) -> Header:
    return Header(
        {name: tuple(weight.shape) for name, weight in weights.items()},
        {name: TYPE_NAMES.get(weight.dtype, str(weight.dtype)) for name, weight in weights.items()},
    )


def check_harmless(path: Path) -> bool:
    """Refuse, unread, a file that would do more than make tensors. True where it is of the newer, zipped kind."""
    size_of(path)
    zipped = zipfile.is_zipfile(path)
    try:
        named = set(named_in_zip(path)) if zipped else set(named_in_legacy(path))
    except (CheckpointError, OSError):
        raise
    except Exception as error:
        raise CheckpointError(
            f"{path.name} is no torch weight file, or its download did not finish; delete it and download it again."
        ) from error
    strange = sorted(named - HARMLESS)
    if strange:
        raise CheckpointError(
            f"{path.name} was refused unread: it is a pickle that would run '{strange[0].replace(' ', '.')}', which "
            "weights never need; get the file from its original source, or as .safetensors."
        )
    return zipped


def named_in_zip(path: Path) -> Iterator[str]:
    with zipfile.ZipFile(path) as archive:
        if sum(entry.file_size for entry in archive.infolist()) > size_of(path):
            raise CheckpointError(f"{path.name} is packed, which torch's weight files never are; unpack it.")
        pickles = [name for name in archive.namelist() if name.endswith(".pkl")]
        if not pickles:
            raise CheckpointError(f"{path.name} is a zip archive without weights; unpack it, or choose another file.")
        if any("/code/" in name for name in archive.namelist()):
            raise CheckpointError(f"{path.name} was refused unread: it is a TorchScript program, not plain weights.")
        for name in pickles:
            with archive.open(name) as file:
                yield from named_in_pickle(Bounded(file), size_of(path))  # pyright: ignore[reportArgumentType]


def named_in_legacy(path: Path) -> Iterator[str]:
    with path.open("rb") as file:
        for _ in range(LEGACY_PICKLES):
            yield from named_in_pickle(Bounded(file), size_of(path))


class Bounded:
    """A file to list a pickle's instructions from: no word of it may be longer than a name ever is."""

    def __init__(self, file: BinaryIO):
        self.file = file

    def read(self, count: int) -> bytes:
        if not 0 <= count <= LONGEST_WORD:
            raise ValueError(f"a word of {count:,} bytes")
        return self.file.read(count)

    def readline(self) -> bytes:
        line = self.file.readline(LONGEST_WORD)
        if len(line) == LONGEST_WORD:
            raise ValueError("a line without an end")
        return line


def named_in_pickle(file: Bounded, size: int) -> Iterator[str]:
    """Every 'module name' that a pickle would import, read from its instructions alone.

    `torch.save` names modules by GLOBAL only; any other way to name one is reported as itself, and so refused.
    A storage says its length just before its BINPERSID; all together can't be more numbers than the file has bytes.
    """
    number, storages = 0, {}
    words: list[str] = []
    for count, (instruction, argument, _) in enumerate(pickletools.genops(file)):  # pyright: ignore[reportArgumentType]
        if count > MOST_INSTRUCTIONS:
            raise ValueError(f"more than {MOST_INSTRUCTIONS:,} instructions")
        if isinstance(argument, int) and "PUT" not in instruction.name and "GET" not in instruction.name:
            number = argument
        elif instruction.name == "BINUNICODE":
            words = [*words[-2:], str(argument)]
        elif instruction.name == "BINPERSID":
            storages["/".join(words)] = number
            if sum(storages.values()) > size:
                raise ValueError("more numbers than bytes")
        if instruction.name == "GLOBAL":
            yield str(argument)
        elif instruction.name in ("STACK_GLOBAL", "INST", "OBJ", "EXT1", "EXT2", "EXT4"):
            yield instruction.name
