"""GGUF files for tests, written by the library: any weights in any of its types, K-quants of random blocks too."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

SCALES = {
    # Where a block's half-precision scales lie, which random bytes would make infinite or NaN.
    "Q2_K": (80, 84),
    "Q3_K": (108, 110),
    "Q4_K": (0, 4),
    "Q5_K": (0, 4),
    "Q6_K": (208, 210),
    "Q4_0": (0, 2),
    "Q5_1": (0, 4),
    "Q8_0": (0, 2),
    "IQ4_NL": (0, 2),
    "IQ4_XS": (0, 2),
}


def write_gguf(path: Path, weights: Mapping[str, Tensor], kind="Q8_0", seed=0, **metadata) -> dict[str, Tensor]:
    """`kind`: of the matrices that fit its blocks; the others are F32. Returns what the library reads there.

    Kinds that the library does not write (K-quants) get random blocks.
    """
    import gguf

    quant = gguf.GGMLQuantizationType[kind]
    numbers, size = gguf.GGML_QUANT_SIZES[quant]
    writer, expected = gguf.GGUFWriter(path, "infusenet"), {}
    for key, value in metadata.items():
        writer.add_string(key.replace("__", "."), value)
    for place, (name, value) in enumerate(weights.items()):
        if value.ndim != 2 or value.shape[1] % numbers:
            writer.add_tensor(name, value.float().numpy())
            expected[name] = value.float()
            continue
        if kind in ("F16", "F32", "BF16", "Q8_0"):
            stored = gguf.quants.quantize(value.float().numpy(), quant)
        else:
            stored = random_blocks(kind, (value.shape[0], value.shape[1] // numbers * size), size, seed + place)
        writer.add_tensor(name, stored, raw_dtype=quant)
        expected[name] = torch.from_numpy(gguf.quants.dequantize(stored, quant).copy()).reshape(value.shape)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return expected


def random_blocks(kind: str, shape: tuple[int, int], size: int, seed: int) -> np.ndarray:
    generator = np.random.default_rng(seed)
    stored = generator.integers(0, 256, shape, dtype=np.uint8)
    if kind in SCALES:
        first, last = SCALES[kind]
        blocks = stored.reshape(-1, size)
        count = (last - first) // 2
        blocks[:, first:last] = generator.uniform(1e-3, 3e-3, (len(blocks), count)).astype(np.float16).view(np.uint8)
    return stored
