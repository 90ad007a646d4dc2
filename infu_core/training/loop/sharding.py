"""FSDP2 over all processes: the frozen base and the trained networks, block by block."""

from typing import Any

from accelerate.utils import FullyShardedDataParallelPlugin

from ...networks.flux_blocks import DoubleBlock, SingleBlock
from ..identity_objective import IdentityObjective


def sharding_plugin() -> FullyShardedDataParallelPlugin:
    """accelerate's FSDP2 for the trained networks.

    Weights and gradients travel in float32, and autocast alone decides what is computed in bf16, as without sharding.
    accelerate's own policy would turn the inputs into bf16 too, in which there are 256 times between 1/2 and 1.
    """
    from torch.distributed.fsdp import MixedPrecisionPolicy

    return FullyShardedDataParallelPlugin(
        fsdp_version=2,
        auto_wrap_policy="transformer_based_wrap",
        transformer_cls_names_to_wrap=[DoubleBlock.__name__, SingleBlock.__name__],
        cpu_ram_efficient_loading=False,
        state_dict_type="SHARDED_STATE_DICT",
        mixed_precision_policy=MixedPrecisionPolicy(),
    )


def shard_base(transformer: Any, mesh) -> None:
    """Over the processes of `mesh`: each keeps its part of the frozen weights."""
    from torch.distributed.fsdp import fully_shard

    for block in (*transformer.transformer_blocks, *transformer.single_transformer_blocks):
        fully_shard(block, mesh=mesh)
    fully_shard(transformer, mesh=mesh)


def let_sample(objective: IdentityObjective) -> None:
    """Make `residuals` gather the weights of a sharded objective, as the training's forward pass does."""
    from torch.distributed.fsdp import register_fsdp_forward_method

    register_fsdp_forward_method(objective, "residuals")
