"""A second recogniser, to judge by: with the one that the model is conditioned on it shares its task and nothing else.

Reads aligned crops as ArcFace does, [B, 3, 112, 112] BGR in -1..1, and gives vectors of length one.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

JUDGE_SIZE = 128


class Judge(nn.Module):
    """A plain ResNet on grey and colour differences, at half the size: another eye. [B, 3, 112, 112] -> [B, 128]."""

    def __init__(self):
        super().__init__()
        widths = (32, 64, 96, 128)
        layers: list[nn.Module] = [nn.AvgPool2d(2), _step(3, widths[0], 1)]
        for inputs, outputs in zip(widths[:-1], widths[1:], strict=True):
            layers += [_step(inputs, outputs, 2), Residual(outputs)]
        self.body = nn.Sequential(*layers)
        self.vector = nn.Linear(4 * widths[-1], JUDGE_SIZE)

    def forward(self, crops: Tensor) -> Tensor:
        blue, green, red = crops.unbind(1)
        grey = (blue + green + red) / 3
        features = self.body(torch.stack((grey, red - green, blue - green), 1))
        return F.normalize(self.vector(F.adaptive_avg_pool2d(features, 2).flatten(1)).float(), dim=1)


class Residual(nn.Module):
    def __init__(self, width: int):
        super().__init__()
        self.body = nn.Sequential(_step(width, width, 1), nn.Conv2d(width, width, 3, 1, 1), nn.BatchNorm2d(width))

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x + self.body(x))


def _step(inputs: int, outputs: int, stride: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inputs, outputs, 3, stride, 1), nn.BatchNorm2d(outputs), nn.ReLU())


def angular_margin_loss(
    vectors: Tensor, centres: Tensor, people: Tensor, margin: float = 0.35, scale: float = 24.0
) -> Tensor:
    """ArcFace's loss (Deng et al. 2019) per sample: vectors [B, E], centres [people, E], people [B] -> [B]."""
    cosine = (vectors @ F.normalize(centres.float(), dim=1).T).clamp(-1 + 1e-6, 1 - 1e-6)
    own = F.one_hot(people, len(centres)).bool()
    turned = torch.cos((torch.acos(cosine) + margin).clamp(max=torch.pi))
    return F.cross_entropy(scale * torch.where(own, turned, cosine), people, reduction="none")
