"""The kit's report: Markdown for an issue, with the same as JSON at its end."""

import json
from typing import Any


def kit_report(told: dict[str, Any]) -> str:
    judges = sorted({name for way in told["ways"].values() for name in way["likeness"]})
    head = ["way", "seconds, first with loading", "device memory in use, at most", *judges]
    rows = [[way, *row(entry, judges)] for way, entry in told["ways"].items()]
    conditioned = [f"{name}: {who}" for name, who in told["conditioned"].items() if who]
    parts = [
        "# InfU kit report",
        f"{told['at']}. One person, one prompt, two seeds: it shows that things run, how fast, and roughly how alike. "
        "It proves no difference between ways; a study does.",
        table(head, rows),
        "Likeness is a cosine, one value a picture. Judges that a way is conditioned on: "
        + ("; ".join(conditioned) or "none")
        + ".",
        *section("Went wrong", [f"{way}: {line}" for way, one in told["ways"].items() for line in one["failed"]]),
        *section("Not run", [f"{way}: {why}" for way, why in told["not_run"].items()]),
        *section("Not measured", [f"{name}: {why}" for name, why in told["not_measured"].items()]),
        *section("Published files", [f"{name}: {what}" for name, what in told["files"].items()]),
        *section("Server", [f"{name}: {value}" for name, value in told["server"].items()]),
        *section("Here", [f"{name}: {value}" for name, value in told["here"].items()]),
        "<details><summary>All of it as JSON</summary>\n\n```json\n"
        + json.dumps(told, indent=1, default=str)
        + "\n```\n</details>",
    ]
    return "\n\n".join(parts) + "\n"


def row(entry: dict[str, Any], judges: list[str]) -> list[str]:
    seconds = " / ".join("–" if value is None else f"{value:.1f}" for value in entry["seconds"])
    return [
        seconds,
        f"{entry['memory'] / 2**30:.1f} GiB",
        *(values(entry["likeness"].get(name, [])) for name in judges),
    ]


def values(column: list[float | None]) -> str:
    return " / ".join("–" if value is None else f"{value:.3f}" for value in column) or "–"


def table(head: list[str], rows: list[list[str]]) -> str:
    return "\n".join("| " + " | ".join(line) + " |" for line in [head, ["---"] * len(head), *rows])


def section(title: str, lines: list[str]) -> list[str]:
    return [f"## {title}", "\n".join(f"- {line}" for line in lines)] if lines else []
