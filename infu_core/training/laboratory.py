"""The system at a laboratory's size, from a config: FLUX as diffusers has it, our InfuseNet and projector."""

import os
from pathlib import Path
from typing import Any

import tomllib
import torch
from accelerate import Accelerator
from accelerate.utils import FullyShardedDataParallelPlugin
from torch import Tensor

from ..identity.identity import EMBEDDING_SIZE, RECOGNISER
from ..networks.flux_blocks import DoubleBlock, SingleBlock
from ..networks.identity_projector import IdentityProjector, IdentityProjectorConfig
from ..networks.infusenet import InfuseNet, InfuseNetConfig
from .flux_base import DiffusersBase, shard_base
from .identity_objective import IdentityObjective, begin_projector, begin_silent, copy_base_blocks, save_memory
from .memory_plan import MemoryPlan, plan_memory
from .prepared_data import PreparedBatches
from .release import save_release
from .run_settings import RunSettings
from .training_run import TrainingRun


class Laboratory:
    """A config file and the folder that its runs go to."""

    def __init__(self, config: Path, folder: Path):
        self.config = tomllib.loads(config.read_text(encoding="utf-8"))
        self.folder = folder

    def load_base(self):
        from diffusers import FluxTransformer2DModel

        path = Path(self.config["base"]["path"])
        if not path.is_dir():
            raise ValueError(f"{path} does not exist; set base.path to the transformer folder of FLUX.1-dev.")
        return FluxTransformer2DModel.from_pretrained(path, torch_dtype=torch.bfloat16)

    def meta_base(self):
        """A base of the config's sizes without weights."""
        from diffusers import FluxTransformer2DModel

        sizes = {name: value for name, value in self.config["base"]["sizes"].items() if name != "text_tokens"}
        with torch.device("meta"):
            base: Any = FluxTransformer2DModel(**sizes)
            return base.to(torch.bfloat16)

    def networks(self, sizes, device: str | None = None) -> tuple[InfuseNet, IdentityProjector]:
        """InfuseNet and projector that belong to a base with diffusers' config `sizes`."""
        network = InfuseNetConfig(
            hidden_size=sizes.num_attention_heads * sizes.attention_head_dim,
            heads=sizes.num_attention_heads,
            context_size=sizes.joint_attention_dim,
            pooled_size=sizes.pooled_projection_dim,
            axes=tuple(sizes.axes_dims_rope),
            **self.config["infusenet"],
        )
        tokens = IdentityProjectorConfig(
            embedding_size=EMBEDDING_SIZE, context_size=sizes.joint_attention_dim, **self.config["projector"]
        )
        return InfuseNet(network, device=device), IdentityProjector(tokens, device=device)

    def dry_run(self) -> MemoryPlan:
        """One sample through everything on the meta device."""
        transformer = self.meta_base()
        infusenet, projector = self.networks(transformer.config, "meta")
        save_memory(infusenet, (DoubleBlock, SingleBlock))
        objective = IdentityObjective(DiffusersBase(transformer, self.config["base"]["guidance"]), infusenet, projector)
        return plan_memory(objective, transformer, self.meta_batch())

    def meta_batch(self) -> dict[str, Tensor]:
        data, sizes = self.config["data"], self.config["base"]["sizes"]
        latents = torch.empty(1, 16, data["height"] // 8, data["width"] // 8, device="meta")
        return {
            "latents": latents,
            "control": latents,
            "noise": latents,
            "vectors": torch.empty(1, EMBEDDING_SIZE, device="meta"),
            "context": torch.empty(1, sizes["text_tokens"], sizes["joint_attention_dim"], device="meta"),
            "pooled": torch.empty(1, sizes["pooled_projection_dim"], device="meta"),
            "time": torch.empty(1, device="meta"),
        }

    def sharded(self) -> bool:
        """The launcher says how many processes there are."""
        return int(os.environ.get("WORLD_SIZE", "1")) > 1 and self.config["hardware"]["sharded"]

    def accelerator(self, settings: RunSettings) -> Accelerator:
        """Sharded with FSDP2 where the config says so and there are several processes."""
        if not self.sharded():
            return Accelerator(mixed_precision=settings.precision)
        plugin = FullyShardedDataParallelPlugin(
            fsdp_version=2,
            auto_wrap_policy="transformer_based_wrap",
            transformer_cls_names_to_wrap=[DoubleBlock.__name__, SingleBlock.__name__],
            cpu_ram_efficient_loading=False,
            state_dict_type="SHARDED_STATE_DICT",
        )
        return Accelerator(mixed_precision=settings.precision, fsdp_plugin=plugin)

    def open_run(self, stage: str) -> TrainingRun:
        """The stage's run in its folder, new or resumed. Stage 2 begins with stage 1's release."""
        settings = RunSettings.from_table(self.config["stages"][stage])
        accelerator = self.accelerator(settings)
        transformer = self.load_base()
        torch.manual_seed(settings.seed)  # every process begins with the same weights
        infusenet, projector = self.networks(transformer.config)
        before = self.folder / "stage1" / "release"
        if stage == "stage2":
            begin_with_release(before, infusenet, projector)
        else:
            begin_like_base(transformer, infusenet, projector)
        save_memory(infusenet, (DoubleBlock, SingleBlock))
        transformer.to(accelerator.device)
        if self.sharded():
            from torch.distributed.device_mesh import init_device_mesh

            shard_base(transformer, init_device_mesh(accelerator.device.type, (accelerator.num_processes,)))
        objective = IdentityObjective(DiffusersBase(transformer, self.config["base"]["guidance"]), infusenet, projector)
        data = self.config["data"]
        batches = PreparedBatches(Path(data[stage]), settings.batch_size, settings.seed, data["pose_share"])
        return TrainingRun(objective, batches, settings, self.folder / stage, accelerator)

    def release(self, run: TrainingRun, stage: str) -> Path:
        """Write what the run has learned in the published layout; every process takes part."""
        state = run.accelerator.get_state_dict(run.objective)
        folder = self.folder / stage / "release"
        if run.accelerator.is_main_process:
            module = run.accelerator.unwrap_model(run.objective)
            parts = []
            for name, kind in (("infusenet", InfuseNet), ("projector", IdentityProjector)):
                empty = kind(getattr(module, name).config, device="meta")
                own = {
                    key.removeprefix(f"{name}."): value for key, value in state.items() if key.startswith(f"{name}.")
                }
                empty.load_state_dict(own, assign=True)
                parts.append(empty)
            save_release(folder, *parts, recogniser=RECOGNISER)
        run.accelerator.wait_for_everyone()
        return folder


def begin_like_base(transformer, infusenet: InfuseNet, projector: IdentityProjector) -> None:
    """InfuseNet's blocks start as copies of the base's first ones, its outputs at zero."""
    from ..checkpoints.key_maps import from_published

    sizes = infusenet.config
    weights = {name: weight.detach().float() for name, weight in transformer.state_dict().items()}
    copy_base_blocks(
        infusenet, from_published(weights, sizes.double_blocks, sizes.single_blocks, sizes.guidance_embeds)
    )
    begin_silent(infusenet)
    begin_projector(projector)


def begin_with_release(folder: Path, infusenet: InfuseNet, projector: IdentityProjector) -> None:
    from ..checkpoints.load import load_network, load_projector
    from .release import NETWORK_FOLDER

    if not folder.is_dir():
        raise ValueError(f"{folder} does not exist; stage 2 begins with what stage 1 has released.")
    infusenet.load_state_dict(load_network(folder / NETWORK_FOLDER, torch.float32).state_dict())
    projector.load_state_dict(load_projector(folder / "image_proj_model.safetensors", torch.float32).state_dict())
