"""Files that are wrong in every way that was thought of, written from code: headers, tables, pickles, folders, links.

Each maker takes the path to write. `TABLES` are headers of a safetensors file with 64 bytes behind. What
stands behind a sound header is in `malformed_edits`.
"""

import json
import os
import pickle
import struct
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

BODY = bytes(64)
GOOD = {"dtype": "F32", "shape": [4, 4], "data_offsets": [0, 64]}
ODD = (None, True, -1, 0, 1.5, 2**53, 10**30, "4", "", [], {}, [[]], [None], [True], [-1], [1.0], ["4"], [2**64])


STARTS = {
    "web page": b"<!DOCTYPE html><html></html>",
    "LFS pointer": b"version https://git-lfs.github.com/spec/v1\n",
    "GGUF": b"GGUF\x03\x00\x00\x00" + BODY,
    "zip": b"PK\x03\x04" + BODY,
    "pickle": b"\x80\x02}.",
    "zeros": bytes(4096),
    "ones": b"\xff" * 4096,
    "text": b"hello " * 100,
    "JSON": b'{"error": "not found"}',
    "PNG": b"\x89PNG\r\n\x1a\n" + BODY,
    "gzip": b"\x1f\x8b\x08\x00" + BODY,
    "XML": b"<?xml version='1.0'?><Error/>",
}


def safetensors(text: bytes | str, body: bytes = BODY, length: int | None = None) -> bytes:
    data = text.encode() if isinstance(text, str) else text
    return struct.pack("<Q", len(data) if length is None else length) + data + body


def table(**entries: Any) -> bytes:
    return safetensors(json.dumps(entries))


def entry(**changes: Any) -> dict[str, Any]:
    return {name: value for name, value in {**GOOD, **changes}.items() if value != "gone"}


def tables() -> Iterator[tuple[str, bytes]]:
    """Name and whole content."""
    for place in ("dtype", "shape", "data_offsets"):
        yield f"without {place}", table(w=entry(**{place: "gone"}))
        for number, value in enumerate(ODD):
            yield f"{place} {number}", table(w=entry(**{place: value}))
    for number, value in enumerate(ODD):
        yield f"entry {number}", table(w=value)
        yield f"table {number}", safetensors(json.dumps(value))
        yield f"metadata {number}", table(__metadata__=value if value != {} else {"a": 1}, w=GOOD)
    for number, offsets in enumerate(([64, 0], [0, 65], [1, 64], [0, 63], [8, 72], [-64, 0], [0], [0, 64, 64], [0, 0])):
        yield f"offsets {number}", table(w=entry(data_offsets=offsets))
    half = {"dtype": "F32", "shape": [2, 4]}
    for name, first, second in (
        ("overlap", [0, 32], [16, 48]), ("hole", [0, 32], [40, 72]), ("same place", [0, 32], [0, 32]),
        ("backwards", [32, 64], [32, 0]),
    ):  # fmt: skip
        yield name, table(a={**half, "data_offsets": first}, b={**half, "data_offsets": second})
    yield "many dimensions", table(w=entry(shape=[1] * 5000))
    yield "nothing in it", safetensors("{}", b"")
    yield "only metadata", safetensors('{"__metadata__": {}}', b"")
    yield "named twice", safetensors(f'{{"w": {json.dumps(GOOD)}, "w": {json.dumps(GOOD)}}}')
    yield (
        "shape named twice",
        safetensors('{"w": {"shape": [4, 4], "shape": [4], "dtype": "F32", "data_offsets": [0, 64]}}'),
    )
    yield "not a number", safetensors('{"w": {"shape": [NaN], "dtype": "F32", "data_offsets": [0, 64]}}')
    yield "infinity", safetensors('{"w": {"shape": [Infinity], "dtype": "F32", "data_offsets": [0, 64]}}')
    yield "long number", safetensors(f'{{"w": {{"shape": [{"9" * 5000}], "dtype": "F32", "data_offsets": [0, 64]}}}}')
    yield "deep list", safetensors("[" * 100_000)
    yield "deep table", safetensors('{"a":' * 100_000)
    yield "deep metadata", safetensors('{"__metadata__": ' + "[" * 100_000)
    yield "long name", table(**{"w" * 1_000_000: GOOD})
    yield "name with newline", table(**{"w\nx" * 400: entry(shape=[3])})
    yield "long type", table(w=entry(dtype="F" * 1_000_000))
    yield "many entries", safetensors(json.dumps({f"w{n}": GOOD for n in range(100_001)}))
    yield "many commas", safetensors("{" + "," * 3_000_000)
    yield "blanks", safetensors(" " * 1_000_000)
    yield "blank before", safetensors(" " + json.dumps({"w": GOOD}))
    yield "UTF-16", safetensors(json.dumps({"w": GOOD}).encode("utf-16"))
    yield "BOM", safetensors(json.dumps({"w": GOOD}).encode("utf-8-sig"))
    yield "Latin-1", safetensors(json.dumps({"wä": GOOD}, ensure_ascii=False).encode("latin-1"))
    yield "lone surrogate", safetensors('{"\\ud800": ' + json.dumps(entry(shape=[3])) + "}")
    yield "bytes after the end", table(w=GOOD) + b"more"
    yield "cut off in its tensor", table(w=GOOD)[:-1]
    yield "cut off in its table", table(w=GOOD)[:20]
    yield "length cut", b"\x01\x02\x03"
    yield "empty", b""
    for name, length in (
        ("zero", 0),
        ("one", 1),
        ("100 MB and one", 100_000_001),
        ("whole space", 2**64 - 1),
        ("2^63", 2**63),
    ):
        yield f"length {name}", safetensors("{}", length=length)
    for name, start in STARTS.items():
        yield name, start


TABLES = dict(tables())


class Calls:
    def __init__(self, path: Path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path) + ".executed",)


def zipped(path: Path, content: bytes, name: str = "archive/data.pkl", **more: bytes) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
        for other, data in more.items():
            archive.writestr(other.replace("__", "/"), data)


def claims(count: int) -> bytes:
    """A pickle of torch's kind: a tensor of `count` numbers over a storage of as many, which are not there."""
    import torch

    class Storage:
        pass

    storage = Storage()

    class Pickler(pickle.Pickler):
        def persistent_id(self, value):
            return ("storage", torch.FloatStorage, "0", "cpu", count) if value is storage else None

    class Tensor:
        def __reduce__(self):
            return torch._utils._rebuild_tensor_v2, (storage, 0, (count,), (1,), False, {})

    import io

    written = io.BytesIO()
    Pickler(written, protocol=2).dump({"image_proj": {"latents": Tensor()}})
    return written.getvalue()


PICKLES: dict[str, Callable[[Path], Any]] = {
    "a call": lambda path: path.write_bytes(pickle.dumps(Calls(path))),
    "a call in text": lambda path: path.write_bytes(pickle.dumps(Calls(path), protocol=0)),
    "a call by protocol 5": lambda path: path.write_bytes(pickle.dumps(Calls(path), protocol=5)),
    "a call in a zip": lambda path: zipped(path, pickle.dumps(Calls(path), protocol=2)),
    "a call in a second pickle": lambda path: zipped(
        path, pickle.dumps({}, 2), archive__b_pkl=pickle.dumps(Calls(path))
    ),
    "eval": lambda path: path.write_bytes(b"cbuiltins\neval\n(V__import__('os').mkdir('x')\ntR."),
    "an instance": lambda path: path.write_bytes(b"(ios\nsystem\n."),
    "an object": lambda path: path.write_bytes(b"(cos\nsystem\no."),
    "12.8 GB in 3 kB": lambda path: zipped(path, claims(3_200_000_000)),
    "a zip bomb": lambda path: zipped(path, bytes(3_000_000_00)),
    "no pickle in the zip": lambda path: zipped(path, b"x", "readme.txt"),
    "TorchScript": lambda path: zipped(path, pickle.dumps({}, 2), archive__code__a_py=b"x"),
    "a list": lambda path: zipped(path, pickle.dumps([1, 2], 2), archive__version=b"3"),
    "a number": lambda path: zipped(path, pickle.dumps(3, 2), archive__version=b"3"),
    "an empty table": lambda path: zipped(path, pickle.dumps({}, 2), archive__version=b"3"),
    "a table of numbers": lambda path: zipped(path, pickle.dumps({"a": 1, 2: "b"}, 2), archive__version=b"3"),
    "text only": lambda path: path.write_bytes(pickle.dumps("x" * 5_000_000, 2)),
    "a long line": lambda path: path.write_bytes(b"V" + b"x" * 5_000_000),
    "many instructions": lambda path: path.write_bytes(b"\x80\x02" + b"N0" * 3_000_000 + b"."),
    "deep": lambda path: path.write_bytes(b"\x80\x02" + b"(" * 3_000_000),
    "a word of 4 GB": lambda path: path.write_bytes(b"\x80\x02X\xff\xff\xff\xff" + b"x"),
    "a long of 2 GB": lambda path: path.write_bytes(b"\x80\x02\x8b\xff\xff\xff\x7f" + b"x"),
    "an extension": lambda path: path.write_bytes(b"\x80\x02\x82\x01."),
    "a frame of 2^60": lambda path: path.write_bytes(b"\x80\x04\x95" + struct.pack("<Q", 2**60) + b"N."),
    "a tar": lambda path: path.write_bytes(bytes(257) + b"ustar" + bytes(250)),
    "half a zip": lambda path: path.write_bytes(b"PK\x03\x04 half a download"),
    "empty": lambda path: path.write_bytes(b""),
    "a web page": lambda path: path.write_bytes(b"<!DOCTYPE html>"),
    "safetensors inside": lambda path: path.write_bytes(table(w=GOOD)),
    "zeros": lambda path: path.write_bytes(bytes(10_000)),
}

PLACES: dict[str, Callable[[Path], Any]] = {
    "a pipe": os.mkfifo,
    "a folder": lambda path: path.mkdir(),
    "a dangling link": lambda path: path.symlink_to(path.parent / "gone"),
    "a link to itself": lambda path: path.symlink_to(path),
    "a device": lambda path: path.symlink_to("/dev/zero"),
    "a sparse terabyte": lambda path: (path.write_bytes(b""), os.truncate(path, 2**40)),
}
