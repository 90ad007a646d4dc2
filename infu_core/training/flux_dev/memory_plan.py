"""A dry run: the whole system on the meta device, its sizes counted and one step's kept tensors measured.

No weights and no GPU are needed; a training step is traced with shapes alone.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ...networks.flux_blocks import DoubleBlock, SingleBlock, scaled_dot_product
from ...networks.infusenet import InfuseNetConfig
from ..identity_objective import IdentityObjective
from ..loop.run_settings import RunSettings
from .decoded_faces import DecodedFaces

GIB = 2**30
TRAINED_BYTES = 16
"""Per trained parameter: float32 weight, gradient, and AdamW's two moments."""
AVERAGE_BYTES = 4
STEP_BYTES = 4
"""What AdamW needs besides, per trained parameter, while it steps; the samples are gone then."""


@dataclass(frozen=True)
class MemoryPlan:
    """Counts of parameters, and bytes that one sample keeps between forward and backward pass."""

    base_parameters: int
    base_bytes: int
    trained_parameters: int
    largest_block_bytes: int  # FSDP gathers one block at a time, and fetches the next meanwhile
    outside_bytes: int  # what belongs to no block; FSDP keeps it gathered from the forward to the backward pass
    cast_bytes: int  # weights in bf16 that autograd keeps, however many samples there are
    activation_bytes: int
    working_bytes: int  # what one block holds, per sample, while it is run again in the backward pass
    batch_size: int
    averaged: bool = False
    seeing_bytes: int = 0  # of an identity loss, whole on each GPU: its networks, and what one face keeps

    @property
    def trained_bytes(self) -> int:
        """Weights, gradients, moments, and the averaged weights where they are kept."""
        return (TRAINED_BYTES + AVERAGE_BYTES * self.averaged) * self.trained_parameters

    def fixed(self, gpus: int) -> int:
        """Bytes on each of `gpus`, everything sharded over them, before the first sample."""
        gathered = 0 if gpus == 1 else 2 * self.largest_block_bytes + self.outside_bytes
        return int((self.base_bytes + self.trained_bytes) / gpus + gathered + self.cast_bytes + self.seeing_bytes)

    def samples(self, gpus: int, memory_gib: float) -> int:
        """How many fit on each GPU at a time, a tenth of its memory kept free; 0 where it can't step at all."""
        room = 0.9 * memory_gib * GIB - self.fixed(gpus)
        return int(room // self.sample_bytes) if room >= STEP_BYTES * self.trained_parameters / gpus else 0

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
            f"sample {self.activation_bytes / GIB:.1f} GiB kept and {self.working_bytes / GIB:.1f} GiB worked with"
            + (f"; {self.seeing_bytes / GIB:.1f} GiB to see faces with" if self.seeing_bytes else ""),
            "",
            f"| GPUs | fixed GiB per GPU | samples per GPU in {memory_gib:g} GiB (10 % kept free) "
            f"| accumulate for a batch of {self.batch_size} |",
            "| --- | --- | --- | --- |",
        ]
        for count in gpus:
            room = self.samples(count, memory_gib)
            told, parts = room or "does not fit", self.accumulate(count, room) or "-"
            lines.append(f"| {count} | {self.fixed(count) / GIB:.1f} | {told} | {parts} |")
        return "\n".join(lines)


def plan_memory(
    objective: IdentityObjective, base: nn.Module, batch: dict[str, Tensor], settings: RunSettings, seeing: int = 0
) -> MemoryPlan:
    """`objective`, `base` (its module) and `batch`, one sample: fake tensors, of shapes and types without content.

    `seeing`: see `face_bytes`.
    """
    modules = (objective, base)
    sample, once = kept_bytes(modules, lambda rows: objective(**rows).mean(), batch)
    blocks = [block for module in modules for block in module.modules() if "Block" in type(block).__name__]
    sizes = [weight_bytes(block) for block in blocks]
    return MemoryPlan(
        base_parameters=sum(weight.numel() for weight in base.parameters()),
        base_bytes=weight_bytes(base),
        trained_parameters=sum(weight.numel() for weight in objective.parameters() if weight.requires_grad),
        largest_block_bytes=max(sizes, default=0),
        outside_bytes=weight_bytes(objective) + weight_bytes(base) - sum(sizes),
        cast_bytes=once,
        activation_bytes=sample,
        working_bytes=block_bytes(objective.infusenet.config, batch),
        batch_size=settings.batch_size,
        averaged=settings.average > 0,
        seeing_bytes=seeing,
    )


def face_bytes(faces: DecodedFaces, side: int) -> int:
    """What an identity loss holds on each GPU: its networks, and what it keeps of one face, `side` latents wide."""
    rows = {"latents": torch.zeros(1, 16, side, side, requires_grad=True), "points": torch.rand(1, 5, 2)}
    kept, once = kept_bytes(faces.modules(), lambda rows: faces.look(**rows), rows)
    return sum(weight_bytes(module) for module in faces.modules()) + kept + once


def weight_bytes(module: nn.Module) -> int:
    return sum(weight.nbytes for weight in module.parameters())


Rows = dict[str, Tensor]


def kept_bytes(modules: tuple[nn.Module, ...], forward: Callable[[Rows], Tensor], batch: Rows) -> tuple[int, int]:
    """What autograd keeps of this forward pass: bytes for each sample of `batch`, and bytes for all of them once.

    The modules' own weights are not counted, their copies in bf16 are: once.
    """
    weights = {_storage(weight) for module in modules for weight in module.parameters()}

    def kept(rows: Rows) -> int:
        found: dict[int, Tensor] = {}  # held, so that no address is used twice

        def remember(tensor: Tensor) -> Tensor:
            found[_storage(tensor)] = tensor
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(remember, lambda tensor: tensor):
            with torch.autocast("cpu", torch.bfloat16, cache_enabled=False):
                forward(rows)
        return sum(tensor.untyped_storage().nbytes() for place, tensor in found.items() if place not in weights)

    one, two = kept(batch), kept({name: torch.cat((value, value)) for name, value in batch.items()})
    return two - one, 2 * one - two


def _storage(tensor: Tensor) -> int:
    return tensor.untyped_storage()._cdata


def block_bytes(sizes: InfuseNetConfig, batch: Rows) -> int:
    """What a block of this size keeps of a sample when it is not checkpointed: the larger of both kinds."""
    tokens, words = batch["latents"][0, 0].numel() // 4, batch["context"].shape[1]
    turn = torch.zeros(words + tokens, sizes.hidden_size // sizes.heads)
    rows = {
        "image": torch.zeros(1, tokens, sizes.hidden_size, requires_grad=True),
        "text": torch.zeros(1, words, sizes.hidden_size, requires_grad=True),
        "vector": torch.zeros(1, sizes.hidden_size),
    }
    double = DoubleBlock(sizes.hidden_size, sizes.heads, nn)
    single = SingleBlock(sizes.hidden_size, sizes.heads, nn)

    def through_double(rows: Rows) -> Tensor:
        return double(rows["image"], rows["text"], rows["vector"], (turn, turn), scaled_dot_product)[0]

    def through_single(rows: Rows) -> Tensor:
        both = torch.cat((rows["text"], rows["image"]), 1)
        return single(both, rows["vector"], (turn, turn), scaled_dot_product)

    return max(kept_bytes((double,), through_double, rows)[0], kept_bytes((single,), through_single, rows)[0])
