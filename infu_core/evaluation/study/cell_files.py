"""Cells on disk: a picture is done when it and its record are whole; both are written aside and renamed."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

from .cells import Cell

DONE, MISSING, STALE, FAILED = "done", "missing", "stale", "failed"
TRIES = 3


@dataclass(frozen=True)
class CellFiles:
    """The results of one study."""

    folder: Path

    def picture(self, cell: Cell) -> Path:
        return self.folder / "cells" / f"{cell.id}.png"

    def record_path(self, cell: Cell) -> Path:
        return self.folder / "cells" / f"{cell.id}.json"

    def failure_path(self, cell: Cell) -> Path:
        return self.folder / "cells" / f"{cell.id}.failed.json"

    def record(self, cell: Cell) -> dict | None:
        """What is known of the cell's picture, or None where there is none that is whole."""
        found = read_json(self.record_path(cell))
        return found if found and self.picture(cell).is_file() else None

    def failures(self, cell: Cell) -> list[str]:
        """What went wrong so far, one message for each try of this very cell."""
        found = read_json(self.failure_path(cell)) or {}
        return found["messages"] if found.get("key") == cell.key else []

    def state(self, cell: Cell) -> str:
        record = self.record(cell)
        if record and record["key"] == cell.key:
            return DONE
        if len(self.failures(cell)) >= TRIES:
            return FAILED
        return STALE if record else MISSING

    def states(self, cells: list[Cell]) -> dict[str, list[Cell]]:
        sorted_by: dict[str, list[Cell]] = {DONE: [], MISSING: [], STALE: [], FAILED: []}
        for cell in cells:
            sorted_by[self.state(cell)].append(cell)
        return sorted_by

    def keep(self, cell: Cell, picture: bytes, record: dict) -> None:
        """The picture first, its record last: a record without a picture can't be."""
        self.record_path(cell).unlink(missing_ok=True)
        write_whole(self.picture(cell), picture)
        told = {"id": cell.id, "key": cell.key, "seed": cell.seed, **record}
        write_whole(self.record_path(cell), json.dumps(told).encode())
        self.failure_path(cell).unlink(missing_ok=True)

    def keep_failure(self, cell: Cell, message: str) -> int:
        """Note one more failed try; returns how many there are now."""
        messages = [*self.failures(cell), message]
        write_whole(self.failure_path(cell), json.dumps({"key": cell.key, "messages": messages}).encode())
        return len(messages)

    def forget_failures(self, cells: list[Cell]) -> None:
        for cell in cells:
            self.failure_path(cell).unlink(missing_ok=True)


def read_json(path: Path) -> dict | None:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None


def write_whole(path: Path, content: bytes) -> None:
    """A reader sees the old file or the new one, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        aside.write_bytes(content)
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)
