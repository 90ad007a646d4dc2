"""ArcFace IR-SE50, the recogniser that InfiniteYou's projectors were trained on (InfiniteYou section 3.2).

The network is facexlib's class; its loader is not used, because it moves the weights to CUDA whatever device it is
told, and unpickles without `weights_only`: `checkpoints/arcface_file.py` reads the file.
"""

import torch
from torch import Tensor, nn

from .face import FaceError

INSTALL_HINT = (
    "Recognising faces needs the Python package facexlib; install it into ComfyUI's Python with "
    "`python -m pip install facexlib`, then restart ComfyUI."
)
FILE_NAME = "recognition_arcface_ir_se50.pth"


def build_arcface(device: str = "meta") -> nn.Module:
    """An IR-SE50 without weights: [n, 3, 112, 112] BGR in -1..1 -> [n, 512] of length one."""
    try:
        from facexlib.recognition.arcface_arch import Backbone
    except ImportError as error:
        raise FaceError(INSTALL_HINT) from error

    with torch.device(device):
        module = Backbone(num_layers=50, drop_ratio=0.6, mode="ir_se").eval()
    # facexlib flattens with `view`, which fails where a backend hands on channels-last activations.
    module.output_layer[2] = nn.Flatten()
    return module


def filled_arcface(weights: dict[str, Tensor], name: str) -> nn.Module:
    """An IR-SE50 in float32 on the CPU. `name`: the file that the weights are from, for the `FaceError` of others'."""
    module = build_arcface()
    expected = {key: tuple(value.shape) for key, value in module.state_dict().items()}
    found = {key: tuple(value.shape) for key, value in weights.items()}
    wrong = sorted(key for key in expected.keys() | found.keys() if expected.get(key) != found.get(key))
    if wrong:
        raise FaceError(
            f"{name} is not ArcFace IR-SE50: {len(wrong)} of its tensors are missing, unknown or of another shape "
            f"(first: {wrong[0][:80]!r}); choose {FILE_NAME}."
        )
    as_float = {key: value.float() if value.is_floating_point() else value for key, value in weights.items()}
    module.load_state_dict(as_float, strict=True, assign=True)
    return module.eval().requires_grad_(False)
