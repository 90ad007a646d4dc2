"""The system at a laboratory's size, from a config: FLUX as diffusers has it, our InfuseNet and projector."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from accelerate.utils import AutocastKwargs

from ...identity.identity import EMBEDDING_SIZE, RECOGNISER
from ...networks.flux_blocks import DoubleBlock, SingleBlock
from ...networks.identity_projector import IdentityProjector, IdentityProjectorConfig
from ...networks.infusenet import InfuseNet, InfuseNetConfig
from ..config_table import read_table
from ..data.prepared_data import PreparedBatches
from ..data.read_ahead import ReadAhead
from ..identity_loss import IdentityLoss
from ..identity_objective import IdentityObjective, save_memory
from ..loop.run_settings import RunSettings
from ..loop.sharding import let_sample, shard_base, sharding_plugin
from ..loop.training_run import TrainingRun
from .beginnings import begin_like_base, begin_with_release
from .decoded_faces import DecodedFaces
from .flux_base import DiffusersBase, in_bf16
from .flux_eyes import FluxEyes
from .identity_watch import Eyes, IdentityWatch
from .lab_config import IdentityLossSettings, LabConfig, WatchSettings
from .memory_plan import MemoryPlan, face_bytes, plan_memory
from .release import save_release
from .sampling import flux_shift


class Laboratory:
    """A config file and the folder that its runs go to."""

    def __init__(self, config: Path, folder: Path):
        self.config = LabConfig.read(config)
        self.folder = folder

    def load_base(self):
        from diffusers import FluxTransformer2DModel

        path = Path(self.config.base.path)
        if not path.is_dir():
            raise ValueError(f"{path} does not exist; set base.path to the transformer folder of FLUX.1-dev.")
        return FluxTransformer2DModel.from_pretrained(path, torch_dtype=torch.bfloat16)

    def networks(self, sizes) -> tuple[InfuseNet, IdentityProjector]:
        """InfuseNet and projector that belong to a base with diffusers' config `sizes`."""
        network = {
            "hidden_size": sizes.num_attention_heads * sizes.attention_head_dim,
            "heads": sizes.num_attention_heads,
            "context_size": sizes.joint_attention_dim,
            "pooled_size": sizes.pooled_projection_dim,
            "axes": tuple(sizes.axes_dims_rope),
        }
        tokens = {"embedding_size": EMBEDDING_SIZE, "context_size": sizes.joint_attention_dim}
        return (
            InfuseNet(read_table(InfuseNetConfig, self.config.infusenet | network, "[infusenet]")),
            IdentityProjector(read_table(IdentityProjectorConfig, self.config.projector | tokens, "[projector]")),
        )

    def objective(
        self, transformer, infusenet: InfuseNet, projector: IdentityProjector, loss: IdentityLoss | None = None
    ) -> IdentityObjective:
        save_memory(infusenet, (DoubleBlock, SingleBlock))
        return IdentityObjective(DiffusersBase(transformer, self.config.base.guidance), infusenet, projector, loss)

    def identity_loss(self, device: torch.device) -> IdentityLoss | None:
        """None, as published, where the config has no [identity_loss]."""
        asked = self.config.identity_loss
        if asked is None:
            return None
        return IdentityLoss(self.faces(asked, device), asked.weight, asked.until, asked.least, asked.contrast)

    def faces(self, settings: IdentityLossSettings, device: torch.device) -> DecodedFaces:
        return DecodedFaces.open(Path(settings.vae), Path(settings.recogniser), device)

    def dry_run(self, stage: str = "stage1") -> MemoryPlan:
        """One sample through everything, by shapes and types alone."""
        from diffusers import FluxTransformer2DModel
        from torch._subclasses.fake_tensor import FakeTensorMode

        settings, data = self.config.stage(stage), self.config.data
        sizes = dict(self.config.base.sizes)
        words = sizes.pop("text_tokens", 512)
        with FakeTensorMode():
            transformer = in_bf16(lambda: FluxTransformer2DModel(**sizes))
            objective = self.objective(transformer, *self.networks(transformer.config))
            latents = torch.zeros(1, 16, data.height // 8, data.width // 8)
            batch = {
                "latents": latents,
                "control": latents,
                "noise": latents,
                "vectors": torch.zeros(1, EMBEDDING_SIZE),
                "context": torch.zeros(1, words, sizes["joint_attention_dim"]),
                "pooled": torch.zeros(1, sizes["pooled_projection_dim"]),
                "time": torch.zeros(1),
            }
            asked = self.config.identity_loss
            seeing = face_bytes(DecodedFaces.of_shapes(), asked.window) if asked else 0
            return plan_memory(objective, transformer, batch, settings, seeing)

    def sharded(self) -> bool:
        """The launcher says how many processes there are."""
        return int(os.environ.get("WORLD_SIZE", "1")) > 1 and self.config.hardware.sharded

    def accelerator(self, settings: RunSettings) -> Accelerator:
        """Sharded with FSDP2 where the config says so and there are several processes."""
        plugin = sharding_plugin() if self.sharded() else None
        once = AutocastKwargs(cache_enabled=False)  # each weight is used once: copies in bf16 need not be kept
        return Accelerator(mixed_precision=settings.precision, fsdp_plugin=plugin, kwargs_handlers=[once])

    def open_run(self, stage: str) -> TrainingRun:
        """The stage's run in its folder, new or resumed. Stage 2 begins with stage 1's release."""
        settings = self.config.stage(stage)
        data = self.config.data
        folder, faces = Path(getattr(data, stage)), self.config.identity_loss is not None
        batches = PreparedBatches(folder, settings.batch_size, settings.seed, data.pose_share, faces)
        accelerator = self.accelerator(settings)
        transformer = self.load_base()
        torch.manual_seed(settings.seed)  # every process begins with the same weights
        infusenet, projector = self.networks(transformer.config)
        before = self.begin_folder(stage)
        if before:
            begin_with_release(before, infusenet, projector)
        else:
            begin_like_base(transformer, infusenet, projector)
        transformer.to(accelerator.device)
        if self.sharded():
            from torch.distributed.device_mesh import init_device_mesh

            shard_base(transformer, init_device_mesh(accelerator.device.type, (accelerator.num_processes,)))
        objective = self.objective(transformer, infusenet, projector, self.identity_loss(accelerator.device))
        seen = self.config.watch if settings.watch_every else None
        watch = self.watch(seen, transformer, accelerator) if seen else None
        ahead = ReadAhead(batches, settings.accumulate)
        run = TrainingRun(objective, ahead, settings, self.folder / stage, accelerator, watch)
        if self.sharded():
            let_sample(accelerator.unwrap_model(run.objective))
        return run

    def begin_folder(self, stage: str) -> Path | None:
        """The released weights that the stage begins with; None for the base's own blocks."""
        named = getattr(self.config.begin, stage)
        if named:
            return Path(named)
        return self.folder / "stage1" / "release" if stage == "stage2" else None

    def watch(self, settings: WatchSettings, transformer, accelerator: Accelerator) -> IdentityWatch:
        """Sample sheets of held-out people, in every process; only the first one has eyes."""
        samples = PreparedBatches(Path(settings.samples), 1).by_shape(settings.pictures)
        base = DiffusersBase(transformer, settings.guidance)
        eyes = self.eyes(settings, accelerator) if accelerator.is_main_process else None
        return IdentityWatch(base, samples, eyes, flux_shift, settings.steps)

    def eyes(self, settings: WatchSettings, accelerator: Accelerator) -> Eyes:
        files = (Path(name) for name in (settings.vae, settings.detector, settings.recogniser))
        return FluxEyes.open(*files, device=str(accelerator.device))

    def release(self, run: TrainingRun, stage: str) -> Path:
        """Write what the run has learned in the published layout; every process takes part."""
        folder = self.folder / stage / "release"
        with run.averaged():
            state = run.accelerator.get_state_dict(run.objective)
            if run.accelerator.is_main_process:
                module: Any = run.accelerator.unwrap_model(run.objective)
                infusenet = _filled(InfuseNet(module.infusenet.config, device="meta"), state, "infusenet.")
                projector = _filled(IdentityProjector(module.projector.config, device="meta"), state, "projector.")
                save_release(folder, infusenet, projector, recogniser=RECOGNISER)
        run.accelerator.wait_for_everyone()
        return folder


def _filled(empty: Any, state: Mapping[str, Any], prefix: str) -> Any:
    """A network on the meta device with its share of gathered weights."""
    own = {name.removeprefix(prefix): weight for name, weight in state.items() if name.startswith(prefix)}
    empty.load_state_dict(own, assign=True)
    return empty
