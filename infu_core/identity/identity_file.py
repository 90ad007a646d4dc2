"""Identities as files: safetensors with the vectors, their weights, and where they came from. No picture inside.

Schema 1: tensors `vectors` [K, 512] float32 and `weights` [K] float64; metadata `format` "infu.identity",
`schema` "1", `recogniser`, and `sources` (JSON, one object per face: image_sha256, box, key_points, score).
"""

import json
import os

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from .identity import EMBEDDING_SIZE, FaceSource, Identity

FORMAT = "infu.identity"
SCHEMA = 1


class IdentityFileError(ValueError):
    """The file is not an identity that this pack can use."""

    __module__ = "builtins"  # hosts show a class with its module; people need the name alone


def save_identity(identity: Identity, path: str | os.PathLike) -> None:
    """Write an identity; it appears under its name only when it is whole. Loading gives an equal value back."""
    path = os.fspath(path)
    tensors = {
        "vectors": identity.vectors.detach().float().cpu().contiguous(),
        "weights": torch.tensor(identity.weights, dtype=torch.float64),
    }
    metadata = {
        "format": FORMAT,
        "schema": str(SCHEMA),
        "recogniser": identity.recogniser,
        "sources": json.dumps([source_to_json(source) for source in identity.sources]),
    }
    unfinished = f"{path}.{os.getpid()}.part"
    try:
        save_file(tensors, unfinished, metadata=metadata)
        os.replace(unfinished, path)
    finally:
        if os.path.exists(unfinished):
            os.remove(unfinished)


def load_identity(path: str | os.PathLike, recogniser: str | None = None) -> Identity:
    """Read an identity. Raises `IdentityFileError`, in one sentence, for any other file.

    `recogniser`: refuse an identity whose vectors come from another network than this; None accepts all.
    """
    path = os.fspath(path)
    name = os.path.basename(path)
    try:
        with safe_open(path, framework="pt", device="cpu") as file:
            metadata = file.metadata() or {}
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    except FileNotFoundError as error:
        raise IdentityFileError(f"The identity file {name} does not exist.") from error
    except (SafetensorError, OSError) as error:
        raise IdentityFileError(f"{name} is not an identity: it is no safetensors file, or it is damaged.") from error
    check_metadata(name, metadata, recogniser)
    if set(tensors) != {"vectors", "weights"} or tensors["vectors"].shape[1:] != (EMBEDDING_SIZE,):
        shapes = {key: tuple(value.shape) for key, value in sorted(tensors.items())[:3]}
        raise IdentityFileError(
            f"{name} is a damaged identity: it holds {shapes} instead of vectors of {EMBEDDING_SIZE} and their weights."
        )
    try:
        sources = tuple(source_from_json(source) for source in json.loads(metadata.get("sources", "[]")))
        weights = tuple(tensors["weights"].tolist())
        return Identity(tensors["vectors"].float(), weights, sources, metadata["recogniser"])
    except (KeyError, TypeError, ValueError) as error:
        raise IdentityFileError(f"{name} is a damaged identity: {error}") from error


def check_metadata(name: str, metadata: dict[str, str], recogniser: str | None) -> None:
    if metadata.get("format") != FORMAT:
        raise IdentityFileError(
            f"{name} is not an identity: it is a safetensors file of another kind; choose one made by Save Identity."
        )
    schema = metadata.get("schema", "")
    if not schema.isdigit() or int(schema) > SCHEMA:
        raise IdentityFileError(
            f"{name} was written by a newer version (schema {schema}, this one reads {SCHEMA}); update InfU nodes."
        )
    made_by = metadata.get("recogniser", "unknown")
    if recogniser is not None and made_by != recogniser:
        raise IdentityFileError(
            f"{name} was made with the recogniser {made_by}, but {recogniser} is needed here; encode the photos again."
        )


def source_to_json(source: FaceSource) -> dict:
    return {
        "image_sha256": source.image_sha256,
        "box": list(source.box),
        "key_points": [list(point) for point in source.key_points],
        "score": source.score,
    }


def source_from_json(values: dict) -> FaceSource:
    left, top, right, bottom = (float(value) for value in values["box"])
    key_points = tuple((float(x), float(y)) for x, y in values["key_points"])
    return FaceSource(str(values["image_sha256"]), (left, top, right, bottom), key_points, float(values["score"]))
