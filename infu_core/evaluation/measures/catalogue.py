"""The measures: what each is called, which way is better, and what a picture without a face is worth at worst."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Measure:
    """`name`: of a comparison and a column; of a judge's measures, `name.judge`. `worst`: what a missing face counts as
    in the lower bound; None where a missing face is no reason for a missing value. `higher_is_better`: None where
    neither is."""

    name: str
    label: str
    higher_is_better: bool | None = True
    yes_no: bool = False
    worst: float | None = None
    group: str = "picture"


BY_JUDGE = (
    Measure("sim_gt", "likeness to other photos, Sim(GT)", worst=-1.0),
    Measure("sim_ref", "likeness to the photo given, Sim(Ref)", worst=-1.0),
    Measure("id_loss", "ID Loss, 1 - Sim(Ref)", higher_is_better=False, worst=2.0),
    Measure("recognised", "taken for the person", yes_no=True, worst=0.0),
    Measure("copy_paste", "copy-paste, clean", higher_is_better=False),
    Measure("copy_paste_released", "copy-paste, as released", higher_is_better=False),
    Measure("id_conf", "ID-Conf, x 100"),
)
FACES = (
    Measure("face_found", "face found", yes_no=True, group="faces"),
    Measure("faces", "faces", higher_is_better=None, group="faces"),
    Measure("right_number_of_faces", "as many faces as people", yes_no=True, group="faces"),
    Measure("face_size", "face height, share of the picture", higher_is_better=None, group="faces"),
)
PICTURE = (
    Measure("sharpness", "sharpness (variance of the Laplacian)", higher_is_better=None),
    Measure("near_duplicate", "near-duplicate of the photo", higher_is_better=False, yes_no=True),
)
CLIP = (
    Measure("clip_score", "CLIPScore x 100, clipped (torchmetrics)", group="clip"),
    Measure("clip_score_published", "CLIPScore 2.5 x, clipped (Hessel et al.)", group="clip"),
    Measure("clip_cosine", "CLIPScore, raw cosine (InfiniteYou's table)", group="clip"),
    Measure("clip_t", "CLIP-T", group="clip"),
    Measure("clip_i_picture", "CLIP-I of whole pictures", group="clip"),
    Measure("style_hit", "style hit among the tag's styles", yes_no=True, group="clip"),
    Measure("style_gain", "style: own words over the others'", group="clip"),
)
CLIP_FACES = (Measure("clip_i", "CLIP-I of aligned faces (Infinite-ID)", worst=-1.0, group="clip_faces"),)
PICK = (
    Measure("pick_score", "PickScore, raw", group="pick_score"),
    Measure("pick_score_100", "PickScore / 100 (InfiniteYou's table)", group="pick_score"),
)
PLAIN = {one.name: one for one in (*FACES, *PICTURE, *CLIP, *CLIP_FACES, *PICK)}


def measure_named(name: str) -> Measure | None:
    """The measure of a column's name, such as face_found or sim_gt.sface."""
    if name in PLAIN:
        return PLAIN[name]
    first, _, judge = name.partition(".")
    return next((one for one in BY_JUDGE if one.name == first and judge), None)


def judge_of(name: str) -> str | None:
    """Whose judgement a column is."""
    return name.partition(".")[2] or None


def group_of(name: str) -> str:
    """The file of scores that a column stands in."""
    judge = judge_of(name)
    measure = measure_named(name)
    return f"judge-{judge}" if judge else measure.group if measure else "picture"
