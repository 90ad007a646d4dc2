"""The injector: for one denoising step, the residuals that a host adds to its FLUX. Knows no host.

Legend for shapes: `B` batch, `H W` latent pixels, `L` image tokens, `N` identity tokens, `C` context.
"""

import math
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from ..networks.infusenet import InfuseNet
from ..networks.latent_tokens import pack, token_grid, token_positions
from ..residuals import Residuals
from .region_attention import RegionAttention
from .regions import REGION_MODES, Layout, Person, Window, lay_out
from .residual_cache import ResidualCache
from .reuse_plan import REUSE_PLANS
from .stopwatch import Stopwatch
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
    `step` of `steps`; `rows` tells apart batches that are denoised side by side. `pictures`: how many pictures the
    batch holds, in turn, where a host denoises each for several prompts; None for B. `window`: where the latent lies
    in the whole picture, None where it is the whole picture. `sigma`: as in `timestep`, where the host knows it
    without asking the device.
    """

    latent: Tensor
    timestep: Tensor
    pooled: Tensor | None
    began: float
    step: int
    steps: int
    ended: float | None = None
    rows: Hashable = None
    pictures: int | None = None
    window: Window | None = None
    sigma: float | None = None

    @property
    def time(self) -> float:
        """Where this evaluation lies between the computed ones: latents change evenly with sigma."""
        return self.began if self.sigma is None else self.sigma


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


@dataclass(frozen=True, eq=False)
class Prepared:
    """What one picture size needs, made once per run, on the device."""

    layout: Layout
    tokens: list[Tensor]  # per person [1, N, C]
    controls: list[Tensor]  # per person [1 or B, L, 64]
    positions: Tensor  # [L, 3]


class InjectionRun:
    """One sampling run: everything that may be kept between its steps, and nothing after it.

    `reuse`, `reuse_threshold`, `spare_memory`: see `ResidualCache`. `clock` counts the seconds in InfuseNet.
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
    ):
        self.settings = settings
        self.people = tuple(people)
        self.control_latents = control_latents
        self.dtype = dtype
        plan = REUSE_PLANS[reuse]
        self.cache = ResidualCache(plan, steps, reuse_threshold, spare_memory) if plan else None
        self.clock = clock or Stopwatch()
        self.report = RunReport(notes=self.cache.notes if self.cache else [])
        self.prepared: dict[tuple, Prepared] = {}

    def strength(self, step: DenoisingStep, factor: float = 1.0) -> float:
        """How strong the identity is at this step; 0 where the network need not run."""
        return factor * self.settings.schedule.at(step.began, step.ended)

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
        self.report.evaluations += 1
        self.report.strengths.append((step.began, strength))
        forecast = self.cache.forecast(step.rows, step.step, step.time) if self.cache else None
        if forecast is not None:
            self.report.reused += 1
            return forecast.scaled(strength)
        with self.clock.measuring("infusenet", step.latent.device):
            residuals = self.compute(network, step, prepared)
        self.report.computed += 1
        self.report.computed_at.append(step.began)
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
        whole = self.control_latents(person, window.full_height, window.full_width)
        return whole[..., window.top : window.top + height, window.left : window.left + width]

    def compute(self, network: InfuseNet, step: DenoisingStep, prepared: Prepared) -> Residuals:
        """Run InfuseNet for everybody; style, masks, block weights and people's own strengths applied."""
        layout, settings = prepared.layout, self.settings
        evaluate = Evaluation(network, step, prepared, settings.guidance, self.dtype)
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

    def one_after_another(self, evaluate: "Evaluation", layout: Layout) -> Residuals:
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
            control=self.for_each_row(control),
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
