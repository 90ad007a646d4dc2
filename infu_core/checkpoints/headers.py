"""What a weight file says about itself: names, shapes, metadata. Read without reading one tensor.

A safetensors file starts with eight bytes of length and a table in JSON, so a file of 6 GB is recognised
from its first 100 kB (https://github.com/huggingface/safetensors, "Format").
"""

import json
from dataclasses import dataclass, field
from math import prod
from pathlib import Path

TYPE_BYTES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "F8_E4M3": 1, "F8_E5M2": 1, "I64": 8, "I32": 4, "U8": 1}
LARGEST_TABLE = 100_000_000
SAFETENSORS = (".safetensors", ".sft")
TORCH = (".bin", ".pt", ".pth")

Shapes = dict[str, tuple[int, ...]]


class CheckpointError(ValueError):
    """A weight file that can't be used; the message is one sentence for the user."""

    __module__ = "builtins"  # hosts show a class with its module; people need the name alone


@dataclass(frozen=True)
class Header:
    """`shapes` of all tensors by name, their `types` (safetensors' words, "BF16"), and the file's own `metadata`."""

    shapes: Shapes
    types: dict[str, str]
    metadata: dict[str, str] = field(default_factory=dict)

    def main_type(self) -> str:
        """The type that most numbers are stored in."""
        counts: dict[str, int] = {}
        for name, kind in self.types.items():
            counts[kind] = counts.get(kind, 0) + prod(self.shapes[name])
        return max(counts, key=lambda kind: counts[kind])


def read_safetensors_header(path: Path) -> Header:
    """Raises `CheckpointError` for a file that is empty, cut off, or of another kind."""
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(8)
        length = int.from_bytes(start, "little")
        if size < 8 or not 2 <= length <= LARGEST_TABLE:
            raise CheckpointError(not_safetensors(path.name, start + file.read(56), size))
        text = file.read(length)
    if not text.lstrip().startswith(b"{"):
        raise CheckpointError(not_safetensors(path.name, start + text[:56], size))
    if len(text) < length:
        raise CheckpointError(cut_off(path.name, size, 8 + length))
    try:
        table = json.loads(text)
        metadata = table.pop("__metadata__", None) or {}
        header = Header(
            {name: tuple(entry["shape"]) for name, entry in table.items()},
            {name: entry["dtype"] for name, entry in table.items()},
            {str(key): str(value) for key, value in metadata.items()},
        )
        end = 8 + length + max((entry["data_offsets"][1] for entry in table.values()), default=0)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise CheckpointError(f"{path.name} has a damaged safetensors header; download it again.") from error
    if size < end:
        raise CheckpointError(cut_off(path.name, size, end))
    if not header.shapes:
        raise CheckpointError(f"{path.name} is a safetensors file without any tensor; download it again.")
    return header


def cut_off(name: str, size: int, expected: int) -> str:
    return (
        f"{name} is cut off: it has {size:,} bytes of {expected:,}; its download did not finish, so delete it and "
        "download it again."
    )


def not_safetensors(name: str, start: bytes, size: int) -> str:
    """What the first bytes show, in the user's words."""
    if size == 0:
        return f"{name} is empty (0 bytes); its download did not finish, so delete it and download it again."
    kinds = (
        (b"version https://git-lfs", "a Git LFS pointer, not the weights themselves; fetch them with 'git lfs pull'"),
        (b"GGUF", "a GGUF file; InfuseNet is read from safetensors (bf16 or fp8)"),
        (b"PK\x03\x04", "a torch file with the wrong ending; rename it to .bin, or use the .safetensors file"),
        (b"\x80", "a pickle with the wrong ending; use the .safetensors file"),
        (b"<", "a web page, not the weights; download the file itself"),
    )
    for sign, what in kinds:
        if start.lstrip()[: len(sign)] == sign:
            return f"{name} is {what}."
    return f"{name} is no safetensors file; download it again, or choose another file."
