"""Scores on disk: a line of JSON for each picture and group of measures, appended as they come.

A line counts for the picture (its SHA-256) and the measurer (its fingerprint) that it names; the last one wins, and
half a line is none.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Scores:
    """The scores of one study, below `folder`/scores."""

    folder: Path

    def path(self, group: str) -> Path:
        return self.folder / "scores" / f"{group}.jsonl"

    def lines(self, group: str) -> Iterator[dict]:
        path = self.path(group)
        if path.is_file():
            with path.open(encoding="utf-8") as lines:
                for line in lines:
                    try:
                        yield json.loads(line)
                    except ValueError:
                        continue

    def read(self, group: str, by: str | None = None) -> dict[str, dict]:
        """Cell id -> its last line; `by`: only of this measurer."""
        return {line["cell"]: line for line in self.lines(group) if by is None or line["by"] == by}

    def append(self, group: str, lines: list[dict]) -> None:
        path = self.path(group)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a+b") as file:
            file.seek(0, 2)
            if file.tell():
                file.seek(-1, 2)
                if file.read(1) != b"\n":  # the last run was killed in the middle of a line
                    file.write(b"\n")
            file.write(b"".join(json.dumps(line).encode() + b"\n" for line in lines))

    def say_unmeasured(self, reasons: dict[str, str]) -> None:
        """Group -> why it was not measured; told by the report."""
        path = self.folder / "scores" / "not_measured.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(reasons, indent=1), encoding="utf-8")

    def unmeasured(self) -> dict[str, str]:
        path = self.folder / "scores" / "not_measured.json"
        return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
