"""Weight files that people take for an InfuseNet or a projector, each known by its tensor names."""

import re
from collections.abc import Iterable

SIGNS = (
    # What it is, and patterns that must all occur among the names. The first row that fits is said.
    ("a LoRA; load it with a LoRA loader on the model", r"\.lora_|lora_(unet|te|up|down)|\.hada_w1|\.lokr_w"),
    ("a PuLID file, which another pack's nodes load", r"(^|\.)(pulid_ca|pulid_encoder|id_former|id_adapter)\b"),
    ("an IP-Adapter file, which another pack's nodes load", r"ip_adapter|\.to_[kv]_ip\b"),
    ("a FLUX union ControlNet (InstantX); load it with a ControlNet loader", r"controlnet_mode_embedder\."),
    ("a FLUX ControlNet of XLabs; load it with a ControlNet loader", r"input_hint_block\.", r"(^|\.)double_blocks\."),
    (
        "a FLUX ControlNet with a picture encoder of its own (input_hint_block); load it with a ControlNet loader",
        r"input_hint_block\.",
        r"controlnet_x_embedder\.",
    ),
    (
        "an SD or SDXL ControlNet; load it with a ControlNet loader",
        r"zero_convs\.|input_hint_block\.|controlnet_cond_embedding\.|controlnet_down_blocks\.",
    ),
    (
        "an SD or SDXL model; load it with a checkpoint loader",
        r"input_blocks\.0\.0\.|down_blocks\.0\.(resnets|attentions)",
    ),
    (
        "a whole diffusion model (FLUX); load it with a diffusion model loader",
        r"(^|\.)final_layer\.|(^|\.)norm_out\.linear\.",
    ),
    ("a VAE; load it with a VAE loader", r"(^|\.)(decoder\.conv_in|taesd_decoder)\."),
    ("a text encoder; load it with a CLIP loader", r"(^|\.)encoder\.block\.0\.layer|text_model\.(encoder|embeddings)"),
    ("the face recogniser (ArcFace); choose it in Load Face Encoder", r"^(module\.)?input_layer\.\d"),
)


def what_else(names: Iterable[str]) -> str | None:
    """What a file with these tensor names is, or None where no row fits."""
    lines = "\n".join(names)
    for what, *patterns in SIGNS:
        if all(re.search(pattern, lines, re.MULTILINE) for pattern in patterns):
            return what
    return None
