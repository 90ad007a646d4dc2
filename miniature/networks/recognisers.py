"""Two recognisers with nothing in common but their task: one to condition on, one to judge by.

Both read aligned crops as ArcFace does, [B, 3, 112, 112] BGR in -1..1, and give vectors of length one.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

EMBEDDING_SIZE = 512
JUDGE_SIZE = 128


class Separable(nn.Module):
    """Expand, filter each channel, squeeze; added to its input where shapes allow."""

    def __init__(self, inputs: int, outputs: int, stride: int):
        super().__init__()
        wide = 2 * inputs
        self.same = inputs == outputs and stride == 1
        self.body = nn.Sequential(
            nn.Conv2d(inputs, wide, 1, bias=False),
            nn.BatchNorm2d(wide),
            nn.PReLU(wide),
            nn.Conv2d(wide, wide, 3, stride, 1, groups=wide, bias=False),
            nn.BatchNorm2d(wide),
            nn.PReLU(wide),
            nn.Conv2d(wide, outputs, 1, bias=False),
            nn.BatchNorm2d(outputs),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x) if self.same else self.body(x)


class Recogniser(nn.Module):
    """MobileFaceNet's plan (Chen et al. 2018) in small: [B, 3, 112, 112] -> [B, 512]."""

    def __init__(self):
        super().__init__()
        plan = ((48, 64, 2), (64, 64, 1), (64, 96, 2), (96, 96, 1), (96, 96, 1), (96, 128, 2), (128, 128, 1))
        self.stem = nn.Sequential(nn.Conv2d(3, 48, 3, 2, 1, bias=False), nn.BatchNorm2d(48), nn.PReLU(48))
        self.body = nn.Sequential(*(Separable(*row) for row in plan))
        self.gather = nn.Sequential(nn.Conv2d(128, 128, 7, groups=128, bias=False), nn.BatchNorm2d(128))
        self.vector = nn.Linear(128, EMBEDDING_SIZE, bias=False)
        self.norm = nn.BatchNorm1d(EMBEDDING_SIZE)

    def forward(self, crops: Tensor) -> Tensor:
        gathered = self.gather(self.body(self.stem(crops))).flatten(1)
        return F.normalize(self.norm(self.vector(gathered)).float(), dim=1)


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
