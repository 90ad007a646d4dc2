"""The official pack's nodes, each with ours that takes its place: a workflow of theirs opens with the offer to replace.

Ids, widgets and outputs are those of bytedance/ComfyUI_InfiniteYou 1.0.1. ComfyUI replaces only what is not installed.
"""

import sys

from comfy_api.latest import ComfyAPI, io

ARCFACE_OF_ENCODER = {"old_id": "face_detector", "new_id": "face_encoder"}
"""Theirs are three wires (detector, recogniser, projector); ours is one for both and the projector goes with the net."""

REPLACEMENTS = [
    io.NodeReplace(
        new_node_id="LoadInfuseNet",
        old_node_id="InfuseNetLoader",
        old_widget_ids=["controlnet_name"],
        input_mapping=[
            {"old_id": "controlnet_name", "new_id": "infusenet"},
            {"new_id": "projector", "set_value": "auto"},
            {"new_id": "weight_dtype", "set_value": "auto"},
        ],
        output_mapping=[{"old_idx": 0, "new_idx": 0}],
    ),
    io.NodeReplace(
        new_node_id="InfuLoadFaceEncoder",
        old_node_id="IDEmbeddingModelLoader",
        old_widget_ids=[
            "image_proj_model_name",
            "image_proj_num_tokens",
            "face_analysis_provider",
            "face_analysis_det_size",
        ],
        input_mapping=[
            {"new_id": "detector", "set_value": "auto"},
            {"new_id": "recogniser", "set_value": "auto"},
            {"old_id": "face_analysis_provider", "new_id": "provider"},
        ],
        output_mapping=[{"old_idx": 0, "new_idx": 0}],
    ),
    io.NodeReplace(
        new_node_id="EncodeFaceID",
        old_node_id="ExtractIDEmbedding",
        input_mapping=[
            {"old_id": "image", "new_id": "image"},
            ARCFACE_OF_ENCODER,
            {"new_id": "face", "set_value": "largest"},
            {"new_id": "index", "set_value": 0},
            {"new_id": "no_face", "set_value": "stop"},
            {"new_id": "outliers", "set_value": "keep"},
            {"new_id": "threshold", "set_value": 0.5},
            {"new_id": "photo_weights", "set_value": ""},
            {"new_id": "key_points", "set_value": ""},
        ],
        output_mapping=[{"old_idx": 0, "new_idx": 0}],
    ),
    io.NodeReplace(
        new_node_id="InfuFacePose",
        old_node_id="ExtractFacePoseImage",
        old_widget_ids=["width", "height"],
        input_mapping=[
            {"old_id": "image", "new_id": "image"},
            ARCFACE_OF_ENCODER,
            {"old_id": "width", "new_id": "width"},
            {"old_id": "height", "new_id": "height"},
        ],
        output_mapping=[{"old_idx": 0, "new_idx": 0}],
    ),
    io.NodeReplace(
        new_node_id="ApplyInfuseNetConditioning",
        old_node_id="InfuseNetApply",
        old_widget_ids=["strength", "start_percent", "end_percent"],
        input_mapping=[
            {"old_id": "positive", "new_id": "positive"},
            {"old_id": "control_net", "new_id": "infusenet"},
            {"old_id": "id_embedding", "new_id": "identity"},
            {"old_id": "image", "new_id": "pose_image"},
            {"old_id": "vae", "new_id": "vae"},
            {"old_id": "control_mask", "new_id": "mask"},
            {"old_id": "strength", "new_id": "strength"},
            {"old_id": "start_percent", "new_id": "start_percent"},
            {"old_id": "end_percent", "new_id": "end_percent"},
        ],
        output_mapping=[{"old_idx": 0, "new_idx": 0}],
    ),
]


async def register() -> None:
    """Nothing where nodes are loaded without a server, which alone keeps such a list."""
    if not hasattr(getattr(sys.modules.get("server"), "PromptServer", None), "instance"):
        return
    for replacement in REPLACEMENTS:
        await ComfyAPI().node_replacement.register(replacement)
