"""Where the groups of a workflow lie: columns from left to right, each filled from the top, the notes before the first.

A page that opens a workflow fits it into the window. `WIDTH` and `HEIGHT` are what fits into 1920 x 1080 pixels at the
smallest zoom at which the classic page still draws the words of notes (8 / 14); a single group may be `TALLEST`.
"""

from harness.graphs import GAP, TITLE, Group, node_height

from .page import Graph, Part

WIDTH, HEIGHT, TALLEST = 2500, 1340, 1400
NOTE = 430
BETWEEN = 36
WIDEST = 400
HEAD = 80
"""From a group's upper edge to its first node."""


def group_height(part: Part, graph: Graph, object_info: dict) -> int:
    heights = [part.heights.get(key, node_height(graph.api[key], object_info)) for key in part.nodes]
    return HEAD + sum(height + TITLE + GAP for height in heights) - GAP


def columns(graph: Graph, object_info: dict) -> list[list[tuple[Part, int]]]:
    """Parts with their upper edges, column by column."""
    filled: list[list[tuple[Part, int]]] = []
    y = HEIGHT
    for part in graph.parts:
        height = group_height(part, graph, object_info)
        if height > TALLEST:
            raise ValueError(f"The group {part.title!r} is {height} high; notes are drawn up to {TALLEST}.")
        if not filled or y + height > HEIGHT:
            filled.append([])
            y = 0
        filled[-1].append((part, y))
        y += height + BETWEEN
    return filled


def laid_out(graph: Graph, object_info: dict) -> list[Group]:
    filled = columns(graph, object_info)
    width = min(WIDEST, (WIDTH - NOTE) // len(filled) - BETWEEN)
    return [
        Group(part.title, place * (width + BETWEEN), width, list(part.nodes), y, part.heights)
        for place, column in enumerate(filled)
        for part, y in column
    ]
