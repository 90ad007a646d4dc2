"""A study of the miniature for `infu_core.evaluation`: `python -m workshop.miniature.study --to build/study`.

Drawn people as photos, prompts in four styles, and five ways to draw: ours, ours with another person's photo, ours with
other noise, half the strength, and without identity. The judges are the miniature's own recogniser, which it is
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

SIZE, STEPS = 128, 20
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
STUDY = """# Written by `python -m workshop.miniature.study`. Drawn people on the miniature that ships.
name = "The miniature: {people} drawn people"
people = "people"
prompts = "prompts.json"
seeds = {seeds}
sizes = [[{size}, {size}]]

[scoring]
detector = "judges/detector.onnx"
detector_size = 256
judges = "judges/judges.toml"
headline = ["other_eye"]

{methods}
# Margins are written before anything is scored.
{comparisons}"""
METHOD = """[[method]]
id = "{id}"
graph = "{graph}"
{more}[method.holes]
{photo}prompt = "Prompt.text"
seed = "KSampler.seed"
width = "EmptySD3LatentImage.width"
height = "EmptySD3LatentImage.height"
output = "Save Image"
{set}
"""
PHOTO = 'photo = "Photo of the person.image"\n'
METHODS = {
    "ours": {"more": 'conditioned_on = ["miniature"]\n'},
    "bare": {"graph": "bare.json", "more": "bare = true\n", "photo": ""},
    "wrong_person": {"more": 'conditioned_on = ["miniature"]\nphoto_of = "next"\n'},
    "other_noise": {"more": 'conditioned_on = ["miniature"]\nnoise = "other"\n'},
    "half": {"more": 'conditioned_on = ["miniature"]\n', "set": '[method.set]\n"ApplyInfuseNet.strength" = 0.5\n'},
}
COMPARISON = '[[comparison]]\na = "{a}"\nb = "{b}"\nmeasure = "{measure}"\nmargin = {margin}\n\n'
COMPARISONS = (
    ("ours", "bare", "sim_gt.other_eye", 0.05),
    ("ours", "wrong_person", "sim_gt.other_eye", 0.05),
    ("ours", "other_noise", "sim_gt.other_eye", 0.05),
    ("half", "ours", "sim_gt.other_eye", 0.05),
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
    given = arguments.parse_args()
    path = write_study(given.to, given.people, given.prompts, given.methods.split(","), given.seeds, given.steps)
    print(f"Wrote {path}; draw and report it with `python -m infu_core.evaluation all {path} --server URL`.")


def write_study(
    folder: Path, people: int, prompts: int, methods: list[str], seeds: int = 1, steps: int = STEPS
) -> Path:
    """Returns the path of study.toml. Pictures of a person are drawn from a number; the same call writes the same."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(people):
        write_person(folder / "people" / f"person{number:02}", number)
    write_prompts(folder / "prompts.json", prompts)
    for name in ("ours", "bare"):
        (folder / f"{name}.json").write_text(json.dumps(graph(name == "ours", steps), indent=1))
    write_judges(folder / "judges")
    parts = {"graph": "ours.json", "more": "", "photo": PHOTO, "set": ""}
    told = "".join(METHOD.format(**parts | METHODS[name] | {"id": name}) for name in methods)
    asked = [one for one in COMPARISONS if one[0] in methods and one[1] in methods]
    text = STUDY.format(
        people=people,
        seeds=seeds,
        size=SIZE,
        methods=told,
        comparisons="".join(COMPARISON.format(a=a, b=b, measure=measure, margin=m) for a, b, measure, m in asked),
    )
    path = folder / "study.toml"
    path.write_text(text)
    return path


def write_person(folder: Path, number: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for picture in range(PHOTOS):
        name = f"photo{picture}.png" if picture else "reference.png"
        Image.fromarray(draw_stranger(number, picture=picture)).save(folder / name)
    (folder / "tags.json").write_text(json.dumps({"gender": gender(number)}))


def gender(number: int) -> str:
    return "woman" if stranger(number).woman else "man"


def write_prompts(path: Path, count: int) -> None:
    """The same for both genders; everybody is asked for `count` of them."""
    entries = [
        {
            "id": f"{kind}{number}",
            "text": text.format(kind),
            "tags": {"style": style, "number": str(number)},
            "for": {"gender": kind},
        }
        for number, (style, text) in enumerate(PROMPTS[:count])
        for kind in ("woman", "man")
    ]
    path.write_text(json.dumps(entries, indent=1))


def graph(with_identity: bool, steps: int) -> dict:
    """The API graph of one picture."""

    def node(kind: str, title: str = "", **inputs) -> dict:
        return {"class_type": kind, "inputs": inputs, "_meta": {"title": title or kind}}

    nodes = {
        "1": node("InfuLoadMiniature"),
        "4": node("InfuMiniaturePrompt", "Prompt", text="", guidance=3.0),
        "5": node("EmptySD3LatentImage", width=SIZE, height=SIZE, batch_size=1),
        "7": node(
            "KSampler", model=["1", 0], seed=0, steps=steps, cfg=1.0, sampler_name="euler", scheduler="simple",
            positive=["4", 0], negative=["4", 0], latent_image=["5", 0], denoise=1.0,
        ),
        "8": node("VAEDecode", samples=["7", 0], vae=["1", 1]),
        "9": node("SaveImage", "Save Image", images=["8", 0], filename_prefix="study"),
    }  # fmt: skip
    if with_identity:
        nodes["2"] = node("LoadImage", "Photo of the person", image="")
        nodes["3"] = node(
            "EncodeFaceID", image=["2", 0], face="largest", index=0, no_face="stop", threshold=0.5,
            outliers="keep", photo_weights="", key_points="", face_encoder=["1", 3],
        )  # fmt: skip
        nodes["6"] = node(
            "ApplyInfuseNet", model=["1", 0], infusenet=["1", 2], identity=["3", 0], vae=["1", 1], strength=1.0,
            start_percent=0.0, end_percent=1.0, style_alignment=0.0, region_mode="one_pass", guidance=1.0,
            on_negative=False, block_weights="",
        )  # fmt: skip
        nodes["7"]["inputs"]["model"] = ["6", 0]
    return nodes


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
