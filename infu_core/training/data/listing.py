"""A listing of pictures: a JSONL file, each line with `picture`, and `caption` or several `captions`.

For stage 2 a line has `reference` too: a photo of the same person, from which the identity is taken. Paths are
relative to the listing. A line that cannot be read is no reason to stop.
"""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any


class Unusable(Exception):
    """Why a sample is left out, in a few words that are counted."""


@dataclass(frozen=True)
class Line:
    """The listing's line `number`, from 1; `told` is what stands there, None where it is not JSON."""

    number: int
    told: Any
    folder: Path

    @property
    def name(self) -> str | None:
        """The picture as the listing names it, if it does."""
        return self.told.get("picture") if isinstance(self.told, dict) else None

    def picture(self) -> Path:
        return self._file("picture")

    def reference(self) -> Path | None:
        return self._file("reference") if self.told.get("reference") else None

    def _file(self, key: str) -> Path:
        if not isinstance(self.told, dict) or not isinstance(self.told.get(key), str):
            raise Unusable("unreadable line")
        return self.folder / self.told[key]

    def caption(self, seed: int) -> str:
        """One of the captions, drawn: a mixture of sources was found to help (InfiniteYou, supplement B)."""
        several = self.told.get("captions", [self.told.get("caption")])
        if not isinstance(several, list):
            raise Unusable("unreadable line")
        captions = [text.strip() for text in several if isinstance(text, str) and text.strip()]
        if not captions:
            raise Unusable("missing caption")
        return random.Random(f"{seed}/{self.number}").choice(captions)


def read_listing(listing: Path) -> Iterator[Line]:
    if not listing.is_file():
        raise ValueError(f"{listing} does not exist; docs/training.md shows what a listing looks like.")
    with open(listing, "rb") as file:
        for number, text in enumerate(file, 1):
            if text.strip():
                yield Line(number, _json(text), listing.parent)


def _json(text: bytes) -> Any:
    try:
        return json.loads(text)
    except ValueError:  # no JSON, or no UTF-8
        return None
