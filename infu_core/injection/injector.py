"""The injector: for one denoising step, the residuals that a host adds to its FLUX. Knows no host.

Legend for shapes: `B` batch, `H W` latent pixels, `L` image tokens, `N` identity tokens, `C` context.
"""

import math
import time
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from ..networks.infusenet import InfuseNet
from ..networks.latent_tokens import pack, token_grid, token_positions
from ..residuals import Residuals, sum_of
from .region_attention import RegionAttention
from .regions import REGION_MODES, Layout, Person, lay_out
from .residual_cache import REUSE_PLANS, ResidualCache
from .strength_schedule import StrengthSchedule
from .style_alignment import align_style

ControlLatents = Callable[[int, int, int], Tensor]
"""(person, latent height, latent width) -> that person's pose latents [1 or B, 16, H, W], encoded by the host's VAE."""


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


@dataclass(frozen=True, eq=False)
class DenoisingStep:
    """One evaluation of the base model, as its host sees it.

    `latent` [B, 16, H, W]: the noisy latent, without extra channels. `timestep` [B] in 0..1. `pooled` [B, P] or None.
    `began`, `ended`: the host's percent at this evaluation, and at the end of its step where the host counts steps.
    `step` of `steps`; `rows` tells apart batches that are denoised side by side.
    """

    latent: Tensor
    timestep: Tensor
    pooled: Tensor | None
    began: float
    step: int
    steps: int
    ended: float | None = None
    rows: Hashable = None


@dataclass
class RunReport:
    """What a run did: base evaluations with an identity, InfuseNet runs, forecasts, seconds in InfuseNet."""

    evaluations: int = 0
    computed: int = 0
    reused: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, eq=False)
class Prepared:
    """What one picture size needs, made once per run, on the device."""

    layout: Layout
    tokens: list[Tensor]  # per person [1, N, C]
    controls: list[Tensor]  # per person [1 or B, L, 64]
    positions: Tensor  # [L, 3]


class InjectionRun:
    """One sampling run: everything that may be kept between its steps, and nothing after it."""

    def __init__(
        self,
        settings: InjectionSettings,
        people: Sequence[Person],
        control_latents: ControlLatents,
        dtype: torch.dtype,
        reuse: str = "exact",
        steps: int = 1,
    ):
        self.settings = settings
        self.people = tuple(people)
        self.control_latents = control_latents
        self.dtype = dtype
        self.cache = ResidualCache(REUSE_PLANS[reuse], steps) if reuse != "exact" else None
        self.report = RunReport()
        self.prepared: dict[tuple, Prepared] = {}

    def residuals(self, network: InfuseNet, step: DenoisingStep, factor: float = 1.0) -> Residuals | None:
        """This step's residuals, strength included, in the run's dtype; None where nothing is to be added.

        `factor` multiplies the strength. The network is not run outside the schedule or at strength 0.
        """
        strength = factor * self.settings.schedule.at(step.began, step.ended)
        if strength == 0:
            return None
        prepared = self.prepare(*step.latent.shape[-2:], step.latent.device)
        if not prepared.layout.people:
            return None
        self.report.evaluations += 1
        forecast = self.cache.forecast(step.rows, step.step, step.began) if self.cache else None
        if forecast is not None:
            self.report.reused += 1
            return forecast.scaled(strength)
        began = time.perf_counter()
        residuals = self.compute(network, step, prepared)
        self.report.seconds += time.perf_counter() - began
        self.report.computed += 1
        if self.cache:
            self.cache.remember(step.rows, step.step, step.began, residuals)
        return residuals.scaled(strength)

    def prepare(self, height: int, width: int, device: torch.device) -> Prepared:
        """Masks, identity tokens and pose latents for pictures of this latent size."""
        key = (height, width, device)
        if key not in self.prepared:
            rows, columns = token_grid(height, width)
            layout = lay_out(self.people, rows, columns, device)
            places = [self.people.index(person) for person in layout.people]
            self.prepared[key] = Prepared(
                layout=layout,
                tokens=[person.tokens[None].to(device, self.dtype) for person in layout.people],
                controls=[pack(self.control_latents(place, height, width)).to(device, self.dtype) for place in places],
                positions=token_positions(rows, columns, device),
            )
        return self.prepared[key]

    def compute(self, network: InfuseNet, step: DenoisingStep, prepared: Prepared) -> Residuals:
        """Run InfuseNet for everybody; style, masks, block weights and the people's own strengths applied."""
        layout, settings = prepared.layout, self.settings
        evaluate = Evaluation(network, step, prepared, settings.guidance, self.dtype)
        if layout.masks is None:
            person = layout.people[0]
            residuals = evaluate(prepared.tokens[0], prepared.controls[0])
            residuals = align_style(residuals, settings.style_alignment).scaled(person.strength)
        elif settings.region_mode == "one_pass":
            residuals = evaluate.together()
            residuals = align_style(residuals, settings.style_alignment, layout.masks).scaled(layout.output_weight())
        else:
            one_person = evaluate.cropped if settings.region_mode == "cropped" else evaluate.whole
            parts = []
            for index, person in enumerate(layout.people):
                mask = layout.masks[index : index + 1]
                part = align_style(one_person(index), settings.style_alignment, mask)
                parts.append(part.scaled(person.strength * mask[..., None]))
            residuals = sum_of(parts)
        if settings.double_weights is None and settings.single_weights is None:
            return residuals
        return residuals.weighted(
            settings.double_weights or (1.0,) * len(residuals.double),
            settings.single_weights or (1.0,) * len(residuals.single),
        )


@dataclass
class Evaluation:
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
            control=repeated(control, len(image)),
            identity=tokens,
            timestep=self.step.timestep,
            pooled=self.step.pooled,
            guidance=torch.full_like(self.step.timestep, self.guidance),
            positions=positions,
            attention=attention,
        )

    def together(self) -> Residuals:
        """One pass for everybody: each region sees its own identity (FaceStudio section 3.3)."""
        masks = self.prepared.layout.masks
        sizes = torch.tensor([tokens.shape[1] for tokens in self.prepared.tokens])
        owners = torch.repeat_interleave(torch.arange(len(sizes)), sizes).to(masks.device)
        nearest = masks.argmax(dim=0)  # [L]
        controls = torch.stack([repeated(control, len(self.image)) for control in self.prepared.controls])
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


def repeated(values: Tensor, batch: int) -> Tensor:
    """Rows repeated in turn until there are `batch` of them."""
    if len(values) == batch:
        return values
    return values.repeat(math.ceil(batch / len(values)), *[1] * (values.ndim - 1))[:batch]
