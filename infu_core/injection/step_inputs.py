"""What InfuseNet is given at one step: for one person, for all together, or for a region's tokens only.

Legend for shapes: `B` batch, `L` image tokens, `N` identity tokens, `C` context.
"""

import math
from dataclasses import dataclass, field

import torch
from torch import Tensor

from ..networks.infusenet import InfuseNet
from ..networks.latent_tokens import pack
from ..residuals import Residuals
from .denoising_step import DenoisingStep
from .region_attention import RegionAttention
from .region_layout import Layout


@dataclass(frozen=True, eq=False)
class Prepared:
    """What one picture size needs, made once per run, on the device."""

    layout: Layout
    tokens: list[Tensor]  # per person [1, N, C]
    controls: list[Tensor]  # per person [1 or B, L, 64]
    positions: Tensor  # [L, 3]


@dataclass
class StepInputs:
    """One step's inputs to InfuseNet, evaluated for one person or for all of them."""

    network: InfuseNet
    step: DenoisingStep
    prepared: Prepared
    guidance: float
    dtype: torch.dtype
    image: Tensor = field(init=False)

    def __post_init__(self):
        self.image = pack(self.step.latent).to(self.dtype)

    def __call__(self, tokens: Tensor, control: Tensor, chosen: Tensor | None = None, attention=None) -> Residuals:
        """`chosen`: indices of the image tokens that take part, at their true places; None for all."""
        image, positions = self.image, self.prepared.positions
        if chosen is not None:
            image, control, positions = image[:, chosen], control[:, chosen], positions[chosen]
        return self.network(
            image=image,
            control=self.for_each_row(control),
            identity=tokens,
            timestep=self.step.timestep,
            pooled=self.step.pooled,
            guidance=torch.full_like(self.step.timestep, self.guidance),
            positions=positions,
            attention=attention or self.step.attention,
        )

    def together(self) -> Residuals:
        """One pass for everybody: each region sees its own identity (FaceStudio section 3.3)."""
        masks = self.prepared.layout.masks
        sizes = torch.tensor([tokens.shape[1] for tokens in self.prepared.tokens])
        owners = torch.repeat_interleave(torch.arange(len(sizes)), sizes).to(masks.device)
        nearest = masks.argmax(dim=0)  # [L]
        controls = torch.stack([self.for_each_row(control) for control in self.prepared.controls])
        control = controls[nearest, :, torch.arange(len(nearest), device=masks.device)].transpose(0, 1)
        return self(torch.cat(self.prepared.tokens, dim=1), control, attention=RegionAttention(owners, masks))

    def whole(self, person: int) -> Residuals:
        """One pass over the whole picture for one person."""
        return self(self.prepared.tokens[person], self.prepared.controls[person])

    def cropped(self, person: int) -> Residuals:
        """One pass over the tokens of one person's region, zeros elsewhere."""
        chosen = self.prepared.layout.masks[person].nonzero().squeeze(1)
        part = self(self.prepared.tokens[person], self.prepared.controls[person], chosen)

        def place(residual: Tensor) -> Tensor:
            whole = residual.new_zeros((residual.shape[0], self.image.shape[1], residual.shape[2]))
            whole[:, chosen] = residual
            return whole

        return part.map(place)

    def for_each_row(self, control: Tensor) -> Tensor:
        """Pose latents of F pictures -> one for each row [B, L, 64]: pictures in turn, anew for every prompt."""
        batch = len(self.image)
        if len(control) == 1:
            return control.expand(batch, -1, -1)
        pictures = self.step.pictures or batch
        return repeated(repeated(control, pictures), batch)


def repeated(values: Tensor, batch: int) -> Tensor:
    """Rows repeated in turn until there are `batch` of them."""
    if len(values) == batch:
        return values
    return values.repeat(math.ceil(batch / len(values)), *[1] * (values.ndim - 1))[:batch]
