"""The words and tables of the page."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

HEADLINE = ("sim_gt", "sim_ref", "recognised", "copy_paste", "clip_cosine", "pick_score", "style_hit", "face_found")


def table(head: Sequence[str], rows: Sequence[Sequence[str]], kind: str = "") -> str:
    """Cells are HTML; a cell may bring its own `<td ...>`."""
    cells = ("".join(cell if cell.startswith("<td") else f"<td>{cell}</td>" for cell in row) for row in rows)
    heads = "".join(f"<th>{escape(one)}</th>" for one in head)
    body = "".join(f"<tr>{row}</tr>" for row in cells)
    return (
        f'<div class="scroll"><table class="{kind}"><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table></div>'
    )


def shown(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}" if abs(value) < 10 else f"{value:.1f}"


def estimate_cell(entry: Mapping[str, Any], method: str) -> str:
    """Mean, interval, what is missing; grey where the judge is the method's own encoder."""
    one = entry["by_method"][method]
    if one["mean"] is None:
        return '<td class="pale">no value</td>'
    kind = "grey" if method in entry["greyed"] else "best" if entry["best"] == method else ""
    small = f"{shown(one['low'])} to {shown(one['high'])}"
    if one["missing"] and "missing_at_worst" in one:
        small += f"; {one['missing']} missing, with them at worst {shown(one['missing_at_worst'])}"
    elif one["missing"]:
        small += f"; {one['missing']} have none"
    if one.get("as_released") is not None:
        small += f"; averaged as released {shown(one['as_released'])}"
    return f'<td class="{kind}">{shown(one["mean"])}<small>{small}</small></td>'


def arrow(entry: Mapping[str, Any]) -> str:
    return {True: "↑", False: "↓", None: ""}[entry["higher_is_better"]]


def figures(told: Mapping[str, Any], names: Sequence[str]) -> str:
    """Methods x measures."""
    entries = [told["measures"][name] for name in names]
    head = [
        "method",
        "pictures",
        *(f"{entry['label']} {arrow(entry)}" for entry in entries),
    ]
    rows = [
        [
            f"<b>{escape(method['id'])}</b>" + (f"<small>{escape(method['note'])}</small>" if method["note"] else ""),
            f"{method['pictures']} of {method['planned']}",
            *(estimate_cell(entry, method["id"]) for entry in entries),
        ]
        for method in told["methods"]
    ]
    return table(head, rows)


def all_figures(told: Mapping[str, Any], names: Sequence[str]) -> str:
    """Measures x methods: many measures read better downwards."""
    methods = [method["id"] for method in told["methods"]]
    rows = []
    for name in names:
        entry = told["measures"][name]
        rows.append([f"{escape(entry['label'])} {arrow(entry)}", *(estimate_cell(entry, method) for method in methods)])
    return table(["measure", *methods], rows)


def headline_names(told: Mapping[str, Any], headline: Sequence[str]) -> list[str]:
    """What stands at the top: by judges that no method is conditioned on, or those that the study names."""
    conditioned = {judge for method in told["methods"] for judge in method["conditioned_on"]}
    names = []
    for name in told["measures"]:
        first, _, judge = name.partition(".")
        allowed = not judge or (judge in headline if headline else judge not in conditioned)
        if first in HEADLINE and allowed and judge not in conditioned:
            names.append(name)
    return names


def comparisons(told: Mapping[str, Any]) -> str:
    if not told["comparisons"]:
        return "<p>The study names no comparison.</p>"
    rows = []
    for one in told["comparisons"]:
        label = told["measures"].get(one["measure"], {}).get("label", one["measure"])
        interval = (
            f"{one['difference']:+.3f}<small>{one['low']:+.3f} to {one['high']:+.3f}</small>" if "low" in one else "–"
        )
        counts = f"{one['pairs']}" + (f"<small>{one['dropped']} without a value</small>" if one["dropped"] else "")
        p = shown_p(one["p"]) + (
            f"<small>{one['only_a']} : {one['only_b']}</small>" if one["only_a"] is not None else ""
        )
        rows.append(
            [
                f"{escape(one['a'])} − {escape(one['b'])}",
                escape(label),
                interval,
                "none" if one["margin"] is None else f"{one['margin']:g}",
                p,
                shown_p(one["p_equal"]),
                counts,
                f'<span class="word {one["word"].split()[0]}">{escape(one["says"])}</span>',
            ]
        )
    return table(
        ["comparison", "measure", "difference", "margin", "p, no difference", "p, not within margin", "pairs", "reads"],
        rows,
    )


def shown_p(p: float | None) -> str:
    return "–" if p is None else "< 0.0001" if p < 1e-4 else f"{p:.4f}"


def listing(lines: Sequence[str]) -> str:
    return "<ul>" + "".join(f"<li>{escape(line)}</li>" for line in lines) + "</ul>" if lines else "<p>Nothing.</p>"


def options(name: str, label: str, values: Sequence[str], chosen: str = "") -> str:
    made = "".join(f"<option{' selected' if value == chosen else ''}>{escape(value)}</option>" for value in values)
    return f'<label>{escape(label)} <select id="filter-{name}"><option value="">all</option>{made}</select></label>'
