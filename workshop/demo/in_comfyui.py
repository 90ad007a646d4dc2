"""The demo's pictures from real ComfyUI: a server on the CPU, one graph for each section of the story."""

import tempfile
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from harness.base_directory import make_base_directory
from harness.server import ComfyServer

from miniature.edition import shipped_edition

from ..workflows.build import with_defaults
from ..workflows.page import Graph, Node
from .story import GUIDANCE, PEOPLE, SIZE, STEPS, Shot

HALVES = ("0, 0, 0.5, 1", "0.5, 0, 0.5, 1")


@contextmanager
def camera(checkout: Path):
    """Gives a function: shots -> their pictures, uint8 [SIZE, SIZE, 3], or wider for two people."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "none" / "models").mkdir(parents=True)
        base = make_base_directory(Path(folder) / "base", Path(folder) / "none")
        with ComfyServer(checkout, base) as server:
            yield lambda shots: draw(server, shots)


def draw(server: ComfyServer, shots: list[Shot]) -> list[np.ndarray]:
    graph = Graph()
    studio = Studio(graph)
    ends = [studio.picture(shot) for shot in shots]
    api = with_defaults(graph.api, server.get("/object_info"))
    outputs = server.run(api, seconds=300)["outputs"]
    return [np.array(server.images({"outputs": {"end": outputs[end.key]}})[0].convert("RGB")) for end in ends]


class Studio:
    """The nodes that every picture of a graph shares."""

    def __init__(self, graph: Graph):
        self.graph = graph
        self.small = graph.add("InfuLoadMiniature")
        self.faces = [
            graph.add("EncodeFaceID", image=photo, face_encoder=self.small[3])
            for photo in (graph.add("InfuMiniatureFace", person=n, style="photo", picture=0) for n in PEOPLE)
        ]
        wide = 1 + shipped_edition().framing.wide
        self.latents = [
            graph.add("EmptySD3LatentImage", width=SIZE * times, height=SIZE, batch_size=1) for times in (1, wide)
        ]

    def picture(self, shot: Shot) -> Node:
        """From words to a previewed picture; returns the node that shows it."""
        words = self.graph.add("InfuMiniaturePrompt", text=shot.text, guidance=GUIDANCE)
        ends = {
            "model": self.model(shot),
            "positive": words,
            "negative": words,
            "latent_image": self.latents[shot.people == 2],
        }
        plain = {"steps": STEPS, "cfg": 1.0, "sampler_name": "euler", "scheduler": "simple"}
        sampled = self.graph.add("KSampler", seed=shot.seed, **ends, **plain)
        return self.graph.add("PreviewImage", images=self.graph.add("VAEDecode", samples=sampled, vae=self.small[1]))

    def model(self, shot: Shot) -> Node:
        if not shot.who:
            return self.small
        parts = {"model": self.small, "infusenet": self.small[2], "vae": self.small[1]}
        return self.graph.add("ApplyInfuseNet", identity=self.identity(shot), **parts)

    def identity(self, shot: Shot) -> Node:
        people = [self.faces[place] for place in shot.who]
        if shot.weights:
            sources = {f"identities.identity_{i}": face for i, face in enumerate(people)}
            return self.graph.add("MixIdentities", mode="blend", weights=", ".join(map(str, shot.weights)), **sources)
        if len(people) == 1:
            return people[0]
        chain = {}
        for face, box in zip(people, HALVES, strict=True):
            region = {"identity": face, "box": box, "feather": 0.0}
            chain = {"regions": self.graph.add("InfuIdentityRegion", **region, **chain)}
        return chain["regions"]
