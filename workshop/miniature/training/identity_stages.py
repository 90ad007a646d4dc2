"""The two stages that InfuseNet and its projector are trained in."""

import torch
from torch import Tensor

from infu_core.networks.identity_projector import IdentityProjector
from infu_core.training.identity_loss import IdentityLoss
from infu_core.training.identity_objective import (
    IdentityObjective,
    begin_projector,
    begin_silent,
    copy_base_blocks,
)
from miniature.faces.scene import STYLES
from miniature.networks.text_encoder import Words

from . import batches
from .made_pairs import make_pairs
from .objectives import MiniatureBase, StrengthenedBase
from .other_renderings import pair_renderings
from .portraits import portraits_by_person, with_any_style, without_style
from .poses import draw_poses
from .stage_run import compile_blocks, train
from .watches import identity_watch
from .workshop import Workshop


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
    objective = IdentityObjective(base, infusenet, projector, identity_loss(workshop, name))
    watch = identity_watch(workshop, flux, text) if workshop.config["stages"][name].get("watch_every") else None
    run = train(workshop, name, objective, columns, batches.identities(text), seconds, watch)
    if run:
        run.trained()
        workshop.keep(f"{name}-infusenet", infusenet)
        workshop.keep(f"{name}-projector", projector)
    return run is not None


def identity_loss(workshop: Workshop, stage: str) -> IdentityLoss | None:
    """As the stage's `identity_weight` and `identity_contrast` say; none where they do not."""
    settings = workshop.config["stages"][stage]
    if not settings.get("identity_weight"):
        return None
    recogniser = workshop.trained("latent_recogniser", workshop.latent_recogniser())
    contrast = settings.get("identity_contrast", 0.0)
    return IdentityLoss(recogniser.of_person, settings["identity_weight"], contrast=contrast)


TELLING = {
    "own": lambda words: words,
    "none": lambda words: without_style(words, Words().known["of"]),
    "any": lambda words: with_any_style(words, seed=8),
}


def stage1(workshop: Workshop, seconds: float | None) -> bool:
    """Single person, single sample: picture and identity are of one picture.

    With `styles = ["photo"]` in its table InfuseNet never meets another style. `style_told` says what style captions
    name: the picture's "own", "none", as captions of photos hardly do, or "any", whatever the picture shows.
    `begins_with`: the stage whose weights it goes on from.
    """
    settings = workshop.config["stages"]["stage1"]
    groups = portraits_by_person(workshop, workshop.face_weight("stage1"), tuple(settings.get("styles", STYLES)))
    tell = TELLING[settings.get("style_told", "own")]
    for group in groups:
        group["words"] = tell(group["words"])
        del group["people"]
        group["wanted"] = workshop.vectors_of(group.pop("crops")).half()
        group["vectors"] = group["wanted"][:, None]
    before = settings.get("begins_with")
    return _identity_run(workshop, "stage1", before, [with_control(workshop, group) for group in groups], seconds)


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
