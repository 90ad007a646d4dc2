"""A dry run: the whole system on the meta device, its sizes counted and one step's kept tensors measured.

No weights and no GPU are needed; a training step is traced with shapes alone.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ..networks.flux_blocks import DoubleBlock, scaled_dot_product
from ..networks.infusenet import InfuseNetConfig
from .identity_objective import IdentityObjective
from .run_settings import RunSettings

GIB = 2**30
TRAINED_BYTES = 16
"""Per trained parameter: float32 weight, gradient, and AdamW's two moments."""
AVERAGE_BYTES = 4


@dataclass(frozen=True)
class MemoryPlan:
    """Counts of parameters, and bytes that one sample keeps between forward and backward pass."""

    base_parameters: int
    base_bytes: int
    trained_parameters: int
    largest_block_bytes: int  # FSDP gathers one block at a time, and fetches the next meanwhile
    outside_bytes: int  # what belongs to no block; FSDP keeps it gathered from the forward to the backward pass
    activation_bytes: int
    working_bytes: int  # what one block holds, per sample, while it is run again in the backward pass
    batch_size: int
    averaged: bool = False

    @property
    def trained_bytes(self) -> int:
        """Weights, gradients, moments, and the averaged weights where they are kept."""
        return (TRAINED_BYTES + AVERAGE_BYTES * self.averaged) * self.trained_parameters

    def per_gpu(self, gpus: int, samples: int = 1) -> int:
        """Bytes on each of `gpus` with everything sharded over them and `samples` at a time."""
        gathered = 0 if gpus == 1 else 2 * self.largest_block_bytes + self.outside_bytes
        return int((self.base_bytes + self.trained_bytes) / gpus + gathered + samples * self.sample_bytes)

    @property
    def sample_bytes(self) -> int:
        return self.activation_bytes + self.working_bytes

    def accumulate(self, gpus: int, room: int) -> int | None:
        """In how many parts a step must be run where `room` samples fit on each GPU; None where no number does."""
        share = self.batch_size // gpus
        if self.batch_size % gpus or room < 1:
            return None
        return next(parts for parts in range(1, share + 1) if share % parts == 0 and share // parts <= room)

    def table(self, memory_gib: float, gpus: tuple[int, ...] = (1, 2, 4, 8, 16, 64, 128)) -> str:
        """Markdown: per number of GPUs the fixed memory, how many samples fit beside it, and `accumulate`."""
        lines = [
            f"base {self.base_parameters / 1e9:.3f} B parameters, trained {self.trained_parameters / 1e9:.3f} B; per "
            f"sample {self.activation_bytes / GIB:.1f} GiB kept and {self.working_bytes / GIB:.1f} GiB worked with",
            "",
            f"| GPUs | fixed GiB per GPU | samples per GPU in {memory_gib:g} GiB (10 % kept free) "
            f"| accumulate for a batch of {self.batch_size} |",
            "| --- | --- | --- | --- |",
        ]
        for count in gpus:
            fixed = self.per_gpu(count, 0)
            room = int((0.9 * memory_gib * GIB - fixed) // max(1, self.sample_bytes))
            told = room if room > 0 else "does not fit"
            lines.append(f"| {count} | {fixed / GIB:.1f} | {told} | {self.accumulate(count, room) or '-'} |")
        return "\n".join(lines)


def plan_memory(
    objective: IdentityObjective, base: nn.Module, batch: dict[str, Tensor], settings: RunSettings
) -> MemoryPlan:
    """`objective` and `base` (its module) on the meta device, `batch` one sample on the meta device."""
    activation_bytes = kept_bytes((objective, base), lambda: objective(**batch).mean())
    blocks = [block for module in (objective, base) for block in module.modules() if "Block" in type(block).__name__]
    sizes = [weight_bytes(block) for block in blocks]
    return MemoryPlan(
        base_parameters=sum(weight.numel() for weight in base.parameters()),
        base_bytes=weight_bytes(base),
        trained_parameters=sum(weight.numel() for weight in objective.parameters() if weight.requires_grad),
        largest_block_bytes=max(sizes, default=0),
        outside_bytes=weight_bytes(objective) + weight_bytes(base) - sum(sizes),
        activation_bytes=activation_bytes,
        working_bytes=block_bytes(objective.infusenet.config, batch),
        batch_size=settings.batch_size,
        averaged=settings.average > 0,
    )


def weight_bytes(module: nn.Module) -> int:
    return sum(weight.nbytes for weight in module.parameters())


def kept_bytes(modules: tuple[nn.Module, ...], forward: Callable[[], Tensor]) -> int:
    """Bytes of the tensors that autograd keeps of this forward pass, the modules' own weights not counted."""
    kept: dict[int, Tensor] = {}
    weights = {id(weight) for module in modules for weight in module.parameters()}

    def remember(tensor: Tensor) -> Tensor:
        if id(tensor) not in weights:
            kept[id(tensor)] = tensor  # held, so that no id is used twice
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(remember, lambda tensor: tensor):
        with torch.autocast("cpu", torch.bfloat16):
            forward()
    return sum(tensor.nbytes for tensor in kept.values())


def block_bytes(sizes: InfuseNetConfig, batch: dict[str, Tensor]) -> int:
    """What one double block of this size keeps of a sample when it is not checkpointed."""
    block = DoubleBlock(sizes.hidden_size, sizes.heads, nn, device="meta", dtype=torch.bfloat16)
    tokens = batch["latents"][0, 0].numel() // 4
    words = batch["context"].shape[1]
    shape = {"device": "meta", "dtype": torch.bfloat16, "requires_grad": True}
    image, text = torch.empty(1, tokens, sizes.hidden_size, **shape), torch.empty(1, words, sizes.hidden_size, **shape)
    turn = torch.empty(words + tokens, sizes.hidden_size // sizes.heads, device="meta")
    vector = torch.empty(1, sizes.hidden_size, device="meta", dtype=torch.bfloat16)
    return kept_bytes((block,), lambda: block(image, text, vector, (turn, turn), scaled_dot_product)[0])
