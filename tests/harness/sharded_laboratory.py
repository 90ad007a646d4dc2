"""A program for two processes (gloo, CPU): the tiny laboratory with FSDP2, run whole, run in parts, in two precisions.

accelerate offers FSDP2 to GPUs only: on CPUs it drops the plugin. Here it is told that this is FSDP all the same;
what follows (wrapping, gathering, clipping, checkpoints, release) is its and torch's own code.
"""

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[2]), str(Path(__file__).parents[1])]

import torch  # noqa: E402
from accelerate.state import AcceleratorState, PartialState  # noqa: E402
from accelerate.utils import DistributedType  # noqa: E402
from harness.tiny_laboratory import TinyLaboratory  # noqa: E402

from infu_core.training.loop.sharding import sharding_plugin  # noqa: E402


class ShardedOnCpu(TinyLaboratory):
    def accelerator(self, settings):
        accelerator = super().accelerator(settings)
        plugin = sharding_plugin()
        if settings.precision != "no":
            plugin.set_mixed_precision(settings.precision)  # as accelerate does on GPUs
        accelerator.state.fsdp_plugin = plugin
        accelerator.state.distributed_type = DistributedType.FSDP
        PartialState._shared_state["distributed_type"] = DistributedType.FSDP
        return accelerator


def local(weight):
    return weight.to_local() if hasattr(weight, "to_local") else weight


def main(folder: Path) -> None:
    laboratory = ShardedOnCpu(folder / "config.toml", folder / "sharded")
    whole = laboratory.open_run("stage1")
    assert all(type(weight).__name__ == "DTensor" for weight in whole.parameters)
    whole.run()
    laboratory.release(whole, "stage1")
    states = [state for slot in whole.optimisers[0].state.values() for state in slot.values() if state.numel() > 1]
    counted = {"weights": whole.parameters, "moments": states, "average": whole.average.weights}
    own = {name: sum(local(weight).nbytes for weight in weights) for name, weights in counted.items()}

    parts = ShardedOnCpu(folder / "config.toml", folder / "sharded-parts")
    parts.open_run("stage1").run(steps=3)
    again = parts.open_run("stage1")
    assert again.step == 3
    again.run()
    for one, other in ((whole.parameters, again.parameters), (whole.average.weights, again.average.weights)):
        assert all(torch.equal(local(a), local(b)) for a, b in zip(one, other, strict=True))

    AcceleratorState._reset_state()
    half = ShardedOnCpu(folder / "bf16.toml", folder / "sharded")
    last = half.open_run("stage2")
    last.run()
    print(f"bytes {own}")
    last.accelerator.end_training()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
