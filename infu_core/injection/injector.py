"""The injector: for one denoising step, the residuals that a host adds to its FLUX. Knows no host."""

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from ..networks.infusenet import InfuseNet
from ..networks.latent_tokens import pack, token_grid, token_positions
from ..residuals import Residuals
from .deferred_scalars import DeferredScalars
from .denoising_step import DenoisingStep
from .injection_settings import InjectionSettings
from .region_layout import UNKNOWN, Layout, Person, Window, lay_out
from .residual_cache import ResidualCache
from .reuse_plan import REUSE_PLANS
from .run_report import RunReport
from .sigma_schedule import SigmaSchedule
from .step_inputs import Prepared, StepInputs
from .stopwatch import Stopwatch
from .style_alignment import align_style

ControlLatents = Callable[[int | None, int, int], Tensor]
"""(person, latent height, latent width) -> that person's pose latents [1 or B, 16, H, W], encoded by the host's VAE;
for None those of a black picture, which says nothing."""


class InjectionRun:
    """One sampling run: everything that may be kept between its steps, and nothing after it.

    `reuse`, `reuse_threshold`, `spare_memory`, `scalars`: see `ResidualCache`. `clock` counts the seconds in InfuseNet.
    `sigmas`: the sampler's schedule, where the host has one.
    """

    def __init__(
        self,
        settings: InjectionSettings,
        people: Sequence[Person],
        control_latents: ControlLatents,
        dtype: torch.dtype,
        reuse: str = "exact",
        steps: int = 1,
        reuse_threshold: float = math.inf,
        spare_memory: Callable[[], float] | None = None,
        clock: Stopwatch | None = None,
        scalars: DeferredScalars | None = None,
        sigmas: SigmaSchedule | None = None,
    ):
        self.settings = settings
        self.people = tuple(people)
        self.control_latents = control_latents
        self.dtype = dtype
        plan = REUSE_PLANS[reuse]
        self.cache = ResidualCache(plan, steps, reuse_threshold, spare_memory, scalars) if plan else None
        self.sigmas = sigmas or SigmaSchedule()
        self.clock = clock or Stopwatch()
        self.report = RunReport(notes=self.cache.notes if self.cache else [])
        self.prepared: dict[tuple, Prepared] = {}

    def strength(self, step: DenoisingStep, factor: float = 1.0) -> float:
        """How strong the identity is at this step; 0 where the network need not run."""
        return factor * self.settings.schedule.at(step.began, step.ended, step.within)

    def residuals(self, network: InfuseNet, step: DenoisingStep, factor: float = 1.0) -> Residuals | None:
        """This step's residuals, strength included, in the run's dtype; None where nothing is to be added.

        `factor` multiplies the strength. The network is not run outside the schedule or at strength 0.
        """
        strength = self.strength(step, factor)
        if strength == 0:
            return None
        height, width = step.latent.shape[-2:]
        prepared = self.prepare(height, width, step.latent.device, step.window)
        if not prepared.layout.people:
            return None
        forecast = self.cache.forecast(step.rows, step.step, step.time) if self.cache else None
        self.report.count(step.began, strength, computed=forecast is None)
        if forecast is not None:
            return forecast.scaled(strength)
        with self.clock.measuring("infusenet", step.latent.device):
            residuals = self.compute(network, step, prepared)
        if self.cache:
            self.cache.remember(step.rows, step.step, step.time, residuals)
        return residuals.scaled(strength)

    def prepare(self, height: int, width: int, device: torch.device, window: Window | None = None) -> Prepared:
        """Masks, identity tokens and pose latents for latents of this size, at this place in the picture."""
        key = (height, width, device, window)
        if key not in self.prepared:
            layout = lay_out(self.people, height, width, device, window)
            places = [self.people.index(person) for person in layout.people]
            controls = [self.control(place, height, width, window) for place in places]
            self.prepared[key] = Prepared(
                layout=layout,
                tokens=[person.tokens[None].to(device, self.dtype) for person in layout.people],
                controls=[pack(control).to(device, self.dtype) for control in controls],
                positions=token_positions(*token_grid(height, width), device),
            )
        return self.prepared[key]

    def control(self, person: int, height: int, width: int, window: Window | None) -> Tensor:
        """One person's pose latents, [1 or F, 16, height, width]."""
        if window is None:
            return self.control_latents(person, height, width)
        if window == UNKNOWN:
            return self.control_latents(None, height, width)
        return window.of_batch(window.cut(self.control_latents(person, window.full_height, window.full_width)))

    def compute(self, network: InfuseNet, step: DenoisingStep, prepared: Prepared) -> Residuals:
        """Run InfuseNet for everybody; style, masks, block weights and people's own strengths applied."""
        layout, settings = prepared.layout, self.settings
        evaluate = StepInputs(network, step, prepared, settings.guidance, self.dtype)
        if layout.whole:
            person = layout.people[0]
            residuals = evaluate(prepared.tokens[0], prepared.controls[0])
            residuals = align_style(residuals, settings.style_alignment).scaled(person.strength)
        elif settings.region_mode == "one_pass":
            residuals = evaluate.together()
            residuals = align_style(residuals, settings.style_alignment, layout.masks).scaled(layout.output_weight())
        else:
            residuals = self.one_after_another(evaluate, layout)
        if settings.double_weights is None and settings.single_weights is None:
            return residuals
        return residuals.weighted(
            settings.double_weights or (1.0,) * len(residuals.double),
            settings.single_weights or (1.0,) * len(residuals.single),
        )

    def one_after_another(self, evaluate: StepInputs, layout: Layout) -> Residuals:
        """A run of InfuseNet for each person, added up."""
        one_person = evaluate.cropped if self.settings.region_mode == "cropped" else evaluate.whole

        def part(index: int) -> Residuals:
            mask = layout.masks[index : index + 1]
            aligned = align_style(one_person(index), self.settings.style_alignment, mask)
            return aligned.scaled(layout.people[index].strength * mask[..., None])

        total = part(0)
        for index in range(1, len(layout.people)):
            total.add_(part(index))
        return total
