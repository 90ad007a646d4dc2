"""Is there an open eye with an iris? Told of one eye at a time, from the face's aligned crop.

Legend for shapes: `B` faces or eyes, crops [B, 3, 112, 112] RGB in 0..1, `H W` of an eye's patch.
"""

import torch
from torch import Tensor, nn

EYES = ((38.3, 51.7), (73.5, 51.5))
"""Where a person's right and left eye are in an aligned crop: x, y."""
HEIGHT, WIDTH = 24, 32


def patches(crops: Tensor) -> Tensor:
    """Crops [B, 3, 112, 112] -> both eyes of each, the one on the left first, [B, 2, 3, H, W]."""
    corners = ((round(x) - WIDTH // 2, round(y) - HEIGHT // 2) for x, y in EYES)
    return torch.stack([crops[..., top : top + HEIGHT, left : left + WIDTH] for left, top in corners], 1)


class EyeClassifier(nn.Module):
    """Patches [B, 3, H, W] -> logits [B]; above 0 an open eye with an iris."""

    def __init__(self):
        super().__init__()
        layers: list[nn.Module] = []
        for inputs, outputs in ((3, 24), (24, 48), (48, 64)):
            layers += [nn.Conv2d(inputs, outputs, 3, 1, 1), nn.BatchNorm2d(outputs), nn.ReLU(), nn.MaxPool2d(2)]
        self.body = nn.Sequential(*layers)
        self.hidden = nn.Linear(64 * (HEIGHT // 8) * (WIDTH // 8), 64)
        self.open = nn.Linear(64, 1)

    def forward(self, eyes: Tensor) -> Tensor:
        return self.open(self.hidden(self.body(2 * eyes - 1).flatten(1)).relu())[:, 0]

    def both_open(self, crops: Tensor) -> Tensor:
        """Crops [B, 3, 112, 112] -> [B] of 1 where both eyes are open, 0 elsewhere."""
        return (self(patches(crops).flatten(0, 1)).unflatten(0, (-1, 2)) > 0).all(1).float()
