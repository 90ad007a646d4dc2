"""What an injection tells about itself after a sampling."""

from dataclasses import dataclass, field


@dataclass
class RunReport:
    """What a run did: base evaluations with an identity, InfuseNet runs, forecasts, and sentences for people.

    `strengths`: (percent, strength) of each evaluation. `computed_at`: the percents at which InfuseNet ran.
    """

    evaluations: int = 0
    computed: int = 0
    reused: int = 0
    strengths: list[tuple[float, float]] = field(default_factory=list)
    computed_at: list[float] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
