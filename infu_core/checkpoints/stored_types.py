"""The number types that are read, in safetensors' words and in torch's."""

import torch

TORCH_TYPES = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "F8_E4M3": torch.float8_e4m3fn,
    "F8_E5M2": torch.float8_e5m2,
    "I8": torch.int8,
}
TYPE_NAMES = {dtype: name for name, dtype in TORCH_TYPES.items()}
