"""The stream with identity looks at the text-only stream inside the base's attention (Infinite-ID section 3.2, A.2).

Identity guidance predicts twice, with the identity and by the text alone. Here the two meet: in chosen blocks the image
queries of the stream with identity attend to the other stream's keys and values too. The text-only stream and the
prompt's own queries stay as they are. FLUX has joint attention, [text; image], so "self-attention" is its image part.

Legend for shapes: `B` rows of a stream, `h` heads, `T` text tokens, `L` image tokens, `S` all tokens (T + L, and more
where a reference picture follows), `d` of a head. Queries and keys come rotated by their positions.
"""

import math
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

import torch
from torch import Tensor

from ..networks.flux_blocks import rotary_table, rotate
from .block_ranges import ALL_BLOCKS, BlockRange

Attend = Callable[[Tensor, Tensor, Tensor, Tensor | None], Tensor]
"""q [B, h, n, d], k and v [B, h, m, d], a mask or None -> [B, n, h * d]."""


@dataclass(frozen=True)
class FeatureInteraction:
    """What the stream with identity takes from the text-only one; the defaults take nothing.

    `mixed`: attend to `[K_id; K_t]`, `[V_id; V_t]` of the image's tokens (eq. 5). `shifted`: K_t as if the other
    picture lay to the right of this one. `means`: AdaIN-mean of K_id and V_id first (eq. 7, 8). `merged`: eq. 6, its
    sum of two attentions weighed so that their size stays. The paper's has an attention of its own for identity;
    InfuseNet's residuals have none, so the joint attention is merged with the one on the text-only stream's text alone.
    `every`: the text-only stream runs at one evaluation of so many, its means are kept for the others.
    `weight`: 0 is nothing, 1 is all of it. `blocks`: of the base, where it happens.
    """

    mixed: bool = False
    shifted: bool = False
    means: bool = False
    merged: bool = False
    every: int = 1
    weight: float = 1.0
    blocks: tuple[BlockRange, ...] = ALL_BLOCKS

    def __post_init__(self):
        if not (math.isfinite(self.weight) and 0 <= self.weight <= 1):
            raise ValueError(f"interaction_weight is {self.weight}; give 0 (nothing) to 1.")

    @property
    def is_off(self) -> bool:
        return self.weight == 0 or not (self.mixed or self.means or self.merged)

    def acts_in(self, block: tuple[str, int]) -> bool:
        """In ("double" or "single", number) of the base's blocks."""
        return any(block in some for some in self.blocks)

    @property
    def keeps_tokens(self) -> bool:
        """Whether it needs the other stream's keys and values, and not their means alone."""
        return self.mixed or self.merged


INTERACTIONS = {
    "off": FeatureInteraction(),
    "mixed attention": FeatureInteraction(mixed=True),
    "mixed attention, shifted": FeatureInteraction(mixed=True, shifted=True),
    "AdaIN-mean": FeatureInteraction(means=True),
    "AdaIN-mean, text every 4th time": FeatureInteraction(means=True, every=4),
    "mixed attention with AdaIN-mean": FeatureInteraction(mixed=True, means=True),
    "cross-attention merge": FeatureInteraction(merged=True),
}
"""The choices of `InfuSampler`, by name."""


@dataclass(frozen=True)
class TokenLayout:
    """`text` tokens, then `height` x `width` of the image. `axes`, `theta`: the base's rotary positions."""

    text: int
    height: int
    width: int
    axes: tuple[int, ...] = (16, 56, 56)
    theta: float = 10000.0

    @property
    def image(self) -> slice:
        return slice(self.text, self.text + self.height * self.width)


@dataclass(frozen=True, eq=False)
class TextOnly:
    """What an interaction needs of one block of the text-only stream, and no more.

    `keys`, `values` [B, h, n, d]: of image tokens, of text tokens where they are merged, none (n = 0) where only
    `key_mean`, `value_mean` [B, h, 1, d], over the image, are needed.
    """

    keys: Tensor
    values: Tensor
    key_mean: Tensor
    value_mean: Tensor

    @classmethod
    def of(cls, k: Tensor, v: Tensor, interaction: FeatureInteraction, tokens: TokenLayout) -> "TextOnly":
        image_k, image_v = k[:, :, tokens.image], v[:, :, tokens.image]
        means = image_k.mean(2, keepdim=True), image_v.mean(2, keepdim=True)
        if interaction.merged:
            return cls(k[:, :, : tokens.text], v[:, :, : tokens.text], *means)
        if not interaction.mixed:
            return cls(image_k[:, :, :0], image_v[:, :, :0], *means)
        return cls(moved_right(image_k, tokens) if interaction.shifted else image_k, image_v, *means)

    def on_its_own(self) -> "TextOnly":
        """In memory of its own, for what it was taken of to be let go."""
        return TextOnly(*(part.clone() for part in vars(self).values()))


@dataclass(eq=False)
class TextStreamMemory:
    """What is kept of the text-only stream during one sampling: of prompts, by their names, and blocks."""

    kept: dict[tuple[Hashable, str, int], TextOnly] = field(default_factory=dict)
    evaluations: int = 0

    def is_due(self, every: int) -> bool:
        """Whether the text-only stream runs this time; counts the times."""
        self.evaluations += 1
        return (self.evaluations - 1) % every == 0


def attend_to_text_stream(
    plain: Tensor,
    q: Tensor,
    k: Tensor,
    v: Tensor,
    text_only: TextOnly,
    interaction: FeatureInteraction,
    tokens: TokenLayout,
    attend: Attend,
    mask: Tensor | None = None,
) -> Tensor:
    """The image's part [B, L, h * d] of the attention of the stream with identity.

    `plain`: that part without any interaction. The weight goes from it to all of the other; where only means are
    aligned it is their share. `mask`: added to the logits or true where seen, [..., S or 1, S].
    """
    image, weight = tokens.image, interaction.weight
    if mask is not None and mask.shape[-2] > 1:
        mask = mask[..., image, :]
    if interaction.merged:
        seen = mask[..., : tokens.text] if mask is not None else None
        return torch.lerp(plain, attend(q[:, :, image], text_only.keys, text_only.values, seen), weight)
    if interaction.means:
        share = 1.0 if interaction.mixed else weight
        k = with_mean(k, image, text_only.key_mean, share)
        v = with_mean(v, image, text_only.value_mean, share)
    if not interaction.mixed:
        return attend(q[:, :, image], k, v, mask)
    keys, values = torch.cat((k, text_only.keys), 2), torch.cat((v, text_only.values), 2)
    seen = torch.cat((mask, mask[..., image]), -1) if mask is not None else None
    return torch.lerp(plain, attend(q[:, :, image], keys, values, seen), weight)


def with_mean(x: Tensor, image: slice, mean: Tensor, share: float) -> Tensor:
    """x [B, h, S, d] with the image's mean over tokens moved to `mean` [B, h, 1, d] by this share (eq. 8)."""
    moved = x.clone()
    moved[:, :, image] += share * (mean - x[:, :, image].mean(2, keepdim=True))
    return moved


def moved_right(keys: Tensor, tokens: TokenLayout) -> Tensor:
    """Rotated keys [B, h, L, d] of the image as if all their tokens lay one picture's width further right."""
    positions = torch.zeros(1, len(tokens.axes), device=keys.device)
    positions[:, -1] = tokens.width
    return rotate(keys, rotary_table(positions, tokens.axes, tokens.theta))
