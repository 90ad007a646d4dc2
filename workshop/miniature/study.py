"""A study of the miniature for `infu_core.evaluation`: `python -m workshop.miniature.study --to build/study`.

Drawn people as photos, prompts in four styles, and ways to draw: ours, ours with another person's photo, with other
noise, at half the strength; the official pack (on a server that has it: see `official_nodes`), ours fed the prompt's
guidance as the official pack feeds it; and without identity.
`--couples` puts a woman and a man into each picture. The judges are the miniature's own recogniser, which it is
conditioned on, and the tests' judge, which it is not; both are written as ONNX.
"""

import argparse
import json
from pathlib import Path

import torch
import torch.nn.functional as F
from PIL import Image

from miniature.faces.stranger import draw_stranger, stranger
from miniature.files import SHIPPED, MiniatureFiles
from miniature.networks.recogniser import Recogniser

from .. import ROOT
from .measuring.networks import filled, weights
from .networks.judge import Judge
from .study_graphs import COUPLE, GRAPHS, ONE, SIZE, STEPS

PHOTOS = 4
JUDGES = ROOT / "tests" / "behaviour" / "judges"
PROMPTS = (
    ("photo", "a photo of a {}, smiling, on a blue background"),
    ("ink", "an ink drawing of a {}, laughing"),
    ("watercolour", "a watercolour of a {} on a green background"),
    ("oil", "an oil painting of a {} on a red background"),
    ("photo", "a photo of a {} with round glasses, in a forest"),
    ("ink", "an ink drawing of a {} by the sea"),
    ("watercolour", "a watercolour of a {}, surprised"),
    ("oil", "an oil painting of a {}, wearing a red hat"),
)
COUPLE_PROMPTS = (
    ("photo", "a photo of a woman on the left and a man on the right, on a blue background"),
    ("ink", "an ink drawing of a woman on the left and a man on the right"),
    ("watercolour", "a watercolour of a woman on the left and a man on the right"),
    ("oil", "an oil painting of a woman on the left and a man on the right"),
)
STUDY = """# Written by `python -m workshop.miniature.study`. Drawn people on the miniature that ships.
name = "The miniature: {people} drawn people"
people = "people"
{subjects}prompts = "prompts.json"
seeds = {seeds}
sizes = [[{width}, {size}]]

[scoring]
detector = "judges/detector.onnx"
detector_size = {detector}
judges = "judges/judges.toml"
headline = ["other_eye"]

{methods}
# Margins are written before anything is scored.
{comparisons}"""
METHOD = """[[method]]
id = "{id}"
graph = "{graph}.json"
{more}[method.holes]
{photos}prompt = "Prompt.text"
seed = "KSampler.seed"
width = {width}
height = {height}
output = "Save Image"
{set}
"""
CONDITIONED = 'conditioned_on = ["miniature"]\n'
METHODS = {
    "ours": {"more": CONDITIONED},
    "bare": {"graph": "bare", "more": "bare = true\n"},
    "wrong_person": {"more": CONDITIONED + 'photo_of = "next"\n'},
    "other_noise": {"more": CONDITIONED + 'noise = "other"\n'},
    "official_pack": {"graph": "official_pack", "more": CONDITIONED},
    "fed_as_official": {"more": CONDITIONED, "set": '[method.set]\n"ApplyInfuseNet.guidance" = 3.0\n'},
    "half": {"more": CONDITIONED, "set": '[method.set]\n"ApplyInfuseNet.strength" = 0.5\n'},
}
COMPARISON = '[[comparison]]\na = "{a}"\nb = "{b}"\nmeasure = "{measure}"\nmargin = {margin}\n\n'
COMPARISONS = (
    ("ours", "bare", "sim_gt.other_eye", 0.05),
    ("ours", "wrong_person", "sim_gt.other_eye", 0.05),
    ("ours", "other_noise", "sim_gt.other_eye", 0.05),
    ("half", "ours", "sim_gt.other_eye", 0.05),
    ("ours", "official_pack", "sim_gt.other_eye", 0.05),
    ("fed_as_official", "official_pack", "sim_gt.other_eye", 0.05),
    ("ours", "bare", "face_found", 0.1),
)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--to", type=Path, default=Path("build/study"))
    arguments.add_argument("--people", type=int, default=24)
    arguments.add_argument("--prompts", type=int, default=4)
    arguments.add_argument("--seeds", type=int, default=1)
    arguments.add_argument("--steps", type=int, default=STEPS)
    arguments.add_argument("--methods", default="ours,bare,wrong_person,other_noise")
    arguments.add_argument("--couples", action="store_true", help="a woman and a man in each picture")
    given = arguments.parse_args()
    path = write_study(
        given.to, given.people, given.prompts, given.methods.split(","), given.seeds, given.steps, given.couples
    )
    print(f"Wrote {path}; draw and report it with `python -m infu_core.evaluation all {path} --server URL`.")


def write_study(
    folder: Path,
    people: int,
    prompts: int,
    methods: list[str],
    seeds: int = 1,
    steps: int = STEPS,
    couples: bool = False,
) -> Path:
    """Returns the path of study.toml. Pictures of a person are drawn from a number; the same call writes the same."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(people):
        write_person(folder / "people" / f"person{number:02}", number)
    entries = couple_prompts(prompts) if couples else single_prompts(prompts)
    (folder / "prompts.json").write_text(json.dumps(entries, indent=1))
    for name, graph in GRAPHS.items():
        (folder / f"{name}.json").write_text(json.dumps(graph(steps), indent=1))
    write_judges(folder / "judges")
    asked = [one for one in COMPARISONS if one[0] in methods and one[1] in methods]
    width = 2 * SIZE if couples else SIZE  # the miniature draws two people in a square each
    text = STUDY.format(
        people=people,
        subjects=f"subjects = {json.dumps(pairs(people))}\n" if couples else "",
        seeds=seeds,
        width=width,
        size=SIZE,
        detector=2 * width,
        methods="".join(method(name, couples) for name in methods),
        comparisons="".join(COMPARISON.format(a=a, b=b, measure=measure, margin=m) for a, b, measure, m in asked),
    )
    path = folder / "study.toml"
    path.write_text(text)
    return path


def method(name: str, couples: bool) -> str:
    """A [[method]] of study.toml."""
    words = METHODS[name]
    graph = words.get("graph", "couple" if couples else "ours")
    titles = {"bare": (), "couple": COUPLE}.get(graph, ONE)
    holes = [f'photo{f"_{place}" if place else ""} = "{title}.image"\n' for place, title in enumerate(titles)]
    sized = ["EmptySD3LatentImage", "EmptyImage"] if graph == "official_pack" else ["EmptySD3LatentImage"]
    return METHOD.format(
        id=name,
        graph=graph,
        more=words["more"],
        photos="".join(holes),
        width=json.dumps([f"{node}.width" for node in sized]),
        height=json.dumps([f"{node}.height" for node in sized]),
        set=words.get("set", ""),
    )


def pairs(people: int) -> list[list[str]]:
    """Every woman with a man, as far as there are both."""
    women, men = ([f"person{n:02}" for n in range(people) if gender(n) == kind] for kind in ("woman", "man"))
    return [list(pair) for pair in zip(women, men, strict=False)]


def write_person(folder: Path, number: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for picture in range(PHOTOS):
        name = f"photo{picture}.png" if picture else "reference.png"
        Image.fromarray(draw_stranger(number, picture=picture)).save(folder / name)
    (folder / "tags.json").write_text(json.dumps({"gender": gender(number)}))


def gender(number: int) -> str:
    return "woman" if stranger(number).woman else "man"


def single_prompts(count: int) -> list[dict]:
    """The same for both genders; everybody is asked for `count` of them."""
    return [
        {
            "id": f"{kind}{number}",
            "text": text.format(kind),
            "tags": {"style": style, "number": str(number)},
            "for": {"gender": kind},
        }
        for number, (style, text) in enumerate(PROMPTS[:count])
        for kind in ("woman", "man")
    ]


def couple_prompts(count: int) -> list[dict]:
    styles = COUPLE_PROMPTS[:count]
    return [{"id": style, "text": text, "tags": {"style": style}} for style, text in styles]


JUDGES_TOML = """# The miniature's recognisers, as ONNX.
[miniature]
file = "miniature.onnx"
kind = "onnx"
size = 112
mean = 127.5
scale = 127.5
channels = "bgr"
conditioned = "the miniature's InfuseNet reads this recogniser"

[other_eye]
file = "other_eye.onnx"
kind = "onnx"
size = 112
mean = 127.5
scale = 127.5
channels = "bgr"
source = "tests/behaviour/judges: another network, which the miniature never saw"
"""


def write_judges(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "detector.onnx").write_bytes((SHIPPED / "detector.onnx").read_bytes())
    write_onnx(filled(Recogniser(), weights(MiniatureFiles().recogniser)), folder / "miniature.onnx")
    write_onnx(ExportedJudge(filled(Judge(), weights(JUDGES / "judge.safetensors"))), folder / "other_eye.onnx")
    (folder / "judges.toml").write_text(JUDGES_TOML)


class ExportedJudge(torch.nn.Module):
    """The judge with its last pooling spelled out: ONNX has no adaptive one from 7 x 7 to 2 x 2."""

    def __init__(self, judge: Judge):
        super().__init__()
        self.judge = judge

    def forward(self, crops: torch.Tensor) -> torch.Tensor:
        blue, green, red = crops.unbind(1)
        features = self.judge.body(torch.stack(((blue + green + red) / 3, red - green, blue - green), 1))
        vectors = self.judge.vector(F.avg_pool2d(features, 4, 3).flatten(1))
        return vectors / vectors.norm(dim=1, keepdim=True)


def write_onnx(network: torch.nn.Module, path: Path) -> None:
    """[1, 3, 112, 112] BGR in -1..1 -> unit vectors."""
    torch.onnx.export(network, (torch.zeros(1, 3, 112, 112),), str(path), input_names=["crops"], dynamo=False)


if __name__ == "__main__":
    main()
