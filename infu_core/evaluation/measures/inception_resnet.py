"""FaceNet's network, Inception-ResNet v1, with the names of facenet-pytorch's weight files (20180402-114759-*.pt).

After Szegedy et al. 2016 as FaceNet's released models have it: blocks 35, 17 and 8, and no pooling branch but one.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class BasicConv2d(nn.Module):
    def __init__(self, inputs: int, outputs: int, kernel, stride: int = 1, padding=0):
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, padding, bias=False)
        self.bn = nn.BatchNorm2d(outputs, eps=0.001)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.bn(self.conv(x)))


class Block(nn.Module):
    """Branches side by side, joined by a 1 x 1 convolution and added, scaled, to the input."""

    def __init__(self, width: int, scale: float, branches: list[nn.Module], joined: int, relu: bool = True):
        super().__init__()
        for number, branch in enumerate(branches):
            self.add_module(f"branch{number}", branch)
        self.count, self.scale, self.relu = len(branches), scale, relu
        self.conv2d = nn.Conv2d(joined, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        side = [self.get_submodule(f"branch{number}")(x) for number in range(self.count)]
        x = x + self.scale * self.conv2d(torch.cat(side, 1))
        return F.relu(x) if self.relu else x


class Reduction(nn.Module):
    """Branches of stride 2, beside a pooling."""

    def __init__(self, *branches: nn.Module):
        super().__init__()
        for number, branch in enumerate(branches):
            self.add_module(f"branch{number}", branch)
        self.count = len(branches)

    def forward(self, x: Tensor) -> Tensor:
        side = [self.get_submodule(f"branch{number}")(x) for number in range(self.count)]
        return torch.cat([*side, F.max_pool2d(x, 3, 2)], 1)


def chain(*sizes: tuple) -> nn.Sequential:
    return nn.Sequential(*(BasicConv2d(*size) for size in sizes))


def block35() -> Block:
    branches: list[nn.Module] = [
        BasicConv2d(256, 32, 1),
        chain((256, 32, 1), (32, 32, 3, 1, 1)),
        chain((256, 32, 1), (32, 32, 3, 1, 1), (32, 32, 3, 1, 1)),
    ]
    return Block(256, 0.17, branches, 96)


def block17() -> Block:
    long = chain((896, 128, 1), (128, 128, (1, 7), 1, (0, 3)), (128, 128, (7, 1), 1, (3, 0)))
    return Block(896, 0.10, [BasicConv2d(896, 128, 1), long], 256)


def block8(scale: float = 0.20, relu: bool = True) -> Block:
    long = chain((1792, 192, 1), (192, 192, (1, 3), 1, (0, 1)), (192, 192, (3, 1), 1, (1, 0)))
    return Block(1792, scale, [BasicConv2d(1792, 192, 1), long], 384, relu)


class InceptionResnet(nn.Module):
    """[n, 3, 160, 160] RGB, (x - 127.5) / 128 -> [n, 512] of length one."""

    def __init__(self):
        super().__init__()
        self.conv2d_1a = BasicConv2d(3, 32, 3, 2)
        self.conv2d_2a = BasicConv2d(32, 32, 3)
        self.conv2d_2b = BasicConv2d(32, 64, 3, padding=1)
        self.conv2d_3b = BasicConv2d(64, 80, 1)
        self.conv2d_4a = BasicConv2d(80, 192, 3)
        self.conv2d_4b = BasicConv2d(192, 256, 3, 2)
        self.repeat_1 = nn.Sequential(*(block35() for _ in range(5)))
        self.mixed_6a = Reduction(
            BasicConv2d(256, 384, 3, 2), chain((256, 192, 1), (192, 192, 3, 1, 1), (192, 256, 3, 2))
        )
        self.repeat_2 = nn.Sequential(*(block17() for _ in range(10)))
        self.mixed_7a = Reduction(
            chain((896, 256, 1), (256, 384, 3, 2)),
            chain((896, 256, 1), (256, 256, 3, 2)),
            chain((896, 256, 1), (256, 256, 3, 1, 1), (256, 256, 3, 2)),
        )
        self.repeat_3 = nn.Sequential(*(block8() for _ in range(5)))
        self.block8 = block8(scale=1.0, relu=False)
        self.last_linear = nn.Linear(1792, 512, bias=False)
        self.last_bn = nn.BatchNorm1d(512, eps=0.001)

    def forward(self, faces: Tensor) -> Tensor:
        x = self.conv2d_2b(self.conv2d_2a(self.conv2d_1a(faces)))
        x = F.max_pool2d(x, 3, 2)
        x = self.conv2d_4b(self.conv2d_4a(self.conv2d_3b(x)))
        x = self.repeat_2(self.mixed_6a(self.repeat_1(x)))
        x = self.block8(self.repeat_3(self.mixed_7a(x)))
        x = self.last_bn(self.last_linear(x.mean((2, 3))))
        return F.normalize(x, dim=1)
