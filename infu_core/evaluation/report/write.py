"""report.json and report.html of a study, from whatever is finished and scored."""

import json
import time
from collections import Counter
from pathlib import Path
from typing import Any

from ..measures.judge_cards import file_sha256
from ..measures.scoring import cards_of
from ..study.cell_files import FAILED, MISSING, STALE, CellFiles, write_whole
from ..study.study import Study
from .columns import Columns
from .page import page
from .summary import summary


def write(study: Study, command: str, versions: dict[str, str]) -> Path:
    """Returns the path of report.html."""
    columns = Columns(study)
    told = summary(study, columns)
    told |= {
        "command": command,
        "at": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
        "versions": versions,
        "servers": servers(columns),
        "wrong": wrong(columns, told),
        "cells": cells(columns),
    }
    paths = {card.name: card.path for card in cards_of(study).values()}
    for judge in told["judges"]:
        path = paths[judge["name"]]
        judge["found_sha256"] = file_sha256(path) if path.is_file() else ""
    write_whole(study.results / "report.json", json.dumps(told, indent=1).encode())
    path = study.results / "report.html"
    write_whole(path, page(study, columns, told, told["wrong"]).encode())
    return path


def servers(columns: Columns) -> dict[str, Any]:
    """What drew the pictures: its versions, and how many of them."""
    files, counts, found = CellFiles(columns.study.results), Counter(), {}
    for cell in columns.done.values():
        record = files.record(cell)
        if record:
            key = json.dumps(record["versions"], sort_keys=True)
            counts[key] += 1
            found[key] = record["versions"]
    return {f"{place}: drew {counts[key]} pictures": found[key] for place, key in enumerate(found, 1)}


def wrong(columns: Columns, told: dict[str, Any]) -> list[str]:
    """Everything that a reader must know before believing the figures, a sentence each."""
    files, states, said = CellFiles(columns.study.results), columns.states, list(told["margins_changed"])
    for state, words in (
        (MISSING, "were not drawn yet"),
        (STALE, "are stale: their graph, photo, prompt or size changed"),
    ):
        if states[state]:
            said.append(f"{len(states[state])} pictures {words}, and are left out.")
    said += [f"{cell.id} failed three times: {files.failures(cell)[-1]}" for cell in states[FAILED]]
    for method in told["methods"]:
        if method["without_a_face"]:
            said.append(
                f"No face was found in {method['without_a_face']} of {method['pictures']} pictures of {method['id']}."
            )
    if len(told_servers := servers(columns)) > 1:
        said.append(f"The pictures were drawn by {len(told_servers)} different sets of versions.")
    return said


def cells(columns: Columns) -> list[dict[str, Any]]:
    """Every finished cell with its values, so that anybody can count again."""
    return [
        {
            "id": cell.id,
            "method": cell.method,
            "person": cell.person,
            "prompt": cell.prompt,
            "repeat": cell.repeat,
            "seed": cell.seed,
            "values": {name: rounded(column[cell.id]) for name, column in columns.values.items() if cell.id in column},
        }
        for cell in columns.done.values()
    ]


def rounded(value: float) -> float | None:
    return None if value != value else float(f"{value:.6g}")
