"""Parts of a picture: core's context windows and tiles of other packs; a person in the left half stands there alone."""

import pytest
import torch
from harness.host_injection import Stage, change

SAME = 1e-4


@pytest.fixture(scope="module")
def stage(comfyui):
    return Stage(comfyui)


@pytest.fixture(scope="module")
def pose(stage):
    """Another pose left and right, above and below."""
    return torch.rand(1, 64, 64, 3, generator=torch.Generator().manual_seed(5))


def windowed(stage, model, dim=3, length=4, overlap=0, schedule="standard_static", **more):
    given = {"context_length": length, "context_overlap": overlap, "context_schedule": schedule, "dim": dim, **more}
    known = [one.id for one in stage.comfyui.node("ContextWindowsManual").define_schema().inputs]
    if "causal_window_fix" in known:  # newer hosts show each window the column before it too
        given = {"causal_window_fix": False, **given}
    return stage.call("ContextWindowsManual", model=model, **given)[0]


def on(side, people=7, **widgets):
    """A person in one half."""
    boxes = {"left": "0, 0, 0.5, 1", "right": "0.5, 0, 0.5, 1", "top": "0, 0, 1, 0.5", "bottom": "0, 0.5, 1, 0.5"}
    return lambda stage: stage.region(people, box=boxes[side], **widgets)


def halves(latent, dim):
    return latent.narrow(dim, 0, 4), latent.narrow(dim, 4, 4)


@pytest.mark.parametrize(("side", "dim"), [("left", 3), ("right", 3), ("top", 2), ("bottom", 2)])
@pytest.mark.parametrize("mode", ["one_pass", "separate", "cropped"])
def test_a_person_stays_in_their_half(stage, side, dim, mode):
    patched = stage.apply(who=on(side)(stage), region_mode=mode)
    effect = stage.sample(windowed(stage, patched, dim)) - stage.sample(windowed(stage, stage.model, dim))
    first, second = (part.abs().mean() for part in halves(effect, dim))
    inside, outside = (first, second) if side in ("left", "top") else (second, first)
    assert outside == 0 and inside > 0.05


def test_each_window_gets_its_part_of_the_pose(stage, pose):
    """By hand: the right window as a picture of its own, with the right half of the encoded pose."""
    whole = stage.sample(windowed(stage, stage.apply(pose_image=pose)))
    with stage.watching() as seen:
        stage.sample(windowed(stage, stage.apply(pose_image=pose)), steps=1)
    with torch.inference_mode():
        latents = stage.model.model.process_latent_in(stage.vae.encode(pose))
        encoded = stage.module("infu_core.networks.latent_tokens").pack(latents)
    grid = encoded.reshape(1, 4, 4, 64)
    parts = [grid[:, :, :2].flatten(1, 2), grid[:, :, 2:].flatten(1, 2)]
    assert len(seen) == 2
    for call, part in zip(seen, parts, strict=True):
        assert change(call["control"].float(), part.float()) < SAME
    assert torch.isfinite(whole).all()


@pytest.mark.parametrize(
    "widgets", [{"closed_loop": True, "context_stride": 2, "schedule": "standard_uniform"}, {"overlap": 2}]
)
def test_windows_that_wrap_overlap_and_leave_out(stage, widgets):
    patched = stage.apply(who=on("left")(stage))
    effect = stage.sample(windowed(stage, patched, **widgets)) - stage.sample(windowed(stage, stage.model, **widgets))
    left, right = (part.abs().mean() for part in halves(effect, 3))
    assert left > 2 * right and torch.isfinite(effect).all()


def test_the_column_that_a_newer_host_puts_before_a_window_has_its_person(stage):
    known = [one.id for one in stage.comfyui.node("ContextWindowsManual").define_schema().inputs]
    if "causal_window_fix" not in known:
        pytest.skip("[host-new] this ComfyUI puts nothing before a window")
    with stage.watching() as seen:
        stage.sample(windowed(stage, stage.apply(who=on("left")(stage)), causal_window_fix=True), steps=1)
    assert [call["image"].shape[1] for call in seen] == [8, 12]  # 4 x 2 tokens, and 4 x 3 with the fourth column


def test_windows_of_a_batch_take_their_own_pictures_pose(stage):
    poses = torch.rand(4, 64, 64, 3, generator=torch.Generator().manual_seed(6))
    patched = stage.apply(pose_image=poses)
    whole = stage.sample(patched, batch=4)
    assert change(stage.sample(windowed(stage, patched, dim=0, length=2), batch=4), whole) < SAME


@pytest.mark.parametrize("dim", [2, 3])
def test_a_prompt_with_a_person_under_windows(stage, dim):
    """The conditioning route knows core's windows too."""
    side = "left" if dim == 3 else "top"
    prompt = stage.condition(who=on(side)(stage))
    effect = stage.sample(windowed(stage, stage.model, dim), prompt) - stage.sample(windowed(stage, stage.model, dim))
    first, second = (part.abs().mean() for part in halves(effect, dim))
    assert second == 0 and first > 0.05


class Tiles:
    """Tiled denoising as tile packs do it: a model_function_wrapper that calls the model once for each tile."""

    def __init__(self, tile=4, axis=3):
        self.tile, self.axis = tile, axis

    def __call__(self, apply, args):
        x, parts = args["input"], []
        for start in range(0, x.shape[self.axis], self.tile):
            part = x.narrow(self.axis, start, min(self.tile, x.shape[self.axis] - start))
            parts.append(apply(part, args["timestep"], **args["c"]))
        return torch.cat(parts, self.axis)


def tiled(model, **tiles):
    model = model.clone()
    model.set_model_unet_function_wrapper(Tiles(**tiles))
    return model


@pytest.mark.parametrize("axis", [2, 3])
def test_tiles_without_a_place_get_the_identity_everywhere_and_it_is_said_once(stage, pose, caplog, axis):
    everywhere = stage.sample(tiled(stage.apply(), axis=axis))
    assert "tiles of another node" in caplog.text
    caplog.clear()
    placed = stage.apply(who=on("left")(stage), pose_image=pose)
    assert change(stage.sample(tiled(placed, axis=axis)), everywhere) < SAME
    assert caplog.text.count("tiles of another node") == 1
    assert change(everywhere, stage.sample(tiled(stage.model, axis=axis))) > 0.05


def test_two_people_in_tiles_share_them(stage):
    two = on("right", 3)(stage)
    two = stage.region(4, regions=two, box="0, 0, 0.5, 1")
    made = stage.sample(tiled(stage.apply(who=two)))
    assert torch.isfinite(made).all() and change(made, stage.sample(tiled(stage.model))) > 0.05


def test_a_picture_that_is_no_part_is_not_told(stage, caplog):
    stage.sample(stage.apply())
    stage.sample(tiled(stage.apply(), tile=8))
    area = stage.call("ConditioningSetArea", conditioning=stage.positive, width=32, height=64, x=0, y=0, strength=1.0)[
        0
    ]
    stage.sample(stage.apply(), [*area, *stage.prompt(3)])
    assert "tiles of another node" not in caplog.text
