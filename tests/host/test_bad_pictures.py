"""Pose images, masks and latents that are none: one sentence before sampling; what bare ComfyUI takes, we take."""

import copy
import math

import pytest
import torch
from harness.host_injection import Stage, change

CLEAN = torch.zeros(1, 64, 64, 3)


@pytest.fixture(scope="module")
def stage(comfyui):
    return Stage(comfyui)


ROUTES = {
    "model": lambda stage, **given: stage.apply(**given),
    "conditioning": lambda stage, **given: stage.condition(**given),
}
POSES = {
    "2 channels": (torch.zeros(1, 8, 8, 2), r"pose_image must have the shape .* this one has \(1, 8, 8, 2\)"),
    "5 channels": (torch.zeros(1, 8, 8, 5), "this one has"),
    "2 dimensions": (torch.zeros(8, 8), "this one has"),
    "5 dimensions": (torch.zeros(1, 1, 8, 8, 3), "this one has"),
    "no picture": (torch.zeros(0, 8, 8, 3), "is empty"),
    "no height": (torch.zeros(1, 0, 8, 3), "is empty"),
    "0 to 255": (torch.full((1, 8, 8, 3), 255.0), "values from 255 to 255"),
    "uint8": (torch.zeros(1, 8, 8, 3, dtype=torch.uint8), "type uint8"),
    "not a number": (torch.full((1, 8, 8, 3), math.nan), "not numbers"),
    "text": ("pose.png", "must be a picture, but str came"),
}


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("case", POSES)
def test_pose_images(stage, route, case):
    image, said = POSES[case]
    with pytest.raises(ValueError, match=said):
        ROUTES[route](stage, pose_image=image)


@pytest.mark.parametrize("case", POSES)
def test_pose_images_of_a_region(stage, case):
    image, said = POSES[case]
    with pytest.raises(ValueError, match=said):
        stage.apply(who=stage.region(3, pose_image=image))


@pytest.mark.parametrize("shape", [(1, 64, 64, 1), (1, 64, 64, 4), (64, 64, 3)])
def test_grey_transparent_and_single_pictures_are_taken(stage, shape):
    expected = stage.sample(stage.apply(pose_image=CLEAN))
    assert change(stage.sample(stage.apply(pose_image=torch.zeros(shape))), expected) < 1e-5


def test_a_photo_as_pose_image_is_said_and_does_not_stop(stage, caplog):
    pose = stage.module("infu_core.faces.pose_image").draw_pose(
        [[[24, 24], [40, 24], [32, 32], [26, 42], [38, 42]]], 64, 64
    )
    photo = torch.rand(1, 64, 64, 3, generator=torch.Generator().manual_seed(0))
    stage.apply(pose_image=torch.from_numpy(pose)[None].float() / 255)
    assert "five key points" not in caplog.text
    stage.apply(pose_image=photo)
    assert "Face Pose (InfU)" in caplog.text


LATENTS = {
    "4 channels": (torch.ones(1, 4, 8, 8), "has 4 channels, FLUX.1's have 16"),
    "8 channels": (torch.ones(1, 8, 8, 8), "has 8 channels"),
    "a video": (torch.zeros(1, 16, 3, 8, 8), r"is a video \(shape \(1, 16, 3, 8, 8\)\)"),
    "no height": (torch.zeros(1, 16, 0, 8), "is empty"),
    "no picture": (torch.zeros(0, 16, 8, 8), "is empty"),
    "not a number": (torch.full((1, 16, 8, 8), math.nan), "not numbers"),
}


@pytest.mark.parametrize("case", LATENTS)
def test_latents_of_a_model_with_identity(stage, case):
    latent, said = LATENTS[case]
    with pytest.raises(ValueError, match=said):
        stage.sample(stage.apply(), latent_image={"samples": latent})


@pytest.mark.parametrize(
    "latent", [{}, {"samples": None}, {"samples": torch.zeros(1, 16, 0, 8)}, {"samples": torch.zeros(16)}]
)
def test_latents_of_the_sampler(stage, latent):
    with pytest.raises(ValueError, match="The latent that came in"):
        stage.call(
            "InfuSampler", model=stage.apply(), positive=stage.positive, negative=stage.negative, latent_image=latent,
            seed=1, steps=2, cfg=1.0, sampler_name="euler", scheduler="simple", denoise=1.0,
        )  # fmt: skip


def test_one_frame_of_a_video_is_a_picture(stage):
    patched = stage.apply()
    frame = stage.sample(patched, latent_image={"samples": torch.zeros(1, 16, 1, 8, 8)})
    assert change(frame, stage.sample(patched)) == 0
    half = {"noise_mask": torch.cat((torch.ones(1, 64, 32), torch.zeros(1, 64, 32)), 2)}
    frame = stage.sample(patched, latent_image={"samples": torch.zeros(1, 16, 1, 8, 8), **half})
    assert change(frame, stage.sample(patched, latent_image={"samples": torch.zeros(1, 16, 8, 8), **half})) == 0


def test_a_picture_of_a_video_nodes_latent_on_a_server(any_server):
    """Hunyuan's empty latent of one frame draws; one of nine frames is refused before sampling."""
    graph = {
        "1": {"class_type": "InfuLoadMiniature", "inputs": {}},
        "2": {"class_type": "InfuMiniatureFace", "inputs": {"person": 2, "style": "photo", "picture": 0}},
        "3": {
            "class_type": "EncodeFaceID",
            "inputs": {
                "image": ["2", 0], "face": "largest", "index": 0, "no_face": "stop", "outliers": "keep",
                "threshold": 0.5, "photo_weights": "", "key_points": "", "face_encoder": ["1", 3],
            },
        },
        "4": {"class_type": "InfuMiniaturePrompt", "inputs": {"text": "a photo of a young woman", "guidance": 1.0}},
        "5": {
            "class_type": "ApplyInfuseNet",
            "inputs": {
                "model": ["1", 0], "infusenet": ["1", 2], "identity": ["3", 0], "vae": ["1", 1], "strength": 1.0,
                "start_percent": 0.0, "end_percent": 1.0, "style_alignment": 0.0, "region_mode": "one_pass",
                "guidance": 1.0, "on_negative": False, "block_weights": "",
            },
        },
        "6": {
            "class_type": "EmptyHunyuanLatentVideo",
            "inputs": {"width": 128, "height": 128, "length": 1, "batch_size": 1},
        },
        "7": {
            "class_type": "KSampler",
            "inputs": {
                "model": ["5", 0], "seed": 1, "steps": 2, "cfg": 1.0, "sampler_name": "euler", "scheduler": "simple",
                "positive": ["4", 0], "negative": ["4", 0], "latent_image": ["6", 0], "denoise": 1.0,
            },
        },
        "8": {"class_type": "VAEDecode", "inputs": {"samples": ["7", 0], "vae": ["1", 1]}},
        "9": {"class_type": "SaveImage", "inputs": {"images": ["8", 0], "filename_prefix": "frame"}},
    }  # fmt: skip
    assert any_server.images(any_server.run(graph))[-1].size == (128, 128)
    video = copy.deepcopy(graph)
    video["6"]["inputs"]["length"] = 9
    with pytest.raises(Exception, match="latent_image is a video"):
        any_server.run(video)


@pytest.mark.parametrize("latent", [{}, {"samples": torch.zeros(0, 16, 8, 8)}, {"samples": "latent"}])
def test_head_turns_refuse_a_latent_without_samples(comfyui, latent):
    numbers = {"turn": "0", "nod": "0", "size": 0.4, "x": 0.5, "y": 0.4, "width": 64, "height": 64}
    with pytest.raises(ValueError, match="latent that came in (holds no samples|is empty)"):
        comfyui.node("InfuHeadTurns").execute(latent=latent, **numbers)


def test_a_bad_picture_names_the_grid_that_it_came_to(comfyui):
    with pytest.raises(ValueError, match=r"images of Labelled Grid \(InfU\) is empty"):
        comfyui.node("InfuLabelledGrid").execute([torch.zeros(0, 8, 8, 3)], [""], [3], [64])
