"""The miniature's face recogniser. ArcFace's contract: aligned crops [B, 3, 112, 112] BGR in -1..1 to unit vectors."""

import torch.nn.functional as F
from torch import Tensor, nn

EMBEDDING_SIZE = 512


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
