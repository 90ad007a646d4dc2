"""Plots as SVG text, drawn here: a page that must open without network brings no library."""

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

COLOURS = ("#0b6e99", "#c2410c", "#3f7d20", "#7c3aed", "#b8860b", "#be185d", "#4b5563", "#0f766e")
WIDTH, HEIGHT, LEFT, BELOW = 640, 380, 70, 48


def colour(place: int) -> str:
    return COLOURS[place % len(COLOURS)]


class Axis:
    """Values to pixels."""

    def __init__(self, values: Sequence[float], start: float, end: float):
        low, high = min(values), max(values)
        room = 0.08 * (high - low) or abs(high) * 0.1 or 1.0
        self.low, self.high, self.start, self.end = low - room, high + room, start, end

    def at(self, value: float) -> float:
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)

    def ticks(self) -> list[float]:
        """Round values: steps of 1, 2 or 5 times a power of ten, about six of them."""
        rough = (self.high - self.low) / 6
        power = 10 ** math.floor(math.log10(rough))
        step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough)
        first = math.ceil(self.low / step)
        return [number * step for number in range(first, math.floor(self.high / step) + 1)]


def svg(parts: Sequence[str], title: str, height: int = HEIGHT) -> str:
    return (
        f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(title)}">'
        f'<text x="{LEFT}" y="18" class="title">{escape(title)}</text>{"".join(parts)}</svg>'
    )


def axes(x: Axis | None, y: Axis, x_label: str, y_label: str) -> list[str]:
    bottom = HEIGHT - BELOW
    parts = [f'<path class="axis" d="M{LEFT} 30 V{bottom} H{WIDTH - 10}"/>']
    for value in y.ticks():
        parts.append(f'<path class="grid" d="M{LEFT} {y.at(value):.1f} H{WIDTH - 10}"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{y.at(value) + 4:.1f}" class="end">{value:.3g}</text>')
    if x:
        parts += [
            f'<text x="{x.at(value):.1f}" y="{bottom + 16}" class="middle">{value:.3g}</text>' for value in x.ticks()
        ]
    parts.append(f'<text x="{(LEFT + WIDTH) / 2}" y="{HEIGHT - 6}" class="middle">{escape(x_label)}</text>')
    parts.append(f'<text transform="translate(14 {HEIGHT / 2}) rotate(-90)" class="middle">{escape(y_label)}</text>')
    return parts


def scatter(points: Mapping[str, tuple[dict, dict]], x_label: str, y_label: str, title: str) -> str:
    """Method -> (estimate across, estimate up), each with its interval."""
    known = {name: pair for name, pair in points.items() if all(one.get("mean") is not None for one in pair)}
    if not known:
        return ""
    x = Axis([one[0][end] for one in known.values() for end in ("low", "high")], LEFT + 10, WIDTH - 20)
    y = Axis([one[1][end] for one in known.values() for end in ("low", "high")], HEIGHT - BELOW - 8, 34)
    parts = axes(x, y, x_label, y_label)
    for place, (name, (across, up)) in enumerate(known.items()):
        px, py, shade = x.at(across["mean"]), y.at(up["mean"]), colour(place)
        parts.append(
            f'<path stroke="{shade}" class="interval" d="'
            f"M{x.at(across['low']):.1f} {py:.1f} H{x.at(across['high']):.1f} "
            f'M{px:.1f} {y.at(up["low"]):.1f} V{y.at(up["high"]):.1f}"/>'
            f'<circle cx="{px:.1f}" cy="{py:.1f}" r="5" fill="{shade}"/>'
            f'<text x="{px + 8:.1f}" y="{py - 7:.1f}" fill="{shade}">{escape(name)}</text>'
        )
    return svg(parts, title)


def dots(groups: Mapping[str, Mapping[str, dict[str, Any]]], methods: Sequence[str], y_label: str, title: str) -> str:
    """Group -> method -> estimate: intervals side by side."""
    known = [one for group in groups.values() for one in group.values() if one.get("mean") is not None]
    if not known:
        return ""
    y = Axis([one[end] for one in known for end in ("low", "high")], HEIGHT - BELOW - 8, 52)
    parts, wide = axes(None, y, "", y_label), (WIDTH - LEFT - 20) / len(groups)
    for column, (group, estimates) in enumerate(groups.items()):
        middle = LEFT + (column + 0.5) * wide
        parts.append(f'<text x="{middle:.1f}" y="{HEIGHT - BELOW + 16}" class="middle">{escape(group)}</text>')
        for place, method in enumerate(methods):
            one = estimates.get(method, {})
            if one.get("mean") is None:
                continue
            x = middle + (place - (len(methods) - 1) / 2) * min(14, wide / (len(methods) + 1))
            parts.append(
                f'<path stroke="{colour(place)}" class="interval" '
                f'd="M{x:.1f} {y.at(one["low"]):.1f} V{y.at(one["high"]):.1f}"/>'
                f'<circle cx="{x:.1f}" cy="{y.at(one["mean"]):.1f}" r="4" fill="{colour(place)}"/>'
            )
    return svg([*parts, *legend(methods)], title)


def distribution(values: Mapping[str, Sequence[float]], x_label: str, title: str, bins: int = 32) -> str:
    """Method -> values: one row of bars each, on one axis."""
    known = {name: column for name, column in values.items() if column}
    if not known:
        return ""
    everything = [value for column in known.values() for value in column]
    x = Axis(everything, LEFT + 60, WIDTH - 20)
    row, parts = 46, []
    for place, (name, column) in enumerate(known.items()):
        base = 34 + (place + 1) * row
        counts = [0] * bins
        for value in column:
            counts[min(bins - 1, int((value - x.low) / (x.high - x.low) * bins))] += 1
        step = (x.end - x.start) / bins
        for number, count in enumerate(counts):
            if count:
                height = (row - 8) * count / max(counts)
                parts.append(
                    f'<rect x="{x.start + number * step:.1f}" y="{base - height:.1f}" width="{step - 1:.1f}" '
                    f'height="{height:.1f}" fill="{colour(place)}"/>'
                )
        parts.append(f'<text x="{LEFT + 52}" y="{base - 4}" class="end">{escape(name)}</text>')
        parts.append(f'<path class="grid" d="M{x.start} {base} H{x.end}"/>')
    bottom = 34 + len(known) * row
    parts += [f'<text x="{x.at(value):.1f}" y="{bottom + 16}" class="middle">{value:.3g}</text>' for value in x.ticks()]
    parts.append(f'<text x="{(x.start + x.end) / 2}" y="{bottom + 34}" class="middle">{escape(x_label)}</text>')
    return svg(parts, title, bottom + 42)


def legend(methods: Sequence[str]) -> list[str]:
    parts, x = [], LEFT + 6.0
    for place, name in enumerate(methods):
        parts.append(
            f'<circle cx="{x}" cy="38" r="4" fill="{colour(place)}"/><text x="{x + 8}" y="42">{escape(name)}</text>'
        )
        x += 24 + 7.0 * len(name)
    return parts
