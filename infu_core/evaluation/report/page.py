"""One HTML file: no network, no library, readable on paper."""

import json
import math
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

from ..study.study import Study
from . import html, plots
from .columns import Columns
from .summary import primary
from .thumbnails import thumbnail

HERE = Path(__file__).parent
TEN = 10


def page(study: Study, columns: Columns, told: dict[str, Any], wrong: Sequence[str]) -> str:
    """`told`: the summary; `wrong`: everything that went wrong, a sentence each."""
    likeness = primary(study, list(told["measures"]))
    top = html.headline_names(told, study.scoring.get("headline", []))
    rest = [name for name in told["measures"] if name not in top]
    parts = [
        f"<h1>{escape(told['name'])}</h1>",
        f'<p class="pale">{escape(sizes(study, columns))} Made by <code>{escape(told["command"])}</code>, '
        f"{told['at']}.</p>",
        "".join(f'<p class="warn">{escape(line)}</p>' for line in told["margins_changed"]),
        "<h2>Comparisons</h2>",
        "<p>Paired over people × prompts; people are the witnesses: intervals are a bootstrap that draws people, 95 %. "
        "EQUIVALENT: within the margin (two one-sided tests); DIFFERS: a difference is there (Student's t over people; "
        "exact McNemar for yes/no, and the interval must agree). All p are Holm's over all comparisons.</p>",
        html.comparisons(told),
        "<h2>Figures</h2>",
        "<p>Means over people, with 95 % intervals. Bold where the method is ahead of every other by an interval that "
        "leaves out zero; grey where the judge is the recogniser that the method itself is conditioned on.</p>",
        html.figures(told, top),
        "<details open><summary>All other measures</summary>" + html.all_figures(told, rest) + "</details>"
        if rest
        else "",
        fidelity(told),
        "<h2>Plots</h2>",
        '<div class="plots">' + "".join(pictures(study, columns, told, likeness)) + "</div>",
        "<h2>Pictures</h2>",
        sheet(study),
        ranked(columns, likeness, told),
        "<h2>What went wrong</h2>",
        html.listing(wrong),
        "<h2>Not measured</h2>",
        html.listing([f"{name}: not measured: {why}" for name, why in told["not_measured"].items()]),
        "<h2>Judges</h2>",
        judges(told),
        "<h2>Versions and hashes</h2>",
        versions(told),
    ]
    data = json.dumps(cells(study, columns, likeness)).replace("</", "<\\/")
    style, script = ((HERE / name).read_text(encoding="utf-8") for name in ("page.css", "page.js"))
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(told["name"])}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{style}</style>'
        f"</head><body>{''.join(parts)}"
        f'<script type="application/json" id="cells">{data}</script>'
        f"<script>{script}</script></body></html>"
    )


def sizes(study: Study, columns: Columns) -> str:
    return (
        f"{len(columns.done)} of {len(columns.cells)} pictures: {len(study.subjects)} subjects, {len(study.prompts)} "
        f"prompts, {len(study.methods)} methods, {study.seeds} seed(s)."
    )


def fidelity(told: dict[str, Any]) -> str:
    if not told["identity_fidelity_z"]:
        return ""
    values = ", ".join(f"{escape(name)} {value:+.2f}" for name, value in told["identity_fidelity_z"].items())
    return f"<p>Identity fidelity, mean of z-scores of M_FaceNet and CLIP-I over methods (Infinite-ID): {values}.</p>"


def pictures(study: Study, columns: Columns, told: dict[str, Any], likeness: str | None) -> list[str]:
    if likeness is None:
        return ["<p>No likeness was measured.</p>"]
    names = [method.id for method in study.methods]
    entry = told["measures"][likeness]
    made = []
    prompt = next((one for one in ("clip_cosine", "style_hit") if one in told["measures"]), None)
    if prompt:
        pairs = {name: (told["measures"][prompt]["by_method"][name], entry["by_method"][name]) for name in names}
        label = told["measures"][prompt]["label"]
        made.append(plots.scatter(pairs, label, entry["label"], f"Likeness against {label}"))
    else:
        made.append("<p>Likeness against prompt adherence: not drawn, no CLIP was measured.</p>")
    styles = told["styles"].get(likeness)
    if styles:
        made.append(plots.dots(styles, names, entry["label"], "Likeness by style"))
    if told["styles"].get("style_hit"):
        made.append(plots.dots(told["styles"]["style_hit"], names, "share of pictures", "Style hit by style"))
    values = {
        name: [v for cell in columns.of_method[name] if not math.isnan(v := value_of(columns, likeness, cell.id))]
        for name in names
    }
    made.append(plots.distribution(values, entry["label"], "Likeness of all pictures"))
    return made


def value_of(columns: Columns, measure: str | None, cell: str) -> float:
    return columns.values.get(measure or "", {}).get(cell, math.nan)


def sheet(study: Study) -> str:
    tag = study.scoring.get("style_tag", "style")
    styles = sorted({prompt.tags[tag] for prompt in study.prompts if tag in prompt.tags})
    people = ["+".join(subject) for subject in study.subjects]
    prompts = [prompt.id for prompt in study.prompts]
    filters = [
        html.options("person", "person", people),
        html.options("prompt", "prompt", prompts, prompts[0]),
        html.options("method", "method", [method.id for method in study.methods]),
        html.options("style", "style", styles),
        '<label>face <select id="filter-face"><option value="">any</option><option value="1">found</option>'
        '<option value="0">missing</option></select></label>',
        '<span id="count" class="pale"></span>',
    ]
    return f'<div class="filters">{"".join(filters)}</div><div id="sheet" class="scroll"></div>'


def cells(study: Study, columns: Columns, likeness: str | None) -> dict[str, Any]:
    """What the contact sheet needs, pictures included."""
    tag, prompts = study.scoring.get("style_tag", "style"), {prompt.id: prompt for prompt in study.prompts}
    entries, thumbs = [], []
    for cell in columns.done.values():
        value, face = value_of(columns, likeness, cell.id), value_of(columns, "face_found", cell.id)
        entries.append(
            {
                "id": cell.id,
                "method": cell.method,
                "person": cell.person,
                "prompt": cell.prompt,
                "style": prompts[cell.prompt].tags.get(tag, ""),
                "seed": cell.seed,
                "likeness": None if math.isnan(value) else round(value, 4),
                "face": None if math.isnan(face) else int(face),
                "thumb": len(thumbs),
            }
        )
        thumbs.append(thumbnail(picture_of(columns, cell.id)))
    return {
        "cells": entries,
        "thumbs": thumbs,
        "methods": [method.id for method in study.methods],
        "people": ["+".join(subject) for subject in study.subjects],
        "prompts": {prompt.id: prompt.text for prompt in study.prompts},
        "photos": {
            "+".join(subject): [thumbnail(study.person(name).reference) for name in subject]
            for subject in study.subjects
        },
    }


def picture_of(columns: Columns, cell: str) -> Path:
    return columns.study.results / "cells" / f"{cell}.png"


def ranked(columns: Columns, likeness: str | None, told: dict[str, Any]) -> str:
    """The ten pictures that are least like their person, and the ten pairs that differ most."""
    if likeness is None:
        return ""
    bare = {method["id"] for method in told["methods"] if method["bare"]}
    given = [cell for cell in columns.done.values() if cell.method not in bare]
    known = [(value, cell.id) for cell in given if not math.isnan(value := value_of(columns, likeness, cell.id))]
    label = told["measures"][likeness]["label"]
    parts = [f"<h3>The ten least like their person ({escape(label)}), methods with a photo</h3>"]
    parts.append(strip(columns, [(cell, f"{value:.2f} {cell}") for value, cell in sorted(known)[:TEN]]))
    for one in [one for one in columns.study.comparisons if one.measure == likeness][:1]:
        by_pair = {cell.pair: cell.id for cell in columns.of_method[one.b]}
        pairs = [
            (abs(value_of(columns, likeness, cell.id) - value_of(columns, likeness, by_pair[cell.pair])), cell)
            for cell in columns.of_method[one.a]
            if cell.pair in by_pair
        ]
        most = sorted((pair for pair in pairs if not math.isnan(pair[0])), key=lambda pair: -pair[0])[:TEN]
        parts.append(f"<h3>The ten most different pairs, {escape(one.a)} and {escape(one.b)}</h3>")
        shown = [
            (name, f"{value_of(columns, likeness, name):.2f} {name}")
            for _, cell in most
            for name in (cell.id, by_pair[cell.pair])
        ]
        parts.append(strip(columns, shown))
    return "".join(parts)


def strip(columns: Columns, shown: Sequence[tuple[str, str]]) -> str:
    figures = (
        f'<figure><img src="data:image/jpeg;base64,{thumbnail(picture_of(columns, cell))}" alt="{escape(words)}">'
        f"<figcaption>{escape(words)}</figcaption></figure>"
        for cell, words in shown
    )
    return f'<div class="strip">{"".join(figures)}</div>'


def judges(told: dict[str, Any]) -> str:
    rows = [
        [
            escape(one["name"]),
            escape(one["file"]),
            escape(one["found_sha256"][:16] or "not there"),
            f"{one['size']} px, (x − {one['mean']:g}) / {one['scale']:g}, {one['channels']}, {one['alignment']}",
            escape("–" if one["threshold"] is None else f"{one['threshold']:.3f}: {one['false_accept']}"),
            escape(one["conditioned"] or "nobody that the table names"),
        ]
        for one in told["judges"]
    ]
    return html.table(["judge", "file", "SHA-256", "reads", "threshold", "conditioned on it"], rows)


def versions(told: dict[str, Any]) -> str:
    rows = [[escape(name), escape(value)] for name, value in told["versions"].items()]
    rows += [[escape(server), escape(json.dumps(value))] for server, value in told["servers"].items()]
    rows += [[f"graph of {escape(method['id'])}", method["graph"]] for method in told["methods"]]
    return html.table(["what", "version or SHA-256"], rows)
