"""dlib's face network (ResNet-29, 128 numbers) behind ArcFace's contract: a judge that InfuseNet never saw.

The layers follow dlib's published `dnn_face_recognition` example; the weights are those of the npm package
@vladmandic/face-api (uint8-quantised). dlib cuts faces otherwise than ArcFace does: a fixed affine map takes
the 112 x 112 crop to its 150 x 150 chip.
"""

import json
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

MEAN = (122.782, 117.001, 104.298)
TO_CHIP = ((1.449, -0.008, -6.61), (0.008, 1.449, -29.5))
BLOCKS = ("32_1", "32_2", "32_3", "64_down", "64_1", "64_2", "64_3", "128_down", "128_1", "128_2")
BLOCKS += ("256_down", "256_1", "256_2", "256_down_out")


class NeutralRecogniser(nn.Module):
    """[n, 3, 112, 112] BGR in -1..1 -> [n, 512] of length one; `centre` [128] is subtracted first."""

    def __init__(self, folder: Path, centre: Tensor | None = None):
        super().__init__()
        self.weights = read_weights(folder)
        self.centre = torch.zeros(128) if centre is None else centre
        random = torch.randn(512, 128, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
        self.spread = torch.linalg.qr(random)[0].float()

    def forward(self, pixels: Tensor) -> Tensor:
        return functional.normalize((self.describe(pixels) - self.centre) @ self.spread.T, dim=1)

    def describe(self, pixels: Tensor) -> Tensor:
        """dlib's own descriptor, [n, 128]: people are alike when the distance is below 0.6."""
        x = (to_chip((pixels.flip(1) + 1) * 127.5) - torch.tensor(MEAN)[:, None, None]) / 255
        x = self.conv(x, "conv32_down", stride=2).relu()
        x = functional.max_pool2d(x, 3, 2)
        for block in BLOCKS:
            x = self.residual(x, f"conv{block}", down="down" in block)
        return x.mean((2, 3)) @ self.weights["fc"]

    def residual(self, x: Tensor, name: str, down: bool) -> Tensor:
        y = self.conv(x, f"{name}/conv1", stride=2 if down else 1).relu()
        y = self.conv(y, f"{name}/conv2")
        if down:
            x = functional.avg_pool2d(x, 2, 2)
            y = functional.pad(y, (0, x.shape[3] - y.shape[3], 0, x.shape[2] - y.shape[2]))
            x = functional.pad(x, (0, 0, 0, 0, 0, y.shape[1] - x.shape[1]))
        return (x + y).relu()

    def conv(self, x: Tensor, name: str, stride: int = 1) -> Tensor:
        weight = self.weights[f"{name}/conv/filters"].permute(3, 2, 0, 1)
        padding = 0 if stride == 2 else weight.shape[-1] // 2
        x = functional.conv2d(x, weight, self.weights[f"{name}/conv/bias"], stride, padding)
        scale, shift = (self.weights[f"{name}/scale/{kind}"] for kind in ("weights", "biases"))
        return x * scale[:, None, None] + shift[:, None, None]


def to_chip(crops: Tensor) -> Tensor:
    """[n, 3, 112, 112] -> dlib's chips [n, 3, 150, 150]."""
    matrix = torch.tensor([*TO_CHIP, (0.0, 0.0, 1.0)]).inverse()
    y, x = torch.meshgrid(torch.arange(150.0), torch.arange(150.0), indexing="ij")
    source = torch.stack([x, y, torch.ones_like(x)], dim=-1) @ matrix.T
    grid = (source[..., :2] / 111 * 2 - 1).expand(len(crops), -1, -1, -1)
    return functional.grid_sample(crops, grid, align_corners=True)


def read_weights(folder: Path) -> dict[str, Tensor]:
    """The package's quantised tensors as floats, by name."""
    (manifest,) = json.loads((folder / "face_recognition_model-weights_manifest.json").read_text())
    data = (folder / "face_recognition_model.bin").read_bytes()
    weights, offset = {}, 0
    for entry in manifest["weights"]:
        count = int(np.prod(entry["shape"]))
        kind = np.uint8 if "quantization" in entry else np.float32
        values = np.frombuffer(data, kind, count, offset).astype(np.float32)
        offset += count * np.dtype(kind).itemsize
        if "quantization" in entry:
            values = values * entry["quantization"]["scale"] + entry["quantization"]["min"]
        weights[entry["name"]] = torch.from_numpy(values.astype(np.float32).reshape(entry["shape"]))
    return weights
