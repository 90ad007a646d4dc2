"""One evaluation of the base, as ComfyUI batches it: whose rows get the identity, and what is added to them.

Legend for shapes: `B` batch, `H W` latent pixels, `L` image tokens, `D` hidden.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from torch import Tensor

from ..injection.denoising_step import DenoisingStep
from ..injection.injector import InjectionRun
from ..injection.region_layout import Window
from ..injection.sigma_schedule import SigmaSchedule
from ..injection.strength_schedule import value_on
from ..residuals import Residuals, sum_of
from .comfyui_clock import Moment, moment_of
from .comfyui_memory import attention
from .comfyui_prompts_with_identity import POSITIVE, WANTED, chunks_with_identity
from .comfyui_sampling_request import SamplingRequest, request_in


@dataclass(frozen=True, eq=False)
class HostBatch:
    """One evaluation of the base as ComfyUI batches it: a chunk of B / chunks pictures for each prompt.

    `x` [B, 16, H, W] without extra channels, `t` [B] sigmas, `pooled` [B, P] or None. `options`: transformer_options.
    `windows`: where each chunk's latent lies in the whole picture; None for chunks that are whole pictures.
    """

    x: Tensor
    t: Tensor
    pooled: Tensor | None
    options: dict
    model_sampling: Any
    windows: Sequence[Window | None] | None = None

    @property
    def request(self) -> SamplingRequest:
        return request_in(self.options)

    @property
    def moment(self) -> Moment:
        return moment_of(self.options, self.t, self.model_sampling)

    @property
    def prompts(self) -> list[int]:
        return self.options.get("cond_or_uncond", [POSITIVE])

    def chunks(self, on_negative: bool) -> list[int]:
        """The chunks that get the identity."""
        return chunks_with_identity(self.prompts, self.request, on_negative, self.options.get(WANTED))

    def rows(self, chunks: Sequence[int]) -> list[int]:
        size = len(self.x) // len(self.prompts)
        return [row for chunk in chunks for row in range(chunk * size, (chunk + 1) * size)]

    def step(self, chunks: Sequence[int], window: Window | None, schedule: SigmaSchedule) -> DenoisingStep:
        """These chunks, all at one place of the picture, as the injector knows a step."""
        rows, moment = self.rows(chunks), self.moment
        whole, names = len(rows) == len(self.x), self.options.get("uuids")
        return DenoisingStep(
            latent=self.x if whole else self.x[rows],
            timestep=self.model_sampling.timestep(self.t if whole else self.t[rows]),
            pooled=self.pooled if whole or self.pooled is None else self.pooled[rows],
            began=moment.percent,
            within=moment.within,
            attention=partial(attention, options=self.options),
            step=schedule.step_of(moment.sigma),
            steps=schedule.steps,
            rows=(tuple(names[chunk] if names else chunk for chunk in chunks), self.x.shape, self.x.device, window),
            pictures=len(self.x) // len(self.prompts),
            window=window,
            sigma=moment.sigma,
        )


class BaseEvaluation:
    """What one evaluation of the base gets of one identity; nothing is computed before it is asked for.

    `on_negative`: whether the negative prompt's chunks get it too.
    """

    def __init__(self, run: InjectionRun, batch: HostBatch, on_negative: bool):
        self.run, self.batch = run, batch
        groups: dict[Window | None, list[int]] = {}
        for chunk in batch.chunks(on_negative):
            groups.setdefault(batch.windows[chunk] if batch.windows else None, []).append(chunk)
        self.parts = [(batch.rows(chunks), batch.step(chunks, window, run.sigmas)) for window, chunks in groups.items()]

    @property
    def is_silent(self) -> bool:
        return not any(self.run.strength(step, self.factor(step)) for _, step in self.parts)

    def factor(self, step: DenoisingStep) -> float:
        return value_on(self.batch.request.curve, step.began)

    def residuals(self, network) -> Residuals | None:
        """Residuals for the whole batch [B, L, D]: zeros in the rows that get no identity; None where all do."""
        made = []
        for rows, step in self.parts:
            part = self.run.residuals(network, step, self.factor(step))
            if part is not None:
                made.append(part.placed(rows, len(self.batch.x)))
        return sum_of(made) if made else None
