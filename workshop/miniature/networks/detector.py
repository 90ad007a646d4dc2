"""A face detector with SCRFD's contract (Guo et al. 2021): three strides, two anchors a place, nine outputs.

Legend for shapes: `B` batch, `N` = (H / stride) * (W / stride) * 2 anchors, row by row, place by place.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

STRIDES = (8, 16, 32)
ANCHORS = 2
SIZE_LIMITS = (48.0, 110.0)  # pixels: faces below the first belong to stride 8, above the second to stride 32


class Detector(nn.Module):
    """[B, 3, H, W] RGB in -1..1, sides multiples of 32 -> per stride scores [B, N, 1], boxes [B, N, 4], points
    [B, N, 10]; distances are in units of the stride."""

    def __init__(self, widths: tuple[int, int, int] = (24, 32, 48)):
        super().__init__()
        fine, middle, coarse = widths
        self.stem = nn.Sequential(nn.Conv2d(3, 16, 4, 4), nn.ReLU(), nn.Conv2d(16, fine, 3, 2, 1), nn.ReLU())
        self.fine = Spread(fine, 1)
        self.down_middle = nn.Sequential(nn.Conv2d(fine, middle, 3, 2, 1), nn.ReLU())
        self.middle = nn.Sequential(Spread(middle, 1), Spread(middle, 2))
        self.down_coarse = nn.Sequential(nn.Conv2d(middle, coarse, 3, 2, 1), nn.ReLU())
        self.coarse = nn.Sequential(*(Spread(coarse, dilation) for dilation in (1, 2, 4, 1, 2)))
        self.raise_middle = nn.Conv2d(coarse, middle, 1)
        self.raise_fine = nn.Conv2d(middle, fine, 1)
        self.heads = nn.ModuleList(nn.Conv2d(width, ANCHORS * 15, 1) for width in widths)

    def forward(self, pictures: Tensor) -> tuple[list[Tensor], list[Tensor], list[Tensor]]:
        fine = self.fine(self.stem(pictures))
        middle = self.middle(self.down_middle(fine))
        coarse = self.coarse(self.down_coarse(middle))
        middle = F.relu(middle + _twice(self.raise_middle(coarse)))
        fine = F.relu(fine + _twice(self.raise_fine(middle)))
        scores, boxes, points = [], [], []
        for features, head in zip((fine, middle, coarse), self.heads, strict=True):
            rows = head(features).permute(0, 2, 3, 1).flatten(1, 2).unflatten(2, (ANCHORS, 15)).flatten(1, 2)
            scores.append(rows[..., :1])
            boxes.append(F.softplus(rows[..., 1:5]) * 2)
            points.append(rows[..., 5:] * 2)
        return scores, boxes, points


class Spread(nn.Module):
    """A residual 3 x 3 layer that looks `dilation` places far."""

    def __init__(self, width: int, dilation: int):
        super().__init__()
        self.layer = nn.Conv2d(width, width, 3, 1, dilation, dilation)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x + self.layer(x))


def _twice(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2.0, mode="nearest")


class Exported(nn.Module):
    """The nine outputs in SCRFD's order for one picture: scores, boxes, points, each [N, 1 | 4 | 10]."""

    def __init__(self, detector: Detector):
        super().__init__()
        self.detector = detector

    def forward(self, picture: Tensor) -> tuple[Tensor, ...]:
        scores, boxes, points = self.detector(picture)
        return (
            *(value.reshape(-1, 1).sigmoid() for value in scores),
            *(value.reshape(-1, 4) for value in boxes),
            *(value.reshape(-1, 10) for value in points),
        )


def anchor_centres(height: int, width: int, stride: int, device=None) -> Tensor:
    """Pixels [N, 2] that the distances of this stride start from."""
    y, x = torch.meshgrid(torch.arange(height // stride), torch.arange(width // stride), indexing="ij")
    places = torch.stack((x, y), -1).reshape(-1, 1, 2).expand(-1, ANCHORS, 2).reshape(-1, 2)
    return (places * stride).float().to(device)


def detection_loss(detector: Detector, pictures: Tensor, boxes: Tensor, points: Tensor) -> Tensor:
    """Per picture [B]: focal loss of the scores, L1 of boxes and points at the places inside a face's middle.

    `boxes` [B, F, 4] and `points` [B, F, 10] in pixels; a row of -1 is no face.
    """
    made = detector(pictures)
    height, width = pictures.shape[-2:]
    real = boxes[..., 2] > boxes[..., 0]
    centre, size = (boxes[..., :2] + boxes[..., 2:]) / 2, (boxes[..., 2:] - boxes[..., :2]).amax(-1)
    level = sum((size > limit).long() for limit in SIZE_LIMITS)
    total = pictures.new_zeros(len(pictures))
    for index, stride in enumerate(STRIDES):
        scores, distances, offsets = (part[index].float() for part in made)
        places = anchor_centres(height, width, stride, pictures.device)
        away = (places[None, :, None] - centre[:, None]).abs().amax(-1)  # [B, N, F]
        reach = (0.22 * size).clamp(min=0.75 * stride)[:, None]
        inside = (away < reach) & (real & (level == index))[:, None]
        nearest = torch.where(inside, away, away.new_tensor(1e9)).argmin(-1)  # [B, N]
        hit = inside.any(-1)
        box = boxes.gather(1, nearest[..., None].expand(-1, -1, 4))
        target = torch.cat((places - box[..., :2], box[..., 2:] - places), -1) / stride
        point = points.gather(1, nearest[..., None].expand(-1, -1, 10))
        offset = (point - places.repeat(1, 5)) / stride
        scale = (size.gather(1, nearest) / stride).clamp(min=1)[..., None]
        chance = scores[..., 0].sigmoid()
        goal = hit.float()
        certain = F.binary_cross_entropy_with_logits(scores[..., 0], goal, reduction="none")
        focal = certain * (goal - chance).square()
        regression = ((distances - target).abs() / scale).mean(-1) + 8 * ((offsets - offset).abs() / scale).mean(-1)
        count = hit.sum(-1).clamp(min=1)
        total = total + focal.sum(-1) / count.clamp(min=4) + 2 * (regression * goal).sum(-1) / count
    return total
