"""One of several parts of a long work, for as many machines: `--part 3/64`, each with a folder of its own."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Part:
    """Part `index` of `count`, counted from 1."""

    index: int = 1
    count: int = 1

    @classmethod
    def parse(cls, text: str) -> "Part":
        """`3/64`. Raises `ValueError`."""
        index, _, count = text.partition("/")
        if not (index.isdecimal() and count.isdecimal() and 1 <= int(index) <= int(count)):
            raise ValueError(f"The part is {text}; write it as 3/64: the third of 64.")
        return cls(int(index), int(count))

    def has(self, place: int) -> bool:
        """Does the thing at this place of the whole belong to it?"""
        return place % self.count == self.index - 1

    def folder(self, whole: Path) -> Path:
        return whole if self.count == 1 else whole / f"part-{self.index:04d}-of-{self.count:04d}"


WHOLE = Part()
