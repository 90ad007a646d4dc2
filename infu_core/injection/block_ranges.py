"""Blocks of the base, as a person names them: 'all', 'double', 'single 10-20, double 3'."""

import re
from dataclasses import dataclass

from ..typed_numbers import quoted

DOUBLE, SINGLE = "double", "single"
KINDS = {"all": (DOUBLE, SINGLE), DOUBLE: (DOUBLE,), SINGLE: (SINGLE,)}
WRITTEN = re.compile(r"(all|double|single)(?:\s+(\d{1,4})(?:\s*-\s*(\d{1,4}))?)?", re.ASCII)


@dataclass(frozen=True)
class BlockRange:
    """Blocks of one kind from `first` to `last`, both included, counted from 0."""

    kind: str
    first: int = 0
    last: int = 9999

    def __contains__(self, block: tuple[str, int]) -> bool:
        kind, index = block
        return kind == self.kind and self.first <= index <= self.last


def read_blocks(text: str) -> tuple[BlockRange, ...]:
    """ValueError, with what was typed, where it names no blocks."""
    ranges: list[BlockRange] = []
    for part in text.lower().split(","):
        written = WRITTEN.fullmatch(part.strip())
        if written is None or (written[1] == "all" and written[2]):
            raise ValueError(
                f"interaction_blocks is '{quoted(text)}'; write all, double, single, or a range such as "
                "'single 10-20', with commas between several."
            )
        numbers = [int(number) for number in written.groups()[1:] if number]
        if numbers and numbers[0] > numbers[-1]:
            raise ValueError(f"interaction_blocks has '{quoted(part.strip())}'; the first block comes first.")
        bounds = (numbers[0], numbers[-1]) if numbers else ()
        ranges += [BlockRange(kind, *bounds) for kind in KINDS[written[1]]]
    return tuple(ranges)


ALL_BLOCKS = read_blocks("all")
