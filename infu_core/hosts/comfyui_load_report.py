"""What a loading node opened, in words for the node's body."""

from ..checkpoints.known_files import flavour_of
from ..faces.face_encoder import FaceEncoder
from ..identity.identity import Identity
from .comfyui_loading import LoadedInfuseNet
from .comfyui_weight_files import locate_pair, short_name

GIGABYTE, MEGABYTE = 1e9, 1e6


def report_infusenet(loaded: LoadedInfuseNet, infusenet: str, projector: str) -> str:
    """Both files, the network's size, and whether their names say that they do not belong together."""
    other = short_name(locate_pair(infusenet, projector)[1])
    config = loaded.network.model.config
    size = in_bytes(loaded.network.model_size())
    computes = str(loaded.dtype).removeprefix("torch.")
    lines = [
        f"{loaded.name}: {config.double_blocks} + {config.single_blocks} blocks, {size}, computes in {computes}",
        f"projector {other}, reads {loaded.recogniser}",
    ]
    ours, theirs = flavour_of(loaded.name), flavour_of(other)
    if ours and theirs and ours != theirs:
        lines.append(f"WRONG PAIR? The network is named as {ours}, the projector as {theirs}: choose projector auto.")
    return "\n".join(lines)


def report_face_encoder(encoder: FaceEncoder) -> str:
    return f"{encoder.detector.name} on {encoder.detector.provider_used}\n{encoder.recogniser}"


def report_identity(identity: Identity, file: str) -> str:
    """What a saved file holds: vectors, faces that took part, recogniser."""
    vectors, faces = len(identity.vectors), len(identity.sources)
    what = "one person" if vectors == 1 else f"{vectors} people or features, side by side"
    return f"{file}: {what}, from {faces} {'photo' if faces == 1 else 'photos'}; {identity.recogniser}"


def in_bytes(count: int) -> str:
    return f"{count / GIGABYTE:.1f} GB" if count >= GIGABYTE else f"{count / MEGABYTE:.0f} MB"
