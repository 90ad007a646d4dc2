"""A kit for whoever has the published weights: one command, one report to attach to an issue.

It checks the files' hashes, draws one person and prompt with a fixed rule of seeds by each way that the server has the
nodes for, and writes seconds, memory, likeness by the judges that are there, and versions.
"""

import json
import math
import platform
import shutil
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...checkpoints.known_files import FILES
from ...hosts.comfyui_client import ComfyUIClient, ServerLost
from ..measures.judge_cards import file_sha256
from ..measures.scoring import Scoring
from ..report.columns import Columns
from ..report.summary import number
from ..report.write import write
from ..study.cell_files import DONE, CellFiles
from ..study.cells import Cell, plan_cells
from ..study.method_graph import matching
from ..study.read_study import GRAPHS, read_study, templates, toml
from ..study.study import Study
from ..versions import versions
from .kit_report import kit_report
from .progress import Progress
from .runner import Runner, RunStopped

WAYS = ("flux", "aes", "aes_guidance_3_5", "aes_balanced", "aes_fast", "official_pack")
PROMPT = "Portrait photo of a person in a sunlit library, wearing a green wool coat, looking into the camera"
REPEATS = 2
"""The first picture of a way also loads it; the second tells the time."""
LOOK = 0.5


@dataclass(frozen=True)
class Kit:
    """`photo` is given, `others` judge. `models`: ComfyUI's models folder, to check hashes. `graphs`: other graphs of
    the same names, for other loaders. `settings`: "Node.input" -> value, wherever a graph has that node."""

    server: str
    photo: Path
    to: Path
    others: Sequence[Path] = ()
    models: Path | None = None
    judges: Path | None = None
    detector: Path | None = None
    graphs: Path = GRAPHS
    settings: dict[str, Any] = field(default_factory=dict)
    size: tuple[int, int] = (864, 1152)
    seconds: float = 1800

    def run(self) -> Path:
        """Returns the path of the report. Raises `RunStopped` where the server does not answer."""
        client = ComfyUIClient(self.server, self.seconds)
        try:
            server, classes = client.versions(), client.classes()
        except ServerLost as error:
            raise RunStopped(str(error)) from None
        lacking = {way: missing_nodes(self.graphs, way, classes) for way in WAYS}
        ways = [way for way in WAYS if not lacking[way]]
        study = self.write_study(ways)
        memory = {way: self.draw(study, way, client) for way in ways}
        scoring = Scoring(study)
        scoring.run()
        write(study, "python -m infu_core.evaluation kit", versions())
        told = {
            "server": server,
            "here": versions() | {"platform": platform.platform()},
            "files": known_files(self.models) if self.models else {},
            "ways": {way: way_entry(study, way, memory[way]) for way in ways},
            "not_run": {way: f"the server has no node {', '.join(nodes)}" for way, nodes in lacking.items() if nodes},
            "not_measured": scoring.unmeasured,
            "conditioned": {card.name: card.conditioned for card in scoring.cards.values()},
            "at": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
        }
        path = self.to / "infu-kit-report.md"
        path.write_text(kit_report(told), encoding="utf-8")
        return path

    def write_study(self, ways: Sequence[str]) -> Study:
        """The kit is a study of one person and one prompt."""
        person = self.to / "people" / "you"
        person.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(self.photo, person / f"reference{self.photo.suffix.lower()}")
        for place, photo in enumerate(self.others):
            shutil.copyfile(photo, person / f"other{place}{photo.suffix.lower()}")
        (self.to / "prompts.txt").write_text(PROMPT + "\n", encoding="utf-8")
        path = self.to / "study.toml"
        path.write_text(self.study_text(ways), encoding="utf-8")
        return read_study(path)

    def study_text(self, ways: Sequence[str]) -> str:
        top = {
            "name": "Kit",
            "people": "people",
            "prompts": "prompts.txt",
            "seeds": REPEATS,
            "sizes": [list(self.size)],
        }
        paths = {"judges_folder": self.judges, "detector": self.detector}
        scoring = {name: str(path.resolve()) for name, path in paths.items() if path}
        lines = [*toml_lines(top), "[scoring]", *toml_lines(scoring)]
        holes, known = templates()
        for way in ways:
            graph = json.loads((self.graphs / known[way]["graph"]).read_text(encoding="utf-8"))
            own = {name: value for name, value in self.settings.items() if matching(graph, name.rpartition(".")[0])}
            lines += ["[[method]]", f'template = "{way}"', f"graph = {json.dumps(str(self.path_of(known[way])))}"]
            lines += ["[method.set]", *toml_lines(own)]
        return "\n".join(lines) + "\n"

    def path_of(self, template: dict) -> Path:
        return (self.graphs / template["graph"]).resolve()

    def draw(self, study: Study, way: str, client: ComfyUIClient) -> int:
        """Both pictures of one way; returns the most bytes of the device that were in use meanwhile."""
        files = CellFiles(study.results)
        cells = [cell for cell in plan_cells(study) if cell.method == way and files.state(cell) != DONE]
        with MemoryWatch(client) as watch:
            Runner(study, files, [client], Progress(len(cells), 0, 1), patience=5).run(cells)
        return watch.most


class MemoryWatch:
    """Asks the server twice a second how much of its device is in use."""

    def __init__(self, client: ComfyUIClient):
        self.client, self.most, self.over = client, 0, threading.Event()

    def __enter__(self) -> "MemoryWatch":
        self.thread = threading.Thread(target=self.look, daemon=True)
        self.thread.start()
        return self

    def look(self) -> None:
        while not self.over.wait(LOOK):
            try:
                told = self.client.memory()
            except ServerLost:
                continue
            self.most = max(self.most, told["vram_total"] - told["vram_free"])

    def __exit__(self, *error) -> None:
        self.over.set()
        self.thread.join()


def toml_lines(table: dict[str, Any]) -> list[str]:
    """Plain values; JSON's texts, numbers and lists are TOML's too."""
    return [f"{json.dumps(name)} = {json.dumps(value)}" for name, value in table.items()]


def missing_nodes(graphs: Path, way: str, classes: set[str]) -> list[str]:
    graph = toml(GRAPHS / "graphs.toml")["template"][way]["graph"]
    nodes = json.loads((graphs / graph).read_text(encoding="utf-8"))
    return sorted({node["class_type"] for node in nodes.values()} - classes)


def known_files(models: Path) -> dict[str, str]:
    """Each published file: not there, its SHA-256 right, wrong, or not known to this pack."""
    told = {}
    for file in FILES.values():
        path = file.below(models)
        if not path.is_file():
            told[file.name] = "not there"
            continue
        digest = file_sha256(path)
        verdict = "not known to this pack" if file.sha256 is None else "right" if digest == file.sha256 else "WRONG"
        told[file.name] = f"{digest} ({verdict}), {path.stat().st_size:,} bytes"
    return told


def way_entry(study: Study, way: str, memory: int) -> dict[str, Any]:
    """Seconds of each picture, memory, likeness by every judge, or what went wrong."""
    files, columns = CellFiles(study.results), Columns(study)
    cells: list[Cell] = [cell for cell in columns.cells if cell.method == way]
    records = [files.record(cell) for cell in cells]
    likeness = {
        name: [number(columns.values[name].get(cell.id, math.nan)) for cell in cells]
        for name in columns.values
        if name.startswith(("sim_ref.", "sim_gt."))
    }
    return {
        "seconds": [record["seconds"] if record else None for record in records],
        "memory": memory,
        "likeness": likeness,
        "failed": [files.failures(cell)[-1] for cell in cells if files.failures(cell)],
        "sha256": [record["sha256"] if record else None for record in records],
        "graph": study.method(way).graph.sha256,
    }
