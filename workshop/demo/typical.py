"""Who stands for the miniature: `python -m workshop.demo.typical` measures young women and names the median one.

Each is drawn in the demo's six prompts with her own hair, without identity and with, from the demo's noise; the order
is that of likeness with it. The median is A of the demo and the person of workflow 00; B is who looks least like A to
the judge.
"""

import argparse

import numpy as np
import torch
from torch.nn.functional import cosine_similarity

from infu_core.faces.face_encoder import FaceEncoder
from infu_core.identity.encode import encode_identity
from miniature.faces.captions import HAIR_WORDS
from miniature.faces.stranger import draw_stranger, stranger
from miniature.files import RECOGNISER_NAME

from ..miniature.measuring.studio import Studio
from .in_diffusers import draw
from .run import open_studio
from .story import alone
from .verdicts import OTHER_PHOTOS


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--among", type=int, default=40, help="the first so many people of Drawn Face")
    people = [number for number in range(arguments.parse_args().among) if suits(number)]
    studio = open_studio()
    judged = {number: judged_photos(studio, number) for number in people}
    likeness = {number: alike(studio, number, judged[number]) for number in people}
    order = sorted(people, key=lambda number: likeness[number][1])
    for number in order:
        without, given = likeness[number]
        print(f"person {number:2}: likeness {without:.3f} without, {given:.3f} with")
    a = order[len(order) // 2]
    b = min(people, key=lambda number: float(cosine_similarity(judged[number], judged[a], dim=0)))
    print(f"Median of {len(people)}: A is person {a}; least like her: B is person {b}.")


def suits(number: int) -> bool:
    """One prompt must fit both people of the demo."""
    who = stranger(number)
    return who.woman and not who.old


def judged_photos(studio: Studio, number: int) -> torch.Tensor:
    """The judge's mean vector [E] of photos that the model is not given."""
    pictures = torch.from_numpy(np.stack([draw_stranger(number, picture=picture) for picture in OTHER_PHOTOS]))
    return studio.face_vectors(pictures).nanmean(0)


def alike(studio: Studio, number: int, judged: torch.Tensor) -> tuple[float, float]:
    """Mean cosine over the six prompts, without identity and with; pictures without a face count as 0."""
    encoder = FaceEncoder(studio.networks.detector, studio.networks.recogniser, RECOGNISER_NAME)
    identity = encode_identity(encoder, [draw_stranger(number)]).identity
    who = stranger(number)
    hair = HAIR_WORDS[who.hair_style].format(who.hair_colour)
    means = []
    for given in ((), (0,)):
        pictures = torch.from_numpy(np.stack([draw(studio, [identity], shot) for shot in alone(given, hair)]))
        means.append(float(cosine_similarity(studio.face_vectors(pictures), judged[None]).nan_to_num(0.0).mean()))
    return means[0], means[1]


if __name__ == "__main__":
    main()
