"""What a server needs to draw one cell, and the record of how it did."""

import hashlib
import time
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from ...hosts.comfyui_client import ComfyUIClient, Drawn, upload_name
from ..study.cells import Cell, filled_graph
from ..study.study import Study


@dataclass(frozen=True)
class Job:
    """`photos`: name on the server -> bytes."""

    graph: dict
    output: str
    photos: dict[str, bytes] = field(repr=False)


def job_of(study: Study, cell: Cell) -> Job:
    files = [photo(study.person(name).reference) for name in cell.given]
    graph = filled_graph(study, cell, [name for name, _ in files])
    return Job(graph, study.method(cell.method).graph.output, dict(files))


@lru_cache(maxsize=256)
def photo(path: Path) -> tuple[str, bytes]:
    content = path.read_bytes()
    return upload_name(content, path.suffix), content


def draw(client: ComfyUIClient, job: Job) -> Drawn:
    for name, content in job.photos.items():
        client.upload(name, content)
    return client.draw(job.graph, job.output)


def record_of(job: Job, drawn: Drawn, server: str, versions: dict) -> dict:
    """What lies beside the picture: who drew it, how long it took, and the exact graph."""
    return {
        "prompt_id": drawn.prompt_id,
        "seconds": round(drawn.seconds, 3),
        "server": server,
        "versions": versions,
        "sha256": hashlib.sha256(drawn.png).hexdigest(),
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "graph": job.graph,
    }
