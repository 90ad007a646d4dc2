"""Wires that cross on the page, and the order of nodes within their groups that crosses fewest.

A wire is taken as a straight line from an output's dot to an input's; where two leave one node or reach one they do not
cross but fan.
"""

from collections.abc import Callable
from itertools import combinations

from harness.graphs import SLOT, WIDGET

from .page import Graph, Part

FIRST_DOT = 14
"""From a node's upper edge, below its title, to its first dot."""

Point = tuple[float, float]
Wire = tuple[int, int, Point, Point]
"""Nodes at both ends, and where its ends lie."""


def wires(ui: dict) -> list[Wire]:
    """Of a graph as the page saves it."""
    nodes = {node["id"]: node for node in ui["nodes"]}
    found = []
    for _, source, output, target, index, _ in ui["links"]:
        (x, y), (width, _) = nodes[source]["pos"], nodes[source]["size"]
        left, top = nodes[target]["pos"]
        begin = (x + width, y + FIRST_DOT + SLOT * output)
        found.append((source, target, begin, (left, top + FIRST_DOT + depth(nodes[target]["inputs"], index))))
    return found


def depth(inputs: list[dict], index: int) -> int:
    """How far below the first dot an input lies: sockets first, then widgets."""
    return sum(WIDGET if "widget" in slot else SLOT for slot in inputs[:index])


def crossings(ui: dict) -> int:
    return sum(cross(a, b) for a, b in combinations(wires(ui), 2))


def cross(one: Wire, other: Wire) -> bool:
    if one[0] == other[0] or one[1] == other[1]:
        return False
    (a, b), (c, d) = one[2:], other[2:]
    return side(a, b, c) * side(a, b, d) < 0 and side(c, d, a) * side(c, d, b) < 0


def side(a: Point, b: Point, c: Point) -> float:
    """Positive where c lies on one side of the line from a to b, negative on the other."""
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def runs_forward(ui: dict) -> bool:
    """Whether every wire leads to the right, or straight down."""
    places = {node["id"]: tuple(node["pos"]) for node in ui["nodes"]}
    return all(places[source] < places[target] for _, source, _, target, *_ in ui["links"])


def untangle(graph: Graph, lay: Callable[[Graph], dict]) -> None:
    """Swap nodes within their groups as long as that crosses fewer wires. `lay`: the graph as a page would save it."""
    fewest, better = crossings(lay(graph)), True
    while better:
        better = False
        for place, part in enumerate(graph.parts):
            for one, other in combinations(range(len(part.nodes)), 2):
                before = graph.parts[place]
                nodes = list(before.nodes)
                nodes[one], nodes[other] = nodes[other], nodes[one]
                graph.parts[place] = Part(before.title, tuple(nodes), before.heights)
                page = lay(graph)
                if runs_forward(page) and crossings(page) < fewest:
                    fewest, better = crossings(page), True
                else:
                    graph.parts[place] = before
