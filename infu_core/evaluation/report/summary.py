"""All figures of a study as one table of plain values: what report.json holds and the page shows."""

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from ..likeness import released_mean
from ..measures.catalogue import BY_JUDGE, PLAIN, Measure, judge_of, measure_named
from ..measures.scores import Scores
from ..measures.scoring import cards_of
from ..paired import difference
from ..spread import over_people
from ..statistics.verdicts import verdicts
from ..study.study import Study
from .columns import DIVERSITY, Columns, why_unmeasured
from .margins import changed_margins

DIVERSE = Measure(DIVERSITY, "diversity over seeds", higher_is_better=None)


def summary(study: Study, columns: Columns) -> dict[str, Any]:
    """Plain values only; not-a-number is None."""
    names = columns.measured()
    return {
        "name": study.name,
        "methods": [method_entry(study, columns, method.id) for method in study.methods],
        "measures": {name: measure_entry(study, columns, name) for name in names},
        "not_measured": not_measured(study, names),
        "comparisons": comparisons(study, columns),
        "styles": by_style(study, columns),
        "identity_fidelity_z": fidelity(study, columns),
        "judges": judges(study),
        "margins_changed": changed_margins(study),
    }


def described(name: str) -> Measure:
    found = DIVERSE if name == DIVERSITY else measure_named(name)
    assert found is not None
    return found


def method_entry(study: Study, columns: Columns, name: str) -> dict[str, Any]:
    method = study.method(name)
    planned = sum(cell.method == name for cell in columns.cells)
    return {
        "id": name,
        "bare": method.bare,
        "photo_of": method.photo_of,
        "noise": method.noise,
        "note": method.note,
        "conditioned_on": list(method.conditioned_on),
        "graph": method.graph.sha256,
        "pictures": len(columns.of_method[name]),
        "planned": planned,
        "without_a_face": columns_without_face(columns, name),
    }


def columns_without_face(columns: Columns, method: str) -> int | None:
    found = columns.values.get("face_found")
    return None if found is None else sum(found.get(cell.id) == 0 for cell in columns.of_method[method])


def measure_entry(study: Study, columns: Columns, name: str) -> dict[str, Any]:
    measure, judge = described(name), judge_of(name)
    tables = {method.id: columns.table(name, method.id) for method in study.methods}
    greyed = {method.id for method in study.methods if judge in method.conditioned_on}
    return {
        "label": measure.label + (f", by {judge}" if judge else ""),
        "higher_is_better": measure.higher_is_better,
        "yes_no": measure.yes_no,
        "greyed": sorted(greyed),
        "best": best(measure, {name: table for name, table in tables.items() if name not in greyed}),
        "by_method": {method: estimate(columns, name, method, table) for method, table in tables.items()},
    }


def estimate(columns: Columns, name: str, method: str, table: Tensor) -> dict[str, Any]:
    """The mean over people with the bootstrap's interval, what is missing, and the mean with all of it at worst."""
    found = over_people(table)
    told: dict[str, Any] = {"mean": number(found.mean), "people": found.people, "pictures": found.pictures}
    if found.people:
        spread = difference(torch.zeros_like(table), table)
        told |= {"low": number(spread.low), "high": number(spread.high)}
    told["missing"] = columns.missing(name, method)
    worst = described(name).worst
    if worst is not None and found.people:
        bounded = table.clone()
        for cell in columns.of_method[method]:
            if math.isnan(columns.values[name].get(cell.id, 0.0)):
                bounded[columns.places[cell.pair]] = worst
        told["missing_at_worst"] = number(over_people(bounded).mean)
    if name.startswith("copy_paste_released"):
        told["as_released"] = number(released_mean(table.flatten().tolist()))
    return told


def best(measure: Measure, tables: dict[str, Tensor]) -> str | None:
    """The method ahead of every other by an interval that leaves zero out; None where nobody is."""
    means = {name: over_people(table).mean for name, table in tables.items()}
    means = {name: mean for name, mean in means.items() if not math.isnan(mean)}
    if len(means) < 2 or measure.higher_is_better is None:
        return None
    first = (max if measure.higher_is_better else min)(means, key=means.__getitem__)
    others = (difference_or_none(tables[first], tables[name]) for name in means if name != first)
    return first if all(one is not None and one.is_sure for one in others) else None


def difference_or_none(a: Tensor, b: Tensor):
    return difference(a, b) if torch.isfinite(a - b).any() else None


def not_measured(study: Study, names: Sequence[str]) -> dict[str, str]:
    """Every column that could be there and is not, with the reason."""
    scores = Scores(study.results)
    wanted = [*PLAIN, *(f"{one.name}.{judge}" for judge in cards_of(study) for one in BY_JUDGE)]
    told = {name: why_unmeasured(scores, name) for name in wanted if name not in names}
    if study.seeds < 2:
        told[DIVERSITY] = "each person and prompt has one seed."
    return told


def comparisons(study: Study, columns: Columns) -> list[dict[str, Any]]:
    asked = []
    for one in study.comparisons:
        a, b = columns.table(one.measure, one.a), columns.table(one.measure, one.b)
        asked.append((a, b, one.margin, described(one.measure).yes_no))
    pairs = len(columns.places)
    told = []
    for one, verdict in zip(study.comparisons, verdicts(asked), strict=True):
        found = verdict.difference
        entry = {
            "a": one.a, "b": one.b, "measure": one.measure, "margin": one.margin, "word": verdict.word,
            "says": str(verdict).replace("a is", f"{one.a} is"),
            "p": number(verdict.p), "p_equal": number(verdict.p_equal),
            "pairs": verdict.pairs, "dropped": pairs - verdict.pairs, "more_people": verdict.more_people,
            "only_a": verdict.only_a, "only_b": verdict.only_b,
        }  # fmt: skip
        if found is not None:
            entry |= {"difference": number(found.mean), "low": number(found.low), "high": number(found.high)}
        told.append(entry)
    return told


def primary(study: Study, names: Sequence[str]) -> str | None:
    """The likeness that plots and rankings show: other photos, by a judge that no method is conditioned on."""
    headline = study.scoring.get("headline", [])
    conditioned = {judge for method in study.methods for judge in method.conditioned_on}
    likeness = [name for name in names if name.startswith(("sim_gt.", "sim_ref."))]
    rank = {name: (judge_of(name) in conditioned, judge_of(name) not in headline, name) for name in likeness}
    return min((name for name in likeness if name.startswith("sim_gt.")), key=rank.__getitem__, default=None) or min(
        likeness, key=rank.__getitem__, default=None
    )


def by_style(study: Study, columns: Columns) -> dict[str, Any]:
    """Likeness and style hits for each value of the style tag."""
    tag, names = study.scoring.get("style_tag", "style"), columns.measured()
    values = sorted({prompt.tags[tag] for prompt in study.prompts if tag in prompt.tags})
    wanted = [name for name in (primary(study, names), "style_hit", "clip_cosine", "face_found") if name in names]
    return {
        name: {
            value: {method.id: estimate_alone(columns.table(name, method.id, (tag, value))) for method in study.methods}
            for value in values
        }
        for name in wanted
        if name
    }


def estimate_alone(table: Tensor) -> dict[str, Any]:
    found = over_people(table)
    if not found.people:
        return {"mean": None}
    spread = difference(torch.zeros_like(table), table)
    return {"mean": number(found.mean), "low": number(spread.low), "high": number(spread.high)}


def fidelity(study: Study, columns: Columns) -> dict[str, float]:
    """Infinite-ID's mean of z-scores over methods, of M_FaceNet and CLIP-I (its equation 10)."""
    facenet = next((name for name in columns.measured() if name.startswith("sim_ref.facenet")), None)
    if facenet is None or "clip_i" not in columns.measured() or len(study.methods) < 2:
        return {}
    means = torch.tensor(
        [[over_people(columns.table(name, method.id)).mean for method in study.methods] for name in (facenet, "clip_i")]
    )
    z = (means - means.mean(1, keepdim=True)) / means.std(1, keepdim=True, correction=0).clamp_min(1e-12)
    return {method.id: float(value) for method, value in zip(study.methods, z.mean(0), strict=True)}


def judges(study: Study) -> list[dict[str, Any]]:
    return [{name: value for name, value in vars(card).items() if name != "path"} for card in cards_of(study).values()]


def number(value: float) -> float | None:
    return None if math.isnan(value) else float(f"{value:.6g}")
