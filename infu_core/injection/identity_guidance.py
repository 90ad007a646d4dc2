"""Identity guidance: a second dial beside the text's, at sampling time (Infinite-ID section 3.2).

With v_id and v_text the predictions with and without the identity: v = v_text + g (v_id - v_text). Any linear form of
the prediction will do (velocity, noise or the clean picture at one sigma).
"""

import math
from dataclasses import dataclass

from torch import Tensor

from .stream_attention import FeatureInteraction
from .strength_schedule import ROUNDING, Within


@dataclass(frozen=True)
class IdentityGuidance:
    """`guidance`: 1 leaves the identity as it is and costs nothing, 0 is the base model alone, above 1 exaggerates.

    It acts between two of the host's percents, both included. `style_alignment`: the share (0..1) of the identity's
    change of each channel's mean, and so of light and colour, that is taken back (AdaIN-mean, section 3.3).
    `interaction`: what the prediction with the identity takes from the other on its way through the base.
    """

    guidance: float = 1.0
    start_percent: float = 0.0
    end_percent: float = 1.0
    style_alignment: float = 0.0
    interaction: FeatureInteraction = FeatureInteraction()

    def __post_init__(self):
        if not math.isfinite(self.guidance) or self.guidance < 0:
            raise ValueError(f"identity_guidance is {self.guidance}; give a number from 0, usually 0.7 to 1.5.")
        window = (self.start_percent, self.end_percent)
        if not all(0 <= percent <= 1 for percent in window) or window[0] > window[1]:
            raise ValueError(
                f"The identity guidance would act from {self.start_percent} to {self.end_percent}; "
                "its start and end go from 0 to 1, and the start comes first."
            )
        if not 0 <= self.style_alignment <= 1:
            raise ValueError(f"style_alignment is {self.style_alignment}; give 0 (nothing) to 1.")

    @property
    def is_neutral(self) -> bool:
        return self.needs_one_prediction and self.interaction.is_off

    @property
    def needs_one_prediction(self) -> bool:
        """Whether `combine` looks at the one with the identity alone."""
        return self.guidance == 1 and self.style_alignment == 0

    def acts(self, percent: float, within: Within | None = None) -> bool:
        """At this percent of the run; `within`: the host's rule for windows of percents, where it has one."""
        if within:
            return not self.is_neutral and within(self.start_percent, self.end_percent)
        inside = self.start_percent - ROUNDING <= percent <= self.end_percent + ROUNDING
        return inside and not self.is_neutral

    @property
    def is_text_alone(self) -> bool:
        """Whether the prediction with the identity is not needed where the guidance acts."""
        return self.guidance == 0

    def combine(self, with_identity: Tensor, text: Tensor) -> Tensor:
        """Two predictions [B, C, H, W] of the same latent -> the guided one."""
        guided = with_identity if self.guidance == 1 else text + self.guidance * (with_identity - text)
        if self.style_alignment == 0:
            return guided
        drift = (guided - text).mean(dim=(-2, -1), keepdim=True)  # [B, C, 1, 1]
        return guided - self.style_alignment * drift
