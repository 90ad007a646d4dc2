"""Margins of equivalence are written before scoring: this keeps what was written, and finds what was changed since."""

import json
import time
from pathlib import Path

from ..study.cell_files import write_whole
from ..study.study import Study


def path_of(study: Study) -> Path:
    return study.results / "margins.json"


def asked(study: Study) -> dict[str, float | None]:
    return {f"{one.a} - {one.b}: {one.measure}": one.margin for one in study.comparisons}


def keep_margins(study: Study) -> None:
    """Called before anything is scored; the first call counts."""
    if not path_of(study).is_file():
        told = {"at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "margins": asked(study)}
        write_whole(path_of(study), json.dumps(told, indent=1).encode())


def changed_margins(study: Study) -> list[str]:
    """One sentence for each comparison that was written or changed after scoring had begun."""
    if not path_of(study).is_file():
        return []
    kept = json.loads(path_of(study).read_text(encoding="utf-8"))
    said = []
    for name, margin in asked(study).items():
        if name not in kept["margins"]:
            said.append(f"The comparison {name} was added after scoring began ({kept['at']}).")
        elif kept["margins"][name] != margin:
            before = kept["margins"][name]
            said.append(f"The margin of {name} was {before} when scoring began ({kept['at']}); it is {margin} now.")
    return said
