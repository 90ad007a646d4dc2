"""Several people in one picture, in real ComfyUI: the three ways, masks and boxes, and what bad inputs say."""

import logging
import math

import pytest
import torch
from harness.host_injection import Stage, change

MODES = ["one_pass", "separate", "cropped"]
SAME = 1e-4


@pytest.fixture(scope="module")
def stage(comfyui):
    return Stage(comfyui)


def halves():
    left = torch.zeros(1, 64, 64)
    left[..., :32] = 1
    return left, 1 - left


def two(stage, **widgets):
    left, right = halves()
    return stage.region(4, right, stage.region(3, left, **widgets), **widgets)


@pytest.mark.parametrize("mode", MODES)
def test_two_people_with_a_controlnet_cfg_and_a_batch(stage, mode):
    patched = stage.apply(who=two(stage), region_mode=mode)
    whole = stage.sample(patched, stage.control(), batch=2, cfg=2.0)
    assert change(whole[1:], stage.sample(patched, stage.control(), row=1, cfg=2.0)) < SAME
    assert change(whole, stage.sample(positive=stage.control(), batch=2, cfg=2.0)) > 0.05


@pytest.mark.parametrize("mode", MODES)
def test_a_mask_of_ones_equals_no_mask_bit_for_bit(stage, mode):
    everywhere = stage.region(7, torch.ones(1, 30, 50))
    masked = stage.sample(stage.apply(who=everywhere, region_mode=mode), steps=1)
    assert torch.equal(masked, stage.sample(stage.apply(), steps=1))


@pytest.mark.parametrize("mode", MODES)
def test_swapping_people_and_masks_changes_nothing(stage, mode):
    left, right = halves()
    one = stage.region(4, right, stage.region(3, left))
    other = stage.region(3, left, stage.region(4, right))
    made = [stage.sample(stage.apply(who=who, region_mode=mode), steps=1) for who in (one, other)]
    assert torch.equal(*made)


def test_disjoint_halves_cropped_equal_two_cropped_runs(stage):
    left, right = halves()
    both = stage.sample(stage.apply(who=two(stage), region_mode="cropped"))
    first = stage.apply(who=stage.region(3, left), region_mode="cropped")
    assert change(stage.sample(stage.apply(first, stage.region(4, right), region_mode="cropped")), both) < SAME


def test_one_pass_runs_infusenet_once_for_four(stage):
    chain = None
    for number in range(4):
        chain = stage.region(number, regions=chain, box=f"{number * 0.25}, 0, 0.25, 1")
    with stage.watching() as seen:
        stage.sample(stage.apply(who=chain), steps=1)
    assert [run["identity"].shape for run in seen] == [(1, 32, 64)]


@pytest.mark.parametrize("mode", MODES)
def test_style_alignment_and_block_weights_hold_with_several_people(stage, mode):
    neutral = stage.sample(stage.apply(who=two(stage), region_mode=mode), steps=1)
    ones = stage.apply(who=two(stage), region_mode=mode, block_weights="1, 1; 1, 1, 1", style_alignment=0.0)
    assert torch.equal(stage.sample(ones, steps=1), neutral)
    for widgets in ({"style_alignment": 1.0}, {"block_weights": "0.5; 2"}):
        assert change(stage.sample(stage.apply(who=two(stage), region_mode=mode, **widgets), steps=1), neutral) > 0.001


def test_a_box_equals_the_mask_of_that_box(stage):
    left, right = halves()
    boxes = stage.region(4, box="0.5 0 0.5 1", regions=stage.region(3, box="0, 0, 0.5, 1"))
    made = [stage.sample(stage.apply(who=who), steps=1) for who in (boxes, two(stage))]
    assert change(*made) < SAME


def test_a_batch_of_masks_is_shared_out_along_the_chain(stage):
    masks = torch.cat(halves())
    shared = stage.region(4, masks, stage.region(3, masks))
    by_number = stage.region(3, masks, stage.region(4, masks, mask_index=1), mask_index=0)
    made = [stage.sample(stage.apply(who=who), steps=1) for who in (two(stage), shared, by_number)]
    assert torch.equal(made[0], made[1]) and torch.equal(made[0], made[2])


def test_people_may_have_pose_images_of_their_own(stage):
    white, black = torch.ones(1, 64, 64, 3), torch.zeros(1, 64, 64, 3)
    left, right = halves()
    chain = stage.region(4, right, stage.region(3, left, pose_image=white), pose_image=black)
    with stage.watching() as seen:
        stage.sample(stage.apply(who=chain), steps=1)
    grid = seen[0]["control"].unflatten(1, (4, 4))
    alone = [encoded(stage, picture).unflatten(1, (4, 4)) for picture in (white, black)]
    assert torch.allclose(grid[:, :, :2], alone[0][:, :, :2])
    assert torch.allclose(grid[:, :, 2:], alone[1][:, :, 2:])


def encoded(stage, picture):
    with stage.watching() as seen:
        stage.sample(stage.apply(pose_image=picture), steps=1)
    return seen[0]["control"]


def test_a_batch_of_pose_images_goes_to_a_batch_of_pictures(stage):
    poses = torch.stack((torch.zeros(64, 64, 3), torch.ones(64, 64, 3)))
    patched = stage.apply(pose_image=poses, on_negative=True)
    whole = stage.sample(patched, batch=2, cfg=2.0)
    second = stage.sample(stage.apply(pose_image=poses[1:], on_negative=True), row=1, cfg=2.0)
    assert change(whole[1:], second) < SAME


def test_without_a_pose_image_a_black_picture_is_encoded_never_zeros(stage):
    with stage.watching() as seen:
        stage.sample(stage.apply(), steps=1)
    with torch.inference_mode():
        expected = stage.model.model.process_latent_in(stage.vae.encode(torch.zeros(1, 64, 64, 3)))
        tokens = seen[0]["control"]
        assert tokens.abs().sum() > 0
        assert tokens[0, 0].reshape(16, 2, 2).allclose(expected[0, :, :2, :2].to(tokens), atol=1e-3)


def test_the_preview_shows_everybody(stage):
    regions = stage.module("infu_core.injection.region_preview")
    picture = regions.preview_regions(two(stage))
    assert picture.shape == (1, 384, 384, 3)
    left, right = picture[0, 20, 20], picture[0, 20, -20]
    assert (left - right).abs().max() > 0.2
    alone = regions.preview_regions(stage.region(3, torch.zeros(1, 32, 64)))
    assert alone.shape == (1, 192, 384, 3) and alone.std() < 0.01


def test_a_mask_of_another_size_is_resized_and_said_once(stage, caplog):
    left = torch.zeros(1, 100, 200)
    left[..., :100] = 1
    caplog.set_level(logging.INFO)
    made = stage.sample(stage.apply(who=stage.region(3, left)))
    assert [r.getMessage() for r in caplog.records if "was resized" in r.getMessage()] == [
        "A region's mask of 200 x 100 was resized to the picture's 64 x 64."
    ]
    assert change(made, stage.sample(stage.apply(who=stage.region(3, halves()[0])))) < SAME


def test_a_pose_image_of_another_size_is_scaled_and_said_once(stage, caplog):
    caplog.set_level(logging.INFO)
    patched = stage.apply(pose_image=torch.rand(1, 32, 48, 3))
    stage.sample(patched)
    stage.sample(patched)
    said = [r.getMessage() for r in caplog.records if "The pose image of" in r.getMessage()]
    assert said == ["The pose image of 48 x 32 was scaled and cropped around its centre to the picture's 64 x 64."]


def test_an_empty_mask_is_said(stage, caplog):
    stage.region(3, torch.zeros(1, 8, 8))
    assert "identity region 1 is empty" in caplog.text


class TestBadInput:
    """One sentence each, before anything is sampled."""

    @pytest.mark.parametrize(
        ("widgets", "sentence"),
        [
            ({"strength": math.nan}, "The strength is nan"),
            ({"strength": -0.5}, "The strength is -0.5"),
            ({"start_percent": 0.9, "end_percent": 0.2}, "from 0.9 to 0.2"),
            ({"style_alignment": 2.0}, "style_alignment is 2.0"),
            ({"guidance": math.inf}, "guidance for InfuseNet is inf"),
            ({"block_weights": "1, 1, 1"}, "3 double weights; this InfuseNet has 2"),
            ({"block_weights": "1; x"}, "should hold numbers"),
            ({"pose_image": torch.full((1, 8, 8, 3), math.nan)}, "pose_image holds values that are not numbers"),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_of_the_node(self, stage, widgets, sentence):
        with pytest.raises(ValueError, match=sentence):
            stage.apply(**widgets)

    @pytest.mark.parametrize(
        ("given", "sentence"),
        [
            ({"mask": torch.full((1, 8, 8), math.nan)}, "mask holds values that are not numbers"),
            ({"strength": math.nan}, "strength of a region is nan"),
            ({"strength": -1.0}, "strength of a region is -1.0"),
            ({"feather": 3.0}, "feather is 3.0"),
            ({"box": "1, 2"}, "box is four numbers"),
            ({"box": "0.5, 0, 0.8, 1"}, "does not lie in the picture"),
            ({"mask": torch.ones(2, 8, 8), "mask_index": 5}, "region 6, but only 2 masks"),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_of_a_region(self, stage, given, sentence):
        with pytest.raises(ValueError, match=sentence):
            stage.region(3, **given)

    def test_more_masks_than_identities(self, stage):
        masks = torch.ones(3, 8, 8)
        with pytest.raises(ValueError, match="There are 3 masks but 2 identities"):
            stage.apply(who=stage.region(4, masks, stage.region(3, masks)))

    def test_more_identities_than_masks(self, stage):
        masks = torch.ones(2, 8, 8)
        chain = stage.region(4, masks, stage.region(3, masks))
        with pytest.raises(ValueError, match="identity region 3, but only 2 masks"):
            stage.region(5, masks, chain)

    def test_an_identity_of_another_recogniser(self, stage):
        known = stage.identity()
        stranger = type(known)(known.vectors, recogniser="antelopev2_glintr100")
        with pytest.raises(ValueError, match="made by the recogniser 'antelopev2_glintr100'"):
            stage.apply(who=stranger)

    @pytest.mark.parametrize(
        ("channels", "dimensions", "sentence"),
        [(4, 2, "picture latents of 4 channels"), (16, 3, "video latents of 16 channels")],
    )
    def test_a_vae_of_another_model(self, stage, monkeypatch, channels, dimensions, sentence):
        monkeypatch.setattr(stage.vae, "latent_channels", channels, raising=False)
        monkeypatch.setattr(stage.vae, "latent_dim", dimensions, raising=False)
        with pytest.raises(ValueError, match=sentence):
            stage.apply()

    def test_no_vae(self, stage):
        with pytest.raises(ValueError, match="No VAE came in"):
            stage.call("ApplyInfuseNet", **{**stage.given(None), "vae": None}, model=stage.model)

    def test_no_region(self, stage):
        with pytest.raises(ValueError, match="No identity region is connected"):
            stage.call("ApplyInfuseNet", **{**stage.given(None), "identity": ()}, model=stage.model)
