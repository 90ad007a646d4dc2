"""The two notes of a workflow: what it is and what to change first; and its files."""

from .layout import BETWEEN, NOTE
from .model_files import PROJECTOR, fetch_command, of_graph
from .page import Graph

LETTERS, LINE = 52, 21
"""A line of a note: about so many letters, so many pixels."""


def read_me(graph: Graph) -> str:
    note = graph.note
    assert note is not None
    change = "\n".join(f"- {line}" for line in note.change)
    return f"# {note.title}\n\n{note.shows}\n\n**Change first**\n\n{change}\n\n**Costs.** {note.costs}"


def files_note(graph: Graph) -> str:
    """The command that fetches InfiniteYou's files, then every file with its address, size, licence and folder."""
    files = of_graph(graph.awake())
    lines = "\n".join(file.line() for file in files)
    return (
        f"`{fetch_command(graph.awake())}`\n\nin this pack's folder fetches InfiniteYou's network and projector. Every "
        f"file, and its folder in `ComfyUI/models/`:\n\n{lines}\n\nAfter a download press *R*. What ComfyUI's own list "
        f"downloads for `infinite_you` belongs into the folder named here; it does not offer "
        f"{PROJECTOR.name.split('/')[1]} and the two face files."
    )


def height_of(text: str) -> int:
    """Enough for the words, as the page draws them."""
    shown = [line.split("](")[0] + line.partition(")")[2] if "](" in line else line for line in text.split("\n")]
    return 60 + LINE * sum(max(-(-len(line) // LETTERS), 1) if line else 0.6 for line in shown).__ceil__()


def notes_of(graph: Graph) -> list[dict]:
    texts = [("Read me", read_me(graph))]
    if any(entry["class_type"] == "LoadInfuseNet" for entry in graph.api.values()):
        texts.append(("Files", files_note(graph)))
    y, notes = 30, []
    for title, text in texts:
        height = height_of(text)
        notes.append({"title": title, "pos": [-NOTE, y], "size": [NOTE - BETWEEN, height], "text": text})
        y += height + 60
    return notes
