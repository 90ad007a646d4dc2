"""What a picture of one person shows, judged by a classifier of our own: style, background, hair, glasses, ..."""

import torch.nn.functional as F
from torch import Tensor, nn

from miniature.faces.person import BEARDS, HAIR_COLOURS, HAIR_STYLES
from miniature.faces.scene import BACKDROPS, EXPRESSIONS, HATS, PLACES, STYLES, Scene

ATTRIBUTES: dict[str, tuple[str, ...]] = {
    "style": STYLES,
    "background": (*BACKDROPS, *PLACES),
    "hair_colour": tuple(HAIR_COLOURS),
    "hair_style": HAIR_STYLES,
    "beard": BEARDS,
    "glasses": ("none", "round", "square"),
    "hat": ("none", *HATS),
    "expression": EXPRESSIONS,
    "sex": ("man", "woman"),
    "age": ("young", "old"),
}
UNSEEN = -100  # cannot be told from the picture: left out of the loss


def labels(scene: Scene) -> list[int]:
    """One index per attribute, of the first person."""
    who, how = scene.people[0], scene.placements[0]
    words = {
        "style": scene.style,
        "background": scene.background,
        "hair_colour": who.hair_colour,
        "hair_style": who.hair_style,
        "beard": who.beard,
        "glasses": who.glasses,
        "hat": how.hat,
        "expression": how.expression,
        "sex": "woman" if who.woman else "man",
        "age": "old" if who.old else "young",
    }
    found = {name: values.index(words[name]) for name, values in ATTRIBUTES.items()}
    if who.hair_style == "bald" and not who.old and who.beard == "none":
        found["hair_colour"] = UNSEEN
    if scene.style == "ink":
        found["hair_colour"] = UNSEEN
        if scene.background not in PLACES:
            found["background"] = UNSEEN
        if how.hat != "none":
            found["hat"] = UNSEEN
    if how.hat != "none" and who.hair_style in ("short", "bald", "bun"):
        found["hair_style"] = UNSEEN
    return list(found.values())


class AttributeClassifier(nn.Module):
    """[B, 3, H, W] RGB in 0..1 -> logits by attribute, each [B, choices]."""

    def __init__(self):
        super().__init__()
        widths = (3, 24, 48, 64, 96, 96)
        layers: list[nn.Module] = []
        for inputs, outputs in zip(widths[:-1], widths[1:], strict=True):
            layers += [
                nn.Conv2d(inputs, outputs, 3, 2, 1),
                nn.BatchNorm2d(outputs),
                nn.ReLU(),
                nn.Conv2d(outputs, outputs, 3, 1, 1),
                nn.BatchNorm2d(outputs),
                nn.ReLU(),
            ]
        self.body = nn.Sequential(*layers)
        self.hidden = nn.Linear(4 * widths[-1], 128)
        self.heads = nn.ModuleDict({name: nn.Linear(128, len(values)) for name, values in ATTRIBUTES.items()})

    def forward(self, pictures: Tensor) -> dict[str, Tensor]:
        features = F.adaptive_avg_pool2d(self.body(2 * pictures - 1), 2).flatten(1)
        features = F.relu(self.hidden(features))
        return {name: head(features) for name, head in self.heads.items()}
