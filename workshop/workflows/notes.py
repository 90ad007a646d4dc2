"""The two notes of a workflow: what it is and what to change first; and its files.

A page opens a workflow at 58 per cent and draws a note's ordinary words at 10 pixels, headlines at 20 (classic nodes)
or 16 (new ones). What a newcomer reads before the first run is therefore set as headlines.
"""

from infu_core.checkpoints.known_files import FILES

from .layout import BETWEEN, NOTE
from .model_files import FACES, PROJECTOR, fetch_command, of_graph
from .page import Graph

CLASSIC = {"# ": (36, 25, 13), "## ": (46, 20, 13), "- ": (60, 13, 0), "": (66, 13, 10)}
NEW = {"# ": (44, 26, 32), "## ": (54, 21, 32), "- ": (62, 16, 8), "": (70, 16, 6)}
"""By what a line begins with: letters beside each other, pixels of a line, pixels before the next paragraph."""
ROUND = 30
"""Pixels around all words."""


def read_me(graph: Graph) -> str:
    note = graph.note
    assert note is not None
    change = "\n\n".join(f"# \u25b8 {line}" for line in note.change)
    return f"# {note.shows}\n\n## Change first\n\n{change}\n\n## Costs\n\n{note.costs}"


def files_note(graph: Graph) -> str:
    """The command that fetches InfiniteYou's files, then every file with its address, size, licence and folder.

    Nothing is set as code: new nodes draw that in the colour of its ground.
    """
    files = of_graph(graph.awake())
    lines = "\n".join(file.line() for file in files)
    return (
        f"# {fetch_command(graph.awake())}\n\nin this pack's folder, by ComfyUI's Python, says sizes and licences, "
        f"asks once and fetches{all_or_most(graph)}. Every file, and its folder in *ComfyUI/models*:\n\n{lines}\n\n"
        "After a download press *R*. What ComfyUI's own list downloads for *infinite_you* belongs into the folder "
        f"named here; it does not offer {PROJECTOR.name.split('/')[1]} and the two face files."
    )


def all_or_most(graph: Graph) -> str:
    known = {file.name for file in FILES.values()} | {file.name for file in FACES}
    others = [file.name for file in of_graph(graph.awake()) if file.name not in known]
    return f" all but {', '.join(others)}" if others else " all of them"


def height_of(text: str) -> int:
    """Enough for the words, as the page draws them."""
    lines = [line.split("](")[0] + line.partition(")")[2] if "](" in line else line for line in text.split("\n")]

    def height(measures: dict[str, tuple[int, int, int]]) -> int:
        total = ROUND
        for line in filter(None, lines):
            letters, pixels, after = next(sizes for mark, sizes in measures.items() if line.startswith(mark))
            total += pixels * -(-len(line) // letters) + after
        return total

    return max(height(CLASSIC), height(NEW))


def notes_of(graph: Graph) -> list[dict]:
    texts = [(graph.note.title, read_me(graph))]
    if any(entry["class_type"] == "LoadInfuseNet" for entry in graph.api.values()):
        texts.append(("Files", files_note(graph)))
    y, notes = 30, []
    for title, text in texts:
        height = height_of(text)
        notes.append({"title": title, "pos": [-NOTE, y], "size": [NOTE - BETWEEN, height], "text": text})
        y += height + 60
    return notes
