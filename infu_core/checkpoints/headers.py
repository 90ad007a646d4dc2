"""What a weight file says about itself: names, shapes, metadata. Read without reading one tensor.

A safetensors file starts with eight bytes of length and a table in JSON, so a file of 6 GB is recognised
from its first 100 kB (https://github.com/huggingface/safetensors, "Format").
"""

from dataclasses import dataclass, field
from math import prod
from pathlib import Path

from .file_faults import CheckpointError, cut_off, reading, size_of
from .header_table import checked_table

LARGEST_TABLE = 100_000_000
SAFETENSORS = (".safetensors", ".sft")
TORCH = (".bin", ".pt", ".pth")

Shapes = dict[str, tuple[int, ...]]


@dataclass(frozen=True)
class Header:
    """`shapes` of all tensors by name, their `types` (safetensors' words, "BF16"), and the file's own `metadata`.

    `places`: first and last byte of each tensor in a safetensors file, counted from the file's start.
    """

    shapes: Shapes
    types: dict[str, str]
    metadata: dict[str, str] = field(default_factory=dict)
    places: dict[str, tuple[int, int]] = field(default_factory=dict)

    def main_type(self) -> str:
        """The type that most numbers are stored in."""
        counts: dict[str, int] = {}
        for name, kind in self.types.items():
            counts[kind] = counts.get(kind, 0) + prod(self.shapes[name])
        return max(counts, key=lambda kind: counts[kind])


def read_safetensors_header(path: Path, largest: int = LARGEST_TABLE) -> Header:
    """Raises `CheckpointError` for a file that is empty, cut off, damaged, or of another kind."""
    with reading(path.name):
        size = size_of(path)
        with path.open("rb") as file:
            start = file.read(8)
            length = int.from_bytes(start, "little")
            if size < 8 or not 2 <= length <= largest:
                raise CheckpointError(not_safetensors(path.name, start + file.read(56), size))
            first = file.read(1)
            if first != b"{":
                raise CheckpointError(not_safetensors(path.name, start + first + file.read(55), size))
            if size < 8 + length:
                raise CheckpointError(cut_off(path.name, size, 8 + length))
            return Header(*checked_table(first + file.read(length - 1), size, path.name))


def not_safetensors(name: str, start: bytes, size: int) -> str:
    """What the first bytes show, in the user's words."""
    if size == 0:
        return f"{name} is empty (0 bytes); its download did not finish, so delete it and download it again."
    kinds = (
        (b"version https://git-lfs", "a Git LFS pointer, not the weights themselves; fetch them with 'git lfs pull'"),
        (b"GGUF", "a GGUF file with the wrong ending; rename it to .gguf"),
        (b"PK\x03\x04", "a torch file with the wrong ending; rename it to .bin, or use the .safetensors file"),
        (b"\x80", "a pickle with the wrong ending; use the .safetensors file"),
        (b"<", "a web page, not the weights; download the file itself"),
    )
    for sign, what in kinds:
        if start.lstrip()[: len(sign)] == sign:
            return f"{name} is {what}."
    return f"{name} is no safetensors file; download it again, or choose another file."
