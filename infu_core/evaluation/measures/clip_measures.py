"""Words and pictures by CLIP, from a local folder of `transformers` (versions 4 and 5).

CLIPScore has three forms that papers mix up; all are named. PickScore is a CLIP of its own (Kirstain et al. 2023).
Legend for shapes: `B` pictures or texts, `C` CLIP's vector.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ...faces.face_alignment import align_face
from ..study.study import Prompt
from .item import Item, Values
from .judge_cards import Unmeasured
from .photos import PhotoShelf

FACE_SIDE = 224


class Clip:
    """A CLIP folder opened; raises `Unmeasured` where it can't be. `half`: weights in half precision."""

    def __init__(self, folder: Path, device: str = "cpu", half: bool = False):
        if not (folder / "config.json").is_file():
            raise Unmeasured(f"{folder} holds no model in transformers' format (config.json).")
        try:
            from transformers import AutoModel, AutoProcessor
        except ImportError:
            raise Unmeasured("transformers is not installed; install infu-nodes[evaluation].") from None
        self.folder, self.device = folder, device
        dtype = torch.float32 if not half else torch.bfloat16 if device == "cpu" else torch.float16
        try:
            self.model: Any = AutoModel.from_pretrained(folder, local_files_only=True).eval().to(device, dtype)
            self.processor: Any = AutoProcessor.from_pretrained(folder, local_files_only=True)
        except Exception as error:
            raise Unmeasured(f"{folder.name} could not be opened as a CLIP model ({type(error).__name__}).") from error
        self.dtype = dtype
        self.by = f"{folder.name} {file_sizes(folder)} {dtype}"

    @torch.inference_mode()
    def pictures(self, pictures: Sequence[np.ndarray]) -> Tensor:
        """uint8 RGB [H, W, 3] each -> [B, C] of length one."""
        given = self.processor(images=list(pictures), return_tensors="pt")
        return unit(self.model.get_image_features(given["pixel_values"].to(self.device, self.dtype)))

    @torch.inference_mode()
    def texts(self, texts: Sequence[str]) -> Tensor:
        """[B, C] of length one; what is longer than CLIP reads is cut."""
        longest = self.model.config.text_config.max_position_embeddings
        given = self.processor(
            text=list(texts), return_tensors="pt", padding=True, truncation=True, max_length=longest
        ).to(self.device)
        return unit(self.model.get_text_features(given["input_ids"], given["attention_mask"]))

    @property
    def scale(self) -> float:
        return float(self.model.logit_scale.float().exp())


def unit(features: Any) -> Tensor:
    """transformers 5 wraps features in an output; 4 gives the tensor."""
    tensor = features if isinstance(features, Tensor) else features.pooler_output
    return F.normalize(tensor.float().cpu(), dim=-1)


def file_sizes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir() if path.suffix in (".safetensors", ".bin", ".json"))


def clip_scores(cosine: float) -> dict[str, float]:
    """The three forms, and Infinite-ID's CLIP-T, which is the raw cosine."""
    return {
        "clip_score": max(100 * cosine, 0.0),
        "clip_score_published": 2.5 * max(cosine, 0.0),
        "clip_cosine": cosine,
        "clip_t": cosine,
    }


@dataclass(eq=False)
class ClipMeasures:
    """`styles`: value of the style tag -> the words that name it to CLIP; none measures no style."""

    clip: Clip
    shelf: PhotoShelf
    style_tag: str = "style"
    styles: dict[str, str] = field(default_factory=dict)
    group: str = "clip"

    def __post_init__(self):
        self.photo_of = lru_cache(maxsize=None)(self.photo)
        self.style_vectors = self.clip.texts(list(self.styles.values())) if len(self.styles) > 1 else None

    @property
    def by(self) -> str:
        return f"{self.clip.by} {sorted(self.styles.items())}"

    def photo(self, path: Path) -> Tensor:
        return self.clip.pictures([self.shelf.photo(path).picture])[0]

    def score(self, items: Sequence[Item]) -> list[Values]:
        pictures = self.clip.pictures([item.picture for item in items])
        texts = self.clip.texts([item.prompt.text for item in items])
        return [self.of(item, made, text) for item, made, text in zip(items, pictures, texts, strict=True)]

    def of(self, item: Item, made: Tensor, text: Tensor) -> Values:
        photos = [float(self.photo_of(person.reference) @ made) for person in item.people]
        values: Values = {"clip_i_picture": sum(photos) / len(photos)}
        return values | clip_scores(float(made @ text)) | self.style(item.prompt, made)

    def style(self, prompt: Prompt, made: Tensor) -> dict[str, float | None]:
        """Whether CLIP picks the asked style among all, and by how much its words beat the others' mean."""
        wanted = prompt.tags.get(self.style_tag)
        if self.style_vectors is None or wanted not in self.styles:
            return {"style_hit": None, "style_gain": None}
        cosines, place = self.style_vectors @ made, list(self.styles).index(wanted)
        others = torch.cat((cosines[:place], cosines[place + 1 :]))
        return {
            "style_hit": float(int(cosines.argmax()) == place),
            "style_gain": float(cosines[place] - others.mean()),
        }


@dataclass(eq=False)
class ClipFaces:
    """CLIP-I as Infinite-ID has it: of aligned faces."""

    clip: Clip
    shelf: PhotoShelf
    group: str = "clip_faces"

    def __post_init__(self):
        self.reference = lru_cache(maxsize=None)(self.face_of)

    @property
    def by(self) -> str:
        return f"{self.clip.by} aligned {FACE_SIDE}"

    def face_of(self, path: Path) -> Tensor | None:
        photo = self.shelf.photo(path)
        return self.faces(photo.picture, [photo.face])[0] if photo.face else None

    def faces(self, picture: np.ndarray, faces: Sequence) -> Tensor:
        return self.clip.pictures([align_face(picture, face.points(), FACE_SIDE) for face in faces])

    def score(self, items: Sequence[Item]) -> list[Values]:
        return [{"clip_i": self.of(item)} for item in items]

    def of(self, item: Item) -> float | None:
        """The best face for each person; the mean over people."""
        references = [self.reference(person.reference) for person in item.people]
        if not item.faces or len(item.faces) < len(references):
            return None
        faces = self.faces(item.picture, item.faces)
        best = [float((faces @ reference).max()) for reference in references if reference is not None]
        return sum(best) / len(best) if len(best) == len(references) else None


@dataclass(eq=False)
class PickScore:
    """PickScore_v1's formula: its logit scale times the cosine of words and picture."""

    clip: Clip
    group: str = "pick_score"

    @property
    def by(self) -> str:
        return self.clip.by

    def score(self, items: Sequence[Item]) -> list[Values]:
        pictures = self.clip.pictures([item.picture for item in items])
        texts = self.clip.texts([item.prompt.text for item in items])
        raw = (self.clip.scale * (pictures * texts).sum(1)).tolist()
        return [{"pick_score": value, "pick_score_100": value / 100} for value in raw]
