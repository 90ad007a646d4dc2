"""The stages of the miniature's training, in order. Each takes finished weights and leaves its own."""

from collections.abc import Callable

import torch
from torch import nn

from miniature.networks.recogniser import EMBEDDING_SIZE, Recogniser

from ..networks.attributes import AttributeClassifier
from ..networks.detector import Detector
from ..networks.eyes import EyeClassifier
from ..networks.judge import JUDGE_SIZE, Judge
from . import batches
from .eye_batches import eyes_and_spoilt_ones
from .identity_stages import stage1, stage2
from .objectives import (
    AttributeObjective,
    AutoencoderObjective,
    DecoderObjective,
    DetectorObjective,
    EyesObjective,
    GuidanceObjective,
    LatentRecogniserObjective,
    RecogniserObjective,
    TextToImageObjective,
)
from .portraits import portraits_with_words
from .stage_run import compile_blocks, train
from .watches import PromptWatch
from .workshop import Workshop

Stage = Callable[[Workshop, float | None], bool]


def autoencoder(workshop: Workshop, seconds: float | None) -> bool:
    portraits = workshop.renders("portraits")
    columns = {name: portraits[name] for name in ("pictures", "points")}
    network = workshop.autoencoder().to(memory_format=torch.channels_last)
    crops = batches.picture_parts(workshop.config["autoencoder"]["part"])
    run = train(workshop, "autoencoder", AutoencoderObjective(network), columns, crops, seconds)
    if run:
        run.trained()
        workshop.keep("autoencoder", network)
        workshop.forget_latents()
    return run is not None


def decoder(workshop: Workshop, seconds: float | None) -> bool:
    """The encoder stays, and so does every latent."""
    portraits = workshop.renders("portraits")
    columns = {name: portraits[name] for name in ("pictures", "points")}
    network = workshop.autoencoder().to(memory_format=torch.channels_last)
    network.load_state_dict(workshop.trained("autoencoder", workshop.autoencoder()).state_dict())
    crops = batches.picture_parts(workshop.config["autoencoder"]["part"])
    run = train(workshop, "decoder", DecoderObjective(network), columns, crops, seconds)
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
    run = train(workshop, name, objective, columns, batches.crops_of_people, seconds)
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
    run = train(workshop, "attributes", AttributeObjective(network), columns, batches.pictures_with_labels, seconds)
    if run:
        run.trained()
        workshop.keep("attributes", network)
    return run is not None


def eyes(workshop: Workshop, seconds: float | None) -> bool:
    """On portraits: as the base is to draw them, and spoilt."""
    columns, network = {"crops": workshop.renders("portraits")["crops"][:, 0]}, EyeClassifier()
    run = train(workshop, "eyes", EyesObjective(network), columns, eyes_and_spoilt_ones, seconds)
    if run:
        run.trained()
        workshop.keep("eyes", network)
    return run is not None


def detector(workshop: Workshop, seconds: float | None) -> bool:
    singles, couples = workshop.renders("singles"), workshop.renders("couples")
    share = len(couples["pictures"]) * 2
    columns = {"pictures": torch.cat((singles["pictures"][:share], couples["pictures"]))}
    for name in ("boxes", "points"):
        one, two = singles[name][:share], couples[name]
        columns[name] = torch.cat((torch.cat((one, torch.full_like(one, -1.0)), 1), two))
    network = Detector()
    run = train(workshop, "detector", DetectorObjective(network), columns, batches.canvases_with_faces, seconds)
    if run:
        run.trained()
        workshop.keep("detector", network)
    return run is not None


def latent_recogniser(workshop: Workshop, seconds: float | None) -> bool:
    """On portraits of one person: what an identity loss sees predictions through. The judge has no part in it."""
    portraits, network = workshop.encoded("portraits"), workshop.latent_recogniser()
    columns = {"latents": portraits["latents"], "vectors": workshop.vectors_of(portraits["crops"][:, 0])}
    objective = LatentRecogniserObjective(network)
    run = train(workshop, "latent_recogniser", objective, columns, batches.latents_with_vectors, seconds)
    if run:
        run.trained()
        workshop.keep("latent_recogniser", network)
    return run is not None


def base(workshop: Workshop, seconds: float | None) -> bool:
    text, flux = workshop.text(), workshop.flux()
    columns = portraits_with_words(workshop, face_weight=workshop.face_weight("base"))
    objective = TextToImageObjective(text, flux)
    watch = PromptWatch.of(workshop)
    run = train(workshop, "base", objective, columns, batches.latents_with_words, seconds, watch)
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
    run = train(workshop, "guidance", objective, columns, batches.latents_with_guidance, seconds)
    if run:
        run.trained()
        workshop.keep("flux", student)
    return run is not None


STAGES: dict[str, tuple[Stage, str]] = {
    "recogniser": (recogniser, "recogniser"),
    "judge": (judge, "judge"),
    "attributes": (attributes, "attributes"),
    "eyes": (eyes, "eyes"),
    "detector": (detector, "detector"),
    "autoencoder": (autoencoder, "autoencoder"),
    "decoder": (decoder, "vae"),
    "latent_recogniser": (latent_recogniser, "latent_recogniser"),
    "base": (base, "base"),
    "guidance": (guidance, "flux"),
    "stage1": (stage1, "stage1-infusenet"),
    "stage2": (stage2, "stage2-infusenet"),
}
"""Name -> the stage, and the weights that say it is done."""
