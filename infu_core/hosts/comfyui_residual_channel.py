"""ComfyUI's `control` channel: lists of residuals that FLUX adds after its blocks, ours beside the ControlNets'."""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext

from torch import Tensor

from ..residuals import Residuals


def merged(control: Mapping | None, ours: Residuals | None, depth: tuple[int, int]) -> dict:
    """Our residuals added to what ControlNets gave: new lists, new tensors, nothing of theirs changed.

    `depth`: how many double and single blocks the base has. ComfyUI's FLUX wants both lists, its ControlNets want
    a middle one too, and some hosts want them without None.
    """
    theirs = control or {}
    double, single = ours.spread(*depth) if ours else ([], [])
    return {
        **theirs,
        "input": summed(theirs.get("input") or [], double),
        "middle": theirs.get("middle") or [],
        "output": summed(theirs.get("output") or [], single),
    }


def summed(theirs: list[Tensor | None], ours: list[Tensor]) -> list[Tensor | None]:
    """Entry by entry; a residual that several blocks share stays one tensor where it can."""
    sums: dict[tuple[int, int], Tensor] = {}
    out = []
    for index in range(max(len(ours), len(theirs))):
        own = ours[index] if index < len(ours) else None
        other = theirs[index] if index < len(theirs) else None
        if own is None or other is None:
            out.append(other if own is None else own)
            continue
        pair = (id(own), id(other))
        if pair not in sums:
            sums[pair] = own + other.to(own.device)
        out.append(sums[pair])
    return out


class LazyControl(Mapping):
    """`control` that is computed when a block first asks for it: a step that a cache skips never does."""

    def __init__(self, compute: Callable[[], dict]):
        self.compute = compute
        self.computed: dict | None = None

    def lists(self) -> dict:
        if self.computed is None:
            with outside_the_hosts_graph():
                self.computed = self.compute()
        return self.computed

    def __getitem__(self, name: str) -> list:
        return self.lists()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.lists())

    def __len__(self) -> int:
        return len(self.lists())


def outside_the_hosts_graph() -> AbstractContextManager:
    """Newer ComfyUIs plan the memory of the base's forward; what another network takes in it is no part of that."""
    prefetch = sys.modules.get("comfy.model_prefetch")
    pause = getattr(prefetch, "pause_malloc_graph", None)
    return pause() if pause else nullcontext()


def may_be_skipped(options: Mapping) -> bool:
    """Whether a step cache may leave this evaluation out, and nothing compiles the code that would ask for it."""
    compiled = "torch.compile" in options.get("wrappers", {}).get("apply_model", {})
    return "easycache" in options and not compiled
