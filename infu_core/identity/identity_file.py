"""Identities as files: safetensors with the vectors, their weights, and where they came from. No picture inside.

Schema 1: tensors `vectors` [K, 512] float32 and `weights` [K] float64; metadata `format` "infu.identity",
`schema` "1", `recogniser`, and `sources` (JSON, one object per face: image_sha256, box, key_points, score).
"""

import json
import math
import os
import re
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from ..checkpoints.file_faults import LONGEST_WORD, CheckpointError, reading, size_of, some
from ..checkpoints.headers import Header, read_safetensors_header
from .identity import EMBEDDING_SIZE, FaceSource, Identity

FORMAT = "infu.identity"
SCHEMA = 1
LARGEST_FILE = 20_000_000
FLOATS = {"F64", "F32", "F16", "BF16"}


class IdentityFileError(CheckpointError):
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
    path = Path(path)
    name = path.name
    try:
        header = bounded_header(path)
    except IdentityFileError:
        raise
    except CheckpointError as error:
        if isinstance(error.__cause__, FileNotFoundError):
            raise IdentityFileError(f"The identity file {name} does not exist.") from error
        raise IdentityFileError(f"{name} is not an identity: it is no safetensors file, or it is damaged.") from error
    check_metadata(name, header.metadata, recogniser)
    count = header.shapes.get("weights", ())
    fits = header.shapes == {"vectors": (*count, EMBEDDING_SIZE), "weights": count} and len(count) == 1
    if not fits or not set(header.types.values()) <= FLOATS:
        raise IdentityFileError(
            f"{name} is a damaged identity: it holds {some(map(str, header.shapes.items()))} instead of vectors of "
            f"{EMBEDDING_SIZE} and their weights."
        )
    sources = read_sources(header.metadata.get("sources", "[]"), name)
    try:
        with safe_open(path, framework="pt", device="cpu") as file:
            vectors, weights = file.get_tensor("vectors"), tuple(file.get_tensor("weights").tolist())
        return Identity(vectors.float(), weights, sources, header.metadata.get("recogniser", "unknown"))
    except (SafetensorError, OSError, TypeError, ValueError) as error:
        raise IdentityFileError(f"{name} is a damaged identity: {error}") from error


def bounded_header(path: Path) -> Header:
    """An identity is small: a larger file is refused before anything of it is read."""
    with reading(path.name):
        size = size_of(path)
    if size > LARGEST_FILE:
        raise IdentityFileError(f"{path.name} has {size:,} bytes, more than any identity; choose one of Save Identity.")
    return read_safetensors_header(path)


def check_metadata(name: str, metadata: dict[str, str], recogniser: str | None) -> None:
    if metadata.get("format") != FORMAT:
        raise IdentityFileError(
            f"{name} is not an identity: it is a safetensors file of another kind; choose one made by Save Identity."
        )
    schema = metadata.get("schema", "")
    if not re.fullmatch("[0-9]{1,4}", schema) or int(schema) > SCHEMA:
        raise IdentityFileError(
            f"{name} was written by a newer version (schema {schema}, this one reads {SCHEMA}); update InfU nodes."
        )
    made_by = metadata.get("recogniser", "unknown")
    if len(made_by) > LONGEST_WORD:
        raise IdentityFileError(f"{name} is a damaged identity: its recogniser's name has {len(made_by):,} letters.")
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


def read_sources(text: str, name: str) -> tuple[FaceSource, ...]:
    try:
        return tuple(source_from_json(source) for source in json.loads(text))
    except (LookupError, TypeError, ValueError, OverflowError, RecursionError) as error:
        raise IdentityFileError(
            f"{name} is a damaged identity: its list of photos is not what Save Identity writes; save it again."
        ) from error


def source_from_json(values: dict) -> FaceSource:
    left, top, right, bottom = (finite(value) for value in values["box"])
    key_points = tuple((finite(x), finite(y)) for x, y in values["key_points"])
    return FaceSource(str(values["image_sha256"]), (left, top, right, bottom), key_points, finite(values["score"]))


def finite(value: Any) -> float:
    if isinstance(value, str) or not math.isfinite(value):
        raise ValueError(value)
    return float(value)
