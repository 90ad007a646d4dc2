"""The table at the head of a safetensors file, checked as the format demands before anything believes it.

Bounds come first, so that a damaged or hostile table costs neither time nor memory: how many entries, how long a name,
how large a number. Then each entry, and then all together: they lie one behind the other, without holes, to the end.
"""

import json
from math import prod
from typing import Any, TypeGuard

from .file_faults import CheckpointError, cut_off

TYPE_BYTES = {
    **dict.fromkeys(("F64", "I64", "U64", "C64"), 8),
    **dict.fromkeys(("F32", "I32", "U32"), 4),
    **dict.fromkeys(("F16", "BF16", "I16", "U16"), 2),
    **dict.fromkeys(("F8_E4M3", "F8_E5M2", "F8_E8M0", "I8", "U8", "BOOL"), 1),
}
"""Types that a newer format adds are let through; whether their numbers can be read is asked where they are."""

MOST_ENTRIES = 100_000
MOST_COMMAS = 7 * MOST_ENTRIES
LONGEST_NAME = 1000
LARGEST_NUMBER = 2**53
MOST_DIMENSIONS = 16

Shapes = dict[str, tuple[int, ...]]
Types = dict[str, str]
Metadata = dict[str, str]
Places = dict[str, tuple[int, int]]


def checked_table(text: bytes, size: int, name: str) -> tuple[Shapes, Types, Metadata, Places]:
    """`text`: the table; `size`: bytes of the whole file. `Places` are counted from the file's start."""
    head = 8 + len(text)
    if text.count(b'"data_offsets"') > MOST_ENTRIES or text.count(b",") > MOST_COMMAS:
        raise CheckpointError(f"{name} claims more than {MOST_ENTRIES:,} tensors; download it again.")
    table = parse_table(text, name)
    metadata = table.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise damaged(name, "its metadata are no table of texts")
    if not table:
        raise CheckpointError(f"{name} is a safetensors file without any tensor; download it again.")
    shapes, types, places = {}, {}, {}
    for key, entry in table.items():
        shapes[key], types[key], places[key] = checked_entry(key, entry, name)
    check_places(places, head, size, name)
    places = {key: (head + first, head + last) for key, (first, last) in places.items()}
    return shapes, types, metadata, places


def damaged(name: str, what: str) -> CheckpointError:
    return CheckpointError(f"{name} has a damaged safetensors header ({what}); download it again.")


def parse_table(text: bytes, name: str) -> dict[str, Any]:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        table = dict(pairs)
        if len(table) < len(pairs):
            raise ValueError("it names something twice")
        return table

    def no_number(word: str):
        raise ValueError(f"{word} is no number there")

    try:
        table = json.loads(text.decode("utf-8"), object_pairs_hook=once, parse_constant=no_number)
    except UnicodeDecodeError as error:
        raise damaged(name, "it is not UTF-8") from error
    except RecursionError as error:
        raise damaged(name, "it is nested too deep") from error
    except ValueError as error:
        raise damaged(name, "it is not the JSON that it should be") from error
    if not isinstance(table, dict):
        raise damaged(name, "it is no table")
    return table


def checked_entry(key: str, entry: Any, name: str) -> tuple[tuple[int, ...], str, tuple[int, int]]:
    """Shape, type, and place of one tensor."""
    if len(key) > LONGEST_NAME:
        raise damaged(name, f"a tensor's name has {len(key):,} letters")
    if not isinstance(entry, dict):
        raise damaged(name, f"{key} is no table")
    shape, kind, place = entry.get("shape"), entry.get("dtype"), entry.get("data_offsets")
    if not isinstance(kind, str) or len(kind) > 40:
        raise damaged(name, f"the type of {key} is no word")
    if not are_counts(shape) or len(shape) > MOST_DIMENSIONS:
        raise damaged(name, f"the shape of {key} is no list of sizes")
    if not are_counts(place) or len(place) != 2 or place[0] > place[1]:
        raise damaged(name, f"the place of {key} is no range of bytes")
    if kind in TYPE_BYTES and prod(shape) * TYPE_BYTES[kind] != place[1] - place[0]:
        raise damaged(name, f"{key} has another size than its shape and type say")
    return tuple(shape), kind, (place[0], place[1])


def are_counts(values: Any) -> TypeGuard[list[int]]:
    """A list of whole numbers that a file can hold; JSON's true is none of them."""
    return isinstance(values, list) and all(type(value) is int and 0 <= value < LARGEST_NUMBER for value in values)


def check_places(places: dict[str, tuple[int, int]], head: int, size: int, name: str) -> None:
    end = 0
    for key, (first, last) in sorted(places.items(), key=lambda item: item[1]):
        if first != end:
            raise damaged(name, f"{key} {'overlaps another tensor' if first < end else 'leaves a hole before it'}")
        end = last
    if size < head + end:
        raise CheckpointError(cut_off(name, size, head + end))
    if size > head + end:
        raise CheckpointError(
            f"{name} has {size - head - end:,} bytes behind its last tensor, so it is damaged; download it again."
        )
