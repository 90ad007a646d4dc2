"""A judge opened: aligned faces to unit vectors, as its card says.

Legend for shapes: `n` faces, `S` pixels of a side, `E` vector size.
"""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from ...checkpoints.file_faults import CheckpointError
from ...faces.face import Face, FaceError
from ...faces.face_alignment import align_face
from .judge_cards import JudgeCard, Unmeasured


class Recogniser:
    """Raises `Unmeasured` where the file lacks, is another, or can't be opened."""

    def __init__(self, card: JudgeCard, device: str = "cpu"):
        self.card, self.device = card, device
        card.checked_file()
        self.network = OPENERS[card.kind](card, device)

    def crop(self, picture: np.ndarray, face: Face) -> np.ndarray:
        """uint8 RGB [S, S, 3]."""
        if self.card.alignment == "box":
            return box_crop(picture, face, self.card.size, self.card.margin)
        return align_face(picture, face.points(), self.card.size)

    @torch.inference_mode()
    def embed(self, crops: list[np.ndarray]) -> Tensor:
        """[n, E] of length one; one crop at a time, so that no face's vector depends on its company."""
        if not crops:
            return torch.zeros(0, 1)
        return torch.cat([self.vector(prepared(crop, self.card)) for crop in crops])

    def vector(self, face: Tensor) -> Tensor:
        made = self.network(face.to(self.device)).float().cpu().flatten(1)
        return made / made.norm(dim=1, keepdim=True).clamp_min(1e-12)


def prepared(crop: np.ndarray, card: JudgeCard) -> Tensor:
    """uint8 RGB [S, S, 3] -> what the network reads, [1, 3, S, S]."""
    channels = crop[..., ::-1] if card.channels == "bgr" else crop
    pixels = torch.from_numpy(np.ascontiguousarray(channels)).permute(2, 0, 1)[None].float()
    return (pixels - card.mean) / card.scale


def box_crop(picture: np.ndarray, face: Face, size: int, margin: int) -> np.ndarray:
    """The detector's box with room around it, as facenet-pytorch cuts it: not square, not turned, then resized."""
    import cv2

    left, top, right, bottom = face.box
    room_x, room_y = (margin * side / (size - margin) for side in (right - left, bottom - top))
    height, width = picture.shape[:2]
    x0, y0 = int(max(left - room_x / 2, 0)), int(max(top - room_y / 2, 0))
    x1, y1 = int(min(right + room_x / 2, width)), int(min(bottom + room_y / 2, height))
    if x1 <= x0 or y1 <= y0:
        raise FaceError(f"The face's box {face.box} lies outside of a picture of {width} x {height} pixels.")
    return cv2.resize(picture[y0:y1, x0:x1], (size, size), interpolation=cv2.INTER_AREA)


def open_ir_se50(card: JudgeCard, device: str) -> Callable[[Tensor], Tensor]:
    from ...checkpoints.arcface_file import load_arcface

    try:
        return load_arcface(card.path).to(device)
    except (CheckpointError, FaceError) as error:
        raise Unmeasured(str(error)) from error


def open_facenet(card: JudgeCard, device: str) -> Callable[[Tensor], Tensor]:
    from ...checkpoints.weight_files import open_weights
    from .inception_resnet import InceptionResnet

    network = InceptionResnet()
    try:
        state = open_weights(card.path).read_all()
        network.load_state_dict({name: value for name, value in state.items() if not name.startswith("logits.")})
    except (CheckpointError, RuntimeError) as error:
        raise Unmeasured(f"{card.file} holds no weights of facenet-pytorch's InceptionResnetV1.") from error
    return network.eval().requires_grad_(False).to(device)


def open_onnx(card: JudgeCard, device: str) -> Callable[[Tensor], Tensor]:
    try:
        import onnxruntime
    except ImportError:
        raise Unmeasured("onnxruntime is not installed; install infu-nodes[evaluation].") from None
    try:
        session = onnxruntime.InferenceSession(str(card.path), providers=["CPUExecutionProvider"])
    except Exception as error:
        raise Unmeasured(f"{card.file} could not be read as an ONNX model.") from error
    name = session.get_inputs()[0].name
    return lambda faces: torch.from_numpy(np.asarray(session.run(None, {name: faces.cpu().numpy()})[0]))


OPENERS = {"ir_se50": open_ir_se50, "facenet": open_facenet, "onnx": open_onnx}
