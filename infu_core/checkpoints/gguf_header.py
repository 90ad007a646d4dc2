"""What a GGUF file says of itself, read without the library that its packed numbers need.

Layout, little-endian: magic, version, counts; keys with values; names, sizes, types and places of tensors; then their
bytes, aligned (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md). Counts and lengths are held against what the
file has left before anything is read by them.
"""

import struct
from math import prod
from pathlib import Path
from typing import Any, BinaryIO

from .file_faults import CheckpointError, cut_off, reading, size_of
from .header_table import LONGEST_NAME, MOST_ENTRIES
from .headers import LARGEST_TABLE, Header

GGUF = (".gguf",)
MAGIC, VERSIONS = b"GGUF", (2, 3)
KINDS = {
    # number: name, numbers in a block, bytes of a block
    0: ("F32", 1, 4),
    1: ("F16", 1, 2),
    2: ("Q4_0", 32, 18),
    3: ("Q4_1", 32, 20),
    6: ("Q5_0", 32, 22),
    7: ("Q5_1", 32, 24),
    8: ("Q8_0", 32, 34),
    10: ("Q2_K", 256, 84),
    11: ("Q3_K", 256, 110),
    12: ("Q4_K", 256, 144),
    13: ("Q5_K", 256, 176),
    14: ("Q6_K", 256, 210),
    16: ("IQ2_XXS", 256, 66),
    17: ("IQ2_XS", 256, 74),
    18: ("IQ3_XXS", 256, 98),
    19: ("IQ1_S", 256, 50),
    20: ("IQ4_NL", 32, 18),
    21: ("IQ3_S", 256, 110),
    22: ("IQ2_S", 256, 82),
    23: ("IQ4_XS", 256, 136),
    28: ("F64", 1, 8),
    29: ("IQ1_M", 256, 56),
    30: ("BF16", 1, 2),
    34: ("TQ1_0", 256, 54),
    35: ("TQ2_0", 256, 66),
    39: ("MXFP4", 32, 17),
}
BLOCKS = {name: (numbers, size) for name, numbers, size in KINDS.values()}
PACKED = {name for name, (numbers, _) in BLOCKS.items() if numbers > 1}
"""Types whose numbers lie in blocks with scales."""
VALUE_FORMATS = dict(zip(range(8), ("B", "b", "H", "h", "I", "i", "f", "?"), strict=True)) | {10: "Q", 11: "q", 12: "d"}
TEXT, LIST = 8, 9
MOST_DIMENSIONS, LARGEST_ALIGNMENT, MOST_TEXTS = 4, 2**20, 1_000_000
ALIGNMENT, SPLITS, ORIGINAL_SHAPE = "general.alignment", "split.count", "comfy.gguf.orig_shape."


class HeaderReader:
    """The header's bytes in order; more than a file has left, or than a header ever needs, is refused unread."""

    def __init__(self, file: BinaryIO, size: int, name: str, largest: int):
        self.file, self.size, self.name, self.largest = file, size, name, largest

    def take(self, count: int) -> bytes:
        end = self.file.tell() + count
        if end > self.largest:
            raise self.damaged()
        if end > self.size:
            raise CheckpointError(cut_off(self.name, self.size, end))
        return self.file.read(count)

    def damaged(self) -> CheckpointError:
        return CheckpointError(f"{self.name} has a damaged GGUF header; download it again.")

    def number(self, form: str):
        return struct.unpack(f"<{form}", self.take(struct.calcsize(f"<{form}")))[0]

    def count(self, form: str, most: int) -> int:
        found = self.number(form)
        if found > most:
            raise self.damaged()
        return found

    def text(self, longest: int) -> str:
        return self.take(self.count("Q", longest)).decode("utf-8")

    def value(self, kind: int):
        if kind == TEXT:
            return self.text(self.largest)
        if kind in VALUE_FORMATS:
            return self.number(VALUE_FORMATS[kind])
        if kind != LIST:
            raise self.damaged()
        return self.values(self.number("I"), self.count("Q", self.largest))

    def values(self, kind: int, count: int) -> tuple:
        """A list; of a long one, such as a vocabulary, nothing is kept."""
        if kind in VALUE_FORMATS:
            form = f"<{count}{VALUE_FORMATS[kind]}"
            stored = self.take(struct.calcsize(form))
            return struct.unpack(form, stored) if count <= MOST_DIMENSIONS else ()
        if kind != TEXT or count > MOST_TEXTS:
            raise self.damaged()
        for _ in range(count):
            self.text(self.largest)
        return ()


def read_gguf_header(path: Path, largest: int = LARGEST_TABLE) -> Header:
    """`types` are GGUF's names; `metadata` has the texts. Raises `CheckpointError` in one sentence."""
    with reading(path.name), path.open("rb") as file:
        reader = HeaderReader(file, size_of(path), path.name, largest)
        if file.read(4) != MAGIC:
            raise CheckpointError(f"{path.name} is no GGUF file; download it again, or choose another file.")
        version = reader.number("I")
        if version not in VERSIONS:
            raise CheckpointError(f"{path.name} is GGUF of version {version}, which can't be read; use version 3.")
        tensors, keys = reader.count("Q", MOST_ENTRIES), reader.count("Q", MOST_ENTRIES)
        values: dict[str, Any] = {reader.text(LONGEST_NAME): reader.value(reader.number("I")) for _ in range(keys)}
        if values.get(SPLITS, 1) > 1:
            raise CheckpointError(
                f"{path.name} is one of {values[SPLITS]} parts of a network; join them with gguf-split --merge."
            )
        entries = [checked_entry(reader) for _ in range(tensors)]
        return placed(entries, values, reader)


def checked_entry(reader: HeaderReader) -> tuple[str, tuple[int, ...], str, int]:
    """Name, shape as torch writes it, type and place of one tensor."""
    name = reader.text(LONGEST_NAME)
    sizes = [reader.count("Q", reader.size * 256) for _ in range(reader.count("I", MOST_DIMENSIONS))]
    kind, offset = reader.number("I"), reader.number("Q")
    if kind not in KINDS:
        raise CheckpointError(
            f"{reader.name} stores {name} in GGUF's type {kind}, which can't be read; use a Q8_0 or bf16 file."
        )
    if sizes and sizes[0] % KINDS[kind][1]:
        raise reader.damaged()
    return name, tuple(reversed(sizes)), KINDS[kind][0], offset


def placed(entries: list[tuple[str, tuple[int, ...], str, int]], values: dict, reader: HeaderReader) -> Header:
    alignment = values.get(ALIGNMENT, 32)
    if not isinstance(alignment, int) or not 0 < alignment <= LARGEST_ALIGNMENT:
        raise reader.damaged()
    start = -(-reader.file.tell() // alignment) * alignment
    shapes, types, places, end = {}, {}, {}, start
    for name, shape, kind, offset in sorted(entries, key=lambda entry: entry[3]):
        numbers, size = BLOCKS[kind]
        first = start + offset
        if first < end or name in shapes:
            raise reader.damaged()
        end = first + prod(shape) // numbers * size
        if end > reader.size:
            raise CheckpointError(cut_off(reader.name, reader.size, end))
        original = values.get(ORIGINAL_SHAPE + name, shape)
        shapes[name] = tuple(original) if prod(original) == prod(shape) else shape
        types[name], places[name] = kind, (first, end)
    if not shapes:
        raise CheckpointError(f"{reader.name} is a GGUF file without any tensor; download it again.")
    return Header(shapes, types, {key: value for key, value in values.items() if isinstance(value, str)}, places)
