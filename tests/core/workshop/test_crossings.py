"""The order of nodes in a workflow's groups: no wire crosses another where a swap helps."""

import pytest
from harness.graphs import SLOT

from workshop.workflows.crossings import FIRST_DOT, cross, crossings, runs_forward, untangle
from workshop.workflows.page import Graph

WIDE, HIGH = 100, 80


def page(graph: Graph) -> dict:
    """Groups side by side, their nodes one below the other; every node has one output, and its wires as inputs."""
    nodes, links = [], []
    for column, part in enumerate(graph.parts):
        for row, key in enumerate(part.nodes):
            inputs = [{"name": name} for name in graph.api[key]["inputs"]]
            place = [2 * WIDE * column, HIGH * row]
            nodes.append({"id": int(key), "pos": place, "size": [WIDE, HIGH], "inputs": inputs})
            for index, (source, output) in enumerate(graph.api[key]["inputs"].values()):
                links.append([len(links), int(source), output, int(key), index, "ANY"])
    return {"nodes": nodes, "links": links}


def two_columns(second: str) -> Graph:
    """Nodes 1 to 3, and behind them one for each, in the order that `second` says."""
    graph = Graph()
    first = [graph.add("Source") for _ in range(3)]
    graph.group("sources", *first)
    graph.group("targets", *(graph.add("Target", value=first[int(one)]) for one in second))
    return graph


@pytest.mark.parametrize(("second", "crossed"), [("012", 0), ("102", 1), ("210", 3)])
def test_wires_that_cross_are_counted_and_untangled(second, crossed):
    graph = two_columns(second)
    assert crossings(page(graph)) == crossed
    untangle(graph, page)
    assert crossings(page(graph)) == 0
    assert [sorted(part.nodes) for part in graph.parts] == [["1", "2", "3"], ["4", "5", "6"]]


def test_what_reads_from_above_stays_below():
    """A swap that would turn a wire round is none, though it crosses fewer."""
    graph = Graph()
    above = graph.add("Source")
    below = graph.add("Target", value=above)
    graph.group("one group", above, below)
    untangle(graph, page)
    assert graph.parts[0].nodes == ("1", "2") and runs_forward(page(graph))


def test_wires_of_one_node_fan():
    begin, one, other = (0.0, float(FIRST_DOT)), (200.0, 0.0), (200.0, float(SLOT))
    assert not cross((1, 2, begin, one), (1, 3, begin, other))
    assert cross((1, 4, begin, other), (2, 3, (0.0, float(FIRST_DOT + SLOT)), one))
