"""Sound files that were changed after they were made: their table, their metadata, or their numbers.

`*_EDITS`: a network's, a projector's, an identity's; `DAMAGES`: numbers of any of them, as broken downloads leave them.
"""

import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

from malformed_files import safetensors

HEADS = ("0", '"64"', "null", "-64", "1e999", "7", "[64]", "true", "1.5")


def resealed(source: Path, target: Path, change: Callable[[dict[str, Any], bytearray], Any]) -> None:
    """A sound file whose table or numbers were changed: `change(table, body)`."""
    content = source.read_bytes()
    length = int.from_bytes(content[:8], "little")
    entries, body = json.loads(content[8 : 8 + length]), bytearray(content[8 + length :])
    change(entries, body)
    target.write_bytes(safetensors(json.dumps(entries), bytes(body)))


def renamed(old: str, new: str) -> Callable[[dict[str, Any], bytearray], None]:
    def change(entries: dict[str, Any], body: bytearray) -> None:
        for name in [name for name in entries if old in name]:
            entries[name.replace(old, new)] = entries.pop(name)

    return change


def metadata(**words: str) -> Callable[[dict[str, Any], bytearray], None]:
    return lambda entries, body: entries.update(
        __metadata__={name.replace("__", "."): text for name, text in words.items()}
    )


def lost(part: str) -> Callable[[dict[str, Any], bytearray], None]:
    """Without the tensors that have `part` in their names; the rest moves together."""

    def change(entries: dict[str, Any], body: bytearray) -> None:
        kept, place = bytearray(), 0
        tensors = sorted(
            (item for item in entries.items() if item[0] != "__metadata__"), key=lambda item: item[1]["data_offsets"]
        )
        for name, told in tensors:
            first, last = told["data_offsets"]
            if part in name:
                del entries[name]
                continue
            told["data_offsets"], place = [place, place + last - first], place + last - first
            kept += body[first:last]
        body[:] = kept

    return change


def filled(number: float, first: float, last: float, only: str = "") -> Callable[[dict[str, Any], bytearray], None]:
    """`number` over these shares of all numbers, or of the first tensor with `only` in its name."""

    def change(entries: dict[str, Any], body: bytearray) -> None:
        start, end, one = 0, len(body), struct.pack("<f", number)
        if only:
            told = next(told for name, told in entries.items() if only in name)
            start, end = told["data_offsets"]
            one = struct.pack("<d", number) if told["dtype"] == "F64" else one
        low, high = (start + int((end - start) * share) // len(one) * len(one) for share in (first, last))
        high = max(high, low + len(one))
        body[low:high] = one * ((high - low) // len(one))

    return change


NAN, INFINITE = float("nan"), float("inf")
DAMAGES: dict[str, Callable[[dict[str, Any], bytearray], Any]] = {
    "all zeros": filled(0, 0, 1),
    "the second half zeros": filled(0, 0.5, 1),
    "the last tenth zeros": filled(0, 0.9, 1),
    "a third in the middle zeros": filled(0, 0.3, 0.6),
    "all NaN": filled(NAN, 0, 1),
    "the second half NaN": filled(NAN, 0.5, 1),
    "all infinite": filled(INFINITE, 0, 1),
    "the second half minus infinite": filled(-INFINITE, 0.5, 1),
    "a number too large": filled(INFINITE, 0, 0, "weight"),
}
CONFIGS = (
    "{", "[]", "3", "null", '"text"', "NaN", '{"num_attention_heads": NaN}', "[" * 100_000, '{"axes_dims_rope": 3}',
    '{"axes_dims_rope": [1]}', '{"axes_dims_rope": ["a", "b", "c"]}', '{"axes_dims_rope": [0, 0, 0]}',
    '{"axes_dims_rope": [-8, 16, 24]}', '{"axes_dims_rope": [3, 3, 3]}', '{"axes_dims_rope": null, "num_layers": 99}',
    '{"num_layers": "two"}', '{"num_layers": -1}', '{"attention_head_dim": 0}',
)  # fmt: skip
NETWORK_EDITS = {
    "block 10^9": renamed("transformer_blocks.0.", "transformer_blocks.1000000000."),
    "block 10^30": renamed("transformer_blocks.0.", f"transformer_blocks.{10**30}."),
    "block of other digits": renamed("transformer_blocks.0.", "transformer_blocks.٣."),
    "without a block": lost("transformer_blocks.0."),
    "without single blocks": lost("single_transformer_blocks"),
    "without its entry": lost("x_embedder"),
    "without norms": lost("norm_q"),
    "without residual projections": lost("controlnet_blocks"),
    "names with newlines": renamed("transformer_blocks", "transformer\nblocks"),
    "nothing known": renamed("t", "Q"),
    **{f"config {number}": metadata(infu__kind="infusenet", infu__config=text) for number, text in enumerate(CONFIGS)},
}
PROJECTOR_EDITS = {
    "layer 10^9": renamed("layers.0.", "layers.1000000000."),
    "without a layer": lost("layers.0."),
    "without latents": lost("latents"),
    "without proj_in": lost("proj_in"),
    "without feed-forward": lost(".1.1."),
    **{f"head {head}": metadata(infu__kind="projector", infu__config=f'{{"head_size": {head}}}') for head in HEADS},
    "config cut off": metadata(infu__kind="projector", infu__config="{"),
    "config a list": metadata(infu__kind="projector", infu__config="[]"),
}
SOURCES = (
    "{", "3", "null", '"text"', "[3]", "[null]", "[[]]", "[{}]", "[" * 100_000, '[{"box": 1}]',
    '[{"box": [1, 2, 3, NaN], "key_points": [], "image_sha256": "", "score": 1}]',
    '[{"box": [1, 2, 3, 4], "key_points": [[1]], "image_sha256": "", "score": 1}]',
    '[{"box": [1, 2, 3, 4], "key_points": [], "image_sha256": "", "score": "high"}]',
    '[{"box": [1, 2, 3, 4], "key_points": [], "image_sha256": "", "score": 1e999}]',
)  # fmt: skip
IDENTITY = {"format": "infu.identity", "schema": "1", "recogniser": "arcface_ir_se50"}


def identity_metadata(**changes: str | None) -> Callable[[dict[str, Any], bytearray], None]:
    return metadata(**{name: text for name, text in (IDENTITY | changes).items() if text is not None})


IDENTITY_EDITS = {
    **{f"sources {number}": identity_metadata(sources=text) for number, text in enumerate(SOURCES)},
    **{
        f"schema {number}": identity_metadata(schema=text)
        for number, text in enumerate(("2", "²", "٣", "-1", "", "one", "1.0", "9" * 5000, None))
    },
    "another format": identity_metadata(format="infu.other"),
    "no format": identity_metadata(format=None),
    "a recogniser of 1 MB": identity_metadata(recogniser="x" * 1_000_000),
    "no metadata": lambda entries, body: entries.pop("__metadata__"),
    "no vectors": lost("vectors"),
    "no weights": lost("weights"),
    "a weight of 0": filled(0, 0, 1, "weights"),
    "a weight of NaN": filled(NAN, 0, 1, "weights"),
    "vectors of zero": filled(0, 0, 1, "vectors"),
    "vectors of NaN": filled(NAN, 0, 1, "vectors"),
    "vectors of 1": filled(1, 0, 1, "vectors"),
}
