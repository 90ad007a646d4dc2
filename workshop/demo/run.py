"""`make demo`: from a face photo to a contact sheet, on the miniature that comes with the pack.

In real ComfyUI where a checkout is found (COMFYUI_PATH, the ComfyUI this folder is installed in, ~/ComfyUI), else
through the diffusers host. Two people whom the model never saw, one photo of each; three prompts, three styles, a mix,
two people in one picture; a second recogniser says how alike they are. Writes `output/demo.png`. Fails where pictures
with the identity are no more like the person than those without, or one person's are as another's.
"""

import time

from harness.checkout import find_comfyui

from miniature.files import MiniatureFiles

from .. import ROOT
from .story import GUIDANCE, PEOPLE, SIZE, STEPS, shots, story


def main() -> None:
    start = time.monotonic()
    comfyui = find_comfyui()
    studio = open_studio()
    if comfyui:
        from .in_comfyui import camera

        print(f"In ComfyUI ({comfyui}), on the CPU: starting its server ...", flush=True)
        opened = camera(comfyui)
    else:
        from .in_diffusers import camera

        print("No ComfyUI was found (COMFYUI_PATH names one): through the diffusers host.", flush=True)
        opened = camera(studio)
    pictures = {}
    with opened as draw:
        for section in story():
            began, wanted = time.monotonic(), shots(section)
            pictures |= dict(zip(wanted, draw(wanted), strict=True))
            took = time.monotonic() - began
            print(
                f"{took:5.1f} s  {len(wanted):2} pictures of {SIZE} x {SIZE}, {STEPS} steps: {section.title}",
                flush=True,
            )
    result = finish(studio, pictures)
    print(f"Likeness to A by the judge, mean: {result.without:.2f} without identity, {result.given:.2f} with.")
    print(f"A's and B's pictures are {result.apart:.2f} apart, their photos {result.photos_apart:.2f}.")
    print(f"Wrote output/demo.png in {time.monotonic() - start:.0f} s.")
    if not result.identity_arrived():
        raise SystemExit("The identity did not reach the pictures: a fault.")


def open_studio():
    """The miniature's networks and its judges."""
    from ..miniature.measuring.networks import load_networks
    from ..miniature.measuring.studio import Studio

    judges = ROOT / "tests" / "behaviour" / "judges"
    return Studio(load_networks(MiniatureFiles(), judges), SIZE, STEPS, GUIDANCE)


def finish(studio, pictures: dict):
    """Judge, write the sheet, return its `Figures`."""
    from .contact_sheet import contact_sheet
    from .verdicts import Judges, figures

    judges = Judges(studio)
    said = {shot: judges.of(shot, picture) for shot, picture in pictures.items()}
    own, others = judges.scale()
    alone, mixed, _ = story()
    result = figures(alone, mixed, said, judges)
    footer = (
        "like A, like B: cosine to other pictures of the person, by a recogniser that the model is not conditioned on "
        f"(a real picture of the person: {own:.2f}, of a stranger: {others:.2f}).\n"
        "yes, no: whether a classifier sees what the words asked for. Drawn people, numbers "
        f"{PEOPLE[0]} and {PEOPLE[1]} of the node Drawn Face, whom the model never saw.\n"
        f"like A over the six prompts, mean: {result.without:.2f} without identity, {result.given:.2f} with. "
        f"A's and B's pictures are {result.apart:.2f} apart, their photos {result.photos_apart:.2f}. "
        "A is the median of sixteen women by likeness, B the one least like her; no noise was chosen."
    )
    path = ROOT / "output" / "demo.png"
    path.parent.mkdir(exist_ok=True)
    title = "InfU nodes on the miniature: one photo of a face in, that person out"
    contact_sheet(title, story(), pictures, said, footer).save(path)
    return result


if __name__ == "__main__":
    main()
