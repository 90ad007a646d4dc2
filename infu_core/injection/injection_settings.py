"""How an identity acts: what an Apply node was told."""

import math
from dataclasses import dataclass

from .region_layout import REGION_MODES
from .strength_schedule import StrengthSchedule


@dataclass(frozen=True)
class InjectionSettings:
    """How an identity acts; the defaults are the published behaviour (InfiniteYou pipeline).

    `guidance`: what InfuseNet is told (1.0 as published, whatever the base's is). `style_alignment`: 0..1.
    `double_weights`, `single_weights`: one factor per InfuseNet block, None for ones.
    """

    schedule: StrengthSchedule = StrengthSchedule()
    guidance: float = 1.0
    style_alignment: float = 0.0
    region_mode: str = "one_pass"
    on_negative: bool = False
    double_weights: tuple[float, ...] | None = None
    single_weights: tuple[float, ...] | None = None

    def __post_init__(self):
        if self.region_mode not in REGION_MODES:
            raise ValueError(f"The region mode is '{self.region_mode}'; choose one of {', '.join(REGION_MODES)}.")
        if not 0 <= self.style_alignment <= 1:
            raise ValueError(f"style_alignment is {self.style_alignment}; give 0 (as published) to 1.")
        if not math.isfinite(self.guidance):
            raise ValueError(f"The guidance for InfuseNet is {self.guidance}; give a number, 1 as published.")
