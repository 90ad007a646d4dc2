"""The stages of the miniature's training, in order. Each takes finished weights and leaves its own."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from infu_core.networks.flux_blocks import DoubleBlock, SingleBlock
from infu_core.networks.identity_projector import IdentityProjector
from infu_core.training.identity_objective import IdentityObjective, begin_projector, begin_silent, copy_base_blocks
from infu_core.training.loop.run_settings import RunSettings
from infu_core.training.loop.training_run import TrainingRun, Watch
from miniature.networks.recogniser import EMBEDDING_SIZE, Recogniser

from ..networks.attributes import AttributeClassifier
from ..networks.autoencoder import Block
from ..networks.detector import Detector
from ..networks.judge import JUDGE_SIZE, Judge
from . import batches
from .made_pairs import make_pairs
from .objectives import (
    AttributeObjective,
    AutoencoderObjective,
    DecoderObjective,
    DetectorObjective,
    GuidanceObjective,
    MiniatureBase,
    RecogniserObjective,
    StrengthenedBase,
    TextToImageObjective,
)
from .other_renderings import pair_renderings
from .portraits import portraits_by_person, portraits_with_words
from .poses import draw_poses
from .watches import PromptWatch, identity_watch
from .workshop import Workshop

Stage = Callable[[Workshop, float | None], bool]


def _run(
    workshop: Workshop,
    name: str,
    objective: nn.Module,
    columns: batches.Columns | list[batches.Columns],
    make,
    seconds: float | None,
    watch: Watch | None = None,
) -> TrainingRun | None:
    """Train until done or out of time; None when it is not done yet. Of pictures twice as wide a batch has half."""
    table = dict(workshop.config["stages"][name])
    if table.pop("compiled", False):
        compile_blocks(objective)
    for own in ("guidances", "face_weight"):
        table.pop(own, None)
    time_mean = table.pop("time_mean", 0.0)
    settings = RunSettings.from_table(table)
    from accelerate import Accelerator

    accelerator = Accelerator(mixed_precision=settings.precision, cpu=workshop.device.type == "cpu")
    groups = columns if isinstance(columns, list) else [columns]
    kinds = []
    for group in groups:
        smaller = group["latents"][0].numel() // groups[0]["latents"][0].numel() if len(groups) > 1 else 1
        kinds.append(batches.Batches(group, settings.batch_size // smaller, settings.seed, make, time_mean))
    source = batches.InTurn(kinds, settings.seed) if len(kinds) > 1 else kinds[0]
    run = TrainingRun(objective, source, settings, workshop.folder / "runs" / name, accelerator, watch)
    return run if run.run(max_seconds=seconds) else None


def compile_blocks(objective: nn.Module) -> None:
    """Block by block, so that one compilation serves them all; key names stay as they are."""
    for module in objective.modules():
        if isinstance(module, (DoubleBlock, SingleBlock, Block)):
            module.compile()


def autoencoder(workshop: Workshop, seconds: float | None) -> bool:
    columns = {"pictures": workshop.renders("singles")["pictures"]}
    network = workshop.autoencoder().to(memory_format=torch.channels_last)
    crops = batches.picture_parts(workshop.config["autoencoder"]["part"])
    run = _run(workshop, "autoencoder", AutoencoderObjective(network), columns, crops, seconds)
    if run:
        run.trained()
        workshop.keep("autoencoder", network)
        workshop.forget_latents()
    return run is not None


def decoder(workshop: Workshop, seconds: float | None) -> bool:
    """The encoder stays, and so does every latent."""
    columns = {"pictures": workshop.renders("singles")["pictures"]}
    network = workshop.autoencoder().to(memory_format=torch.channels_last)
    network.load_state_dict(workshop.trained("autoencoder", workshop.autoencoder()).state_dict())
    crops = batches.picture_parts(workshop.config["autoencoder"]["part"])
    run = _run(workshop, "decoder", DecoderObjective(network), columns, crops, seconds)
    if run:
        run.trained()
        workshop.keep("vae", network)
    return run is not None


def _recogniser(workshop: Workshop, name: str, network: nn.Module, size: int, half: int, seconds: float | None) -> bool:
    """The two recognisers never see the same person: each has one half of the people."""
    renders = workshop.renders("singles")
    people = workshop.config["renders"]["people"] // 2
    owner = renders["people"][:, 0]
    rows = ((owner >= half * people) & (owner < (half + 1) * people)).nonzero()[:, 0]
    columns = {"crops": renders["crops"][rows, 0], "people": owner[rows]}
    objective = RecogniserObjective(network, people, half * people, size)
    run = _run(workshop, name, objective, columns, batches.crops_of_people, seconds)
    if run:
        run.trained()
        workshop.keep(name, network)
    return run is not None


def recogniser(workshop: Workshop, seconds: float | None) -> bool:
    return _recogniser(workshop, "recogniser", Recogniser(), EMBEDDING_SIZE, 0, seconds)


def judge(workshop: Workshop, seconds: float | None) -> bool:
    return _recogniser(workshop, "judge", Judge(), JUDGE_SIZE, 1, seconds)


def attributes(workshop: Workshop, seconds: float | None) -> bool:
    renders = workshop.renders("singles")
    columns = {name: renders[name] for name in ("pictures", "labels")}
    network = AttributeClassifier()
    run = _run(workshop, "attributes", AttributeObjective(network), columns, batches.pictures_with_labels, seconds)
    if run:
        run.trained()
        workshop.keep("attributes", network)
    return run is not None


def detector(workshop: Workshop, seconds: float | None) -> bool:
    singles, couples = workshop.renders("singles"), workshop.renders("couples")
    share = len(couples["pictures"]) * 2
    columns = {"pictures": torch.cat((singles["pictures"][:share], couples["pictures"]))}
    for name in ("boxes", "points"):
        one, two = singles[name][:share], couples[name]
        columns[name] = torch.cat((torch.cat((one, torch.full_like(one, -1.0)), 1), two))
    network = Detector()
    run = _run(workshop, "detector", DetectorObjective(network), columns, batches.canvases_with_faces, seconds)
    if run:
        run.trained()
        workshop.keep("detector", network)
    return run is not None


def base(workshop: Workshop, seconds: float | None) -> bool:
    text, flux = workshop.text(), workshop.flux()
    columns = portraits_with_words(workshop, face_weight=workshop.face_weight("base"))
    objective = TextToImageObjective(text, flux)
    watch = PromptWatch.of(workshop)
    run = _run(workshop, "base", objective, columns, batches.latents_with_words, seconds, watch)
    if run:
        run.trained()
        workshop.keep("text", text)
        workshop.keep("base", flux)
    return run is not None


def guidance(workshop: Workshop, seconds: float | None) -> bool:
    teacher, text = workshop.trained("base", workshop.flux()), workshop.trained("text", workshop.text())
    student = workshop.flux()
    student.load_state_dict(teacher.state_dict())
    if workshop.config["stages"]["guidance"].get("compiled"):
        compile_blocks(teacher)
    objective = GuidanceObjective(student, teacher, text)
    columns = portraits_with_words(workshop)
    run = _run(workshop, "guidance", objective, columns, batches.latents_with_guidance, seconds)
    if run:
        run.trained()
        workshop.keep("flux", student)
    return run is not None


def pose_latents(workshop: Workshop, points: Tensor, latents: Tensor) -> Tensor:
    """Key points [n, F, 10] -> the latents of their drawings, as a user's pose picture gives them.

    Of as many as `renders.poses` says; the others are shown black, as where no pose is given. `latents`: of the
    pictures, whose size the drawings have.
    """
    sizes = workshop.config["renders"]
    shown = points[: sizes.get("poses")]
    height, width = (8 * side for side in latents.shape[-2:])
    drawn = draw_poses(shown.cpu().numpy(), height, width, sizes.get("processes"))
    black = workshop.black_like(latents).half().expand(len(points) - len(shown), -1, -1, -1)
    return torch.cat([*(workshop.latents_of(torch.from_numpy(part)) for part in drawn), black])


@torch.no_grad()
def begin_telling_apart(projector: IdentityProjector) -> None:
    """Begin with tokens that differ from person to person by about one deviation.

    As published they begin with a large part that all people share, and in as few steps as the miniature takes
    InfuseNet learns to leave the rest unheard.
    """
    projector.proj_in.weight.mul_(projector.config.embedding_size**0.5)
    projector.proj_in.bias.zero_()
    for attention, _ in projector.layers:
        attention.norm2.weight.mul_(0.1)
        attention.to_kv.weight.mul_(3**0.5)
        attention.to_out.weight.mul_(projector.config.tokens + 1)


def _identity_run(workshop: Workshop, name: str, before: str | None, columns: list[batches.Columns], seconds) -> bool:
    flux, text = workshop.trained("flux", workshop.flux()), workshop.trained("text", workshop.text())
    infusenet, projector = workshop.infusenet(), workshop.projector()
    if before:
        infusenet.load_state_dict(workshop.trained(f"{before}-infusenet", workshop.infusenet()).state_dict())
        projector.load_state_dict(workshop.trained(f"{before}-projector", workshop.projector()).state_dict())
    else:
        copy_base_blocks(infusenet, {key: value.cpu() for key, value in flux.state_dict().items()})
        begin_silent(infusenet)
        begin_projector(projector)
        begin_telling_apart(projector)
    if workshop.config["stages"][name].get("compiled"):
        compile_blocks(flux)
    guidances = workshop.config["stages"][name].get("guidances")
    base = StrengthenedBase(flux, *guidances) if guidances else MiniatureBase(flux)
    objective = IdentityObjective(base, infusenet, projector)
    watch = identity_watch(workshop, flux, text)
    run = _run(workshop, name, objective, columns, batches.identities(text), seconds, watch)
    if run:
        run.trained()
        workshop.keep(f"{name}-infusenet", infusenet)
        workshop.keep(f"{name}-projector", projector)
    return run is not None


def stage1(workshop: Workshop, seconds: float | None) -> bool:
    """Single person, single sample: picture and identity are of one picture."""
    groups = portraits_by_person(workshop, workshop.face_weight("stage1"))
    for group in groups:
        del group["people"]
        group["vectors"] = workshop.vectors_of(group.pop("crops")).half()[:, None]
    return _identity_run(workshop, "stage1", None, [with_control(workshop, group) for group in groups], seconds)


def with_control(workshop: Workshop, group: batches.Columns) -> batches.Columns:
    """The columns with the pictures that control shows instead of the key points; and what it shows without any."""
    points = group.pop("points")
    black = workshop.black_like(group["latents"]).expand(len(points), -1, -1, -1)
    return {**group, "control": pose_latents(workshop, points, group["latents"]), "black": black}


def stage2(workshop: Workshop, seconds: float | None) -> bool:
    """Single person, multiple samples: an identity from a photo, and another picture of its person.

    `pairs.source` says whose picture: `made` by stage 1, as published, or `rendered`.
    """
    weight = workshop.face_weight("stage2")
    ways = {
        "made": lambda workshop: [make_pairs(workshop)],
        "rendered": lambda workshop: pair_renderings(workshop, weight),
    }
    source = ways[workshop.config["pairs"].get("source", "made")]
    groups = [{name: value.to(workshop.device) for name, value in pairs.items()} for pairs in source(workshop)]
    return _identity_run(workshop, "stage2", "stage1", [with_control(workshop, group) for group in groups], seconds)


STAGES: dict[str, tuple[Stage, str]] = {
    "recogniser": (recogniser, "recogniser"),
    "judge": (judge, "judge"),
    "attributes": (attributes, "attributes"),
    "detector": (detector, "detector"),
    "autoencoder": (autoencoder, "autoencoder"),
    "decoder": (decoder, "vae"),
    "base": (base, "base"),
    "guidance": (guidance, "flux"),
    "stage1": (stage1, "stage1-infusenet"),
    "stage2": (stage2, "stage2-infusenet"),
}
"""Name -> the stage, and the weights that say it is done."""
