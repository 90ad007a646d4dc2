"""Published file layouts at toy size: random weights, fixed seeds, that ComfyUI's stock loaders open (0.14 and later).

`write_models(base)` fills `base/models/` and gives the menu names back:

    names = write_models(tmp_path)
    names.flux           "tiny_flux_dev.safetensors"        -> UNETLoader (with guidance, as FLUX.1-dev)
    names.flux_schnell   without guidance;  flux_bf16, flux_fp8: other storage
    names.vae            16 latent channels, 8x              -> VAELoader
    names.controlnet     diffusers layout, 2 double blocks   -> ControlNetLoader
    names.lora           rank 4 on every attention           -> LoraLoaderModelOnly
    names.infusenet      2 + 3 blocks, its projector beside  -> LoadInfuseNet

Sizes: hidden 256 (2 heads), 5 + 7 blocks, context 64, pooled 32, 8 identity tokens. The tables of names and shapes
(`flux`, `flux_controlnet`, `projector`, `taesd`, `lora`) are for tests that want a state dict and no file.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

HIDDEN, HEAD, CONTEXT, POOLED, TOKENS, EMBEDDING = 256, 128, 64, 32, 8, 512
FLUX_BLOCKS, INFUSENET_BLOCKS, CONTROLNET_BLOCKS = (5, 7), (2, 3), (2, 0)

Shapes = dict[str, tuple[int, ...]]
StateDict = dict[str, Tensor]


@dataclass(frozen=True)
class ModelNames:
    """The names by which ComfyUI's menus offer the tiny files."""

    flux: str = "tiny_flux_dev.safetensors"
    flux_schnell: str = "tiny_flux_schnell.safetensors"
    flux_bf16: str = "tiny_flux_dev_bf16.safetensors"
    flux_fp8: str = "tiny_flux_dev_fp8.safetensors"
    vae: str = "tiny_taef1.safetensors"
    controlnet: str = "tiny_flux_controlnet.safetensors"
    lora: str = "tiny_flux_lora.safetensors"
    infusenet: str = "aes_stage2/infusenet_tiny.safetensors"
    projector: str = "aes_stage2/image_proj_model.safetensors"
    projector_bin: str = "aes_stage2/image_proj_model.bin"


def write_models(base: Path) -> ModelNames:
    """Write the whole set below `base/models`, in the folders where ComfyUI and this pack look."""
    names, models = ModelNames(), base / "models"
    dev = flux()
    save(dev, models / "diffusion_models" / names.flux)
    save(flux(guidance=False), models / "diffusion_models" / names.flux_schnell)
    save(stored_as(dev, torch.bfloat16), models / "diffusion_models" / names.flux_bf16)
    save(stored_as(dev, torch.float8_e4m3fn), models / "diffusion_models" / names.flux_fp8)
    save(taesd(), models / "vae" / names.vae)
    save(flux_controlnet(CONTROLNET_BLOCKS, seed=3), models / "controlnet" / names.controlnet)
    save(lora(), models / "loras" / names.lora)
    save(flux_controlnet(INFUSENET_BLOCKS, seed=5), models / "infinite_you" / names.infusenet)
    save(projector(), models / "infinite_you" / names.projector)
    nested = {"image_proj": projector()}
    torch.save(nested, models / "infinite_you" / names.projector_bin)
    return names


def save(state_dict: StateDict, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(state_dict, path)


def stored_as(state_dict: StateDict, dtype: torch.dtype) -> StateDict:
    """As published: fp8 files keep their vectors (norms, biases) in bfloat16."""
    vectors = torch.bfloat16 if dtype.itemsize == 1 else dtype
    return {name: value.to(dtype if value.ndim == 2 else vectors) for name, value in state_dict.items()}


def flux(blocks=FLUX_BLOCKS, guidance=True, seed=1) -> StateDict:
    """FLUX.1 with the names of the original release."""
    hidden = HIDDEN
    shapes: Shapes = {}
    for name, size in embedders(guidance):
        shapes |= linear(f"{name}_in.in_layer", size, hidden) | linear(f"{name}_in.out_layer", hidden, hidden)
    shapes |= linear("img_in", 64, hidden) | linear("txt_in", CONTEXT, hidden)
    for i in range(blocks[0]):
        for stream in ("img", "txt"):
            at = f"double_blocks.{i}.{stream}"
            shapes |= linear(f"{at}_mod.lin", hidden, 6 * hidden) | linear(f"{at}_attn.qkv", hidden, 3 * hidden)
            shapes |= linear(f"{at}_attn.proj", hidden, hidden)
            shapes |= linear(f"{at}_mlp.0", hidden, 4 * hidden) | linear(f"{at}_mlp.2", 4 * hidden, hidden)
            shapes |= {f"{at}_attn.norm.{part}_norm.scale": (HEAD,) for part in ("query", "key")}
    for i in range(blocks[1]):
        at = f"single_blocks.{i}"
        shapes |= linear(f"{at}.modulation.lin", hidden, 3 * hidden)
        shapes |= linear(f"{at}.linear1", hidden, 7 * hidden) | linear(f"{at}.linear2", 5 * hidden, hidden)
        shapes |= {f"{at}.norm.{part}_norm.scale": (HEAD,) for part in ("query", "key")}
    shapes |= linear("final_layer.adaLN_modulation.1", hidden, 2 * hidden) | linear("final_layer.linear", hidden, 64)
    return random_weights(shapes, seed)


def flux_controlnet(blocks=INFUSENET_BLOCKS, guidance=True, seed=5) -> StateDict:
    """A FLUX ControlNet with diffusers' names, which is also how InfuseNet is published."""
    hidden = HIDDEN
    shapes: Shapes = {}
    for name, size in embedders(guidance):
        at = "time_text_embed." + {"time": "timestep", "vector": "text", "guidance": "guidance"}[name] + "_embedder"
        shapes |= linear(f"{at}.linear_1", size, hidden) | linear(f"{at}.linear_2", hidden, hidden)
    shapes |= linear("x_embedder", 64, hidden) | linear("controlnet_x_embedder", 64, hidden)
    shapes |= linear("context_embedder", CONTEXT, hidden)
    for i in range(blocks[0]):
        at = f"transformer_blocks.{i}"
        shapes |= linear(f"{at}.norm1.linear", hidden, 6 * hidden)
        shapes |= linear(f"{at}.norm1_context.linear", hidden, 6 * hidden)
        for part in ("to_q", "to_k", "to_v", "add_q_proj", "add_k_proj", "add_v_proj", "to_out.0", "to_add_out"):
            shapes |= linear(f"{at}.attn.{part}", hidden, hidden)
        for part in ("norm_q", "norm_k", "norm_added_q", "norm_added_k"):
            shapes[f"{at}.attn.{part}.weight"] = (HEAD,)
        for part in ("ff", "ff_context"):
            shapes |= linear(f"{at}.{part}.net.0.proj", hidden, 4 * hidden)
            shapes |= linear(f"{at}.{part}.net.2", 4 * hidden, hidden)
        shapes |= linear(f"controlnet_blocks.{i}", hidden, hidden)
    for i in range(blocks[1]):
        at = f"single_transformer_blocks.{i}"
        shapes |= linear(f"{at}.norm.linear", hidden, 3 * hidden)
        for part in ("to_q", "to_k", "to_v"):
            shapes |= linear(f"{at}.attn.{part}", hidden, hidden)
        shapes |= {f"{at}.attn.{part}.weight": (HEAD,) for part in ("norm_q", "norm_k")}
        shapes |= linear(f"{at}.proj_mlp", hidden, 4 * hidden) | linear(f"{at}.proj_out", 5 * hidden, hidden)
        shapes |= linear(f"controlnet_single_blocks.{i}", hidden, hidden)
    return random_weights(shapes, seed)


def projector(width=128, depth=2, seed=7) -> StateDict:
    """InfiniteYou's `image_proj`: ArcFace vector -> 8 tokens, heads of 64."""
    shapes: Shapes = {"latents": (1, TOKENS, width)}
    shapes |= linear("proj_in", EMBEDDING, width) | linear("proj_out", width, CONTEXT) | norm("norm_out", CONTEXT)
    for i in range(depth):
        attention, feed_forward = f"layers.{i}.0", f"layers.{i}.1"
        shapes |= norm(f"{attention}.norm1", width) | norm(f"{attention}.norm2", width)
        shapes |= {f"{attention}.to_q.weight": (width, width), f"{attention}.to_kv.weight": (2 * width, width)}
        shapes |= {f"{attention}.to_out.weight": (width, width)} | norm(f"{feed_forward}.0", width)
        shapes |= {f"{feed_forward}.1.weight": (4 * width, width), f"{feed_forward}.3.weight": (width, 4 * width)}
    # A face vector has length one: without this gain all identities would give the same tokens.
    return random_weights(shapes, seed, gains={"proj_in.weight": 20.0})


def taesd(channels=16, seed=9) -> StateDict:
    """The tiny autoencoder family (TAESD), which ComfyUI's VAELoader knows by its names."""

    def conv(name, inputs, outputs, bias=True) -> Shapes:
        return {f"{name}.weight": (outputs, inputs, 3, 3)} | ({f"{name}.bias": (outputs,)} if bias else {})

    def block(name) -> Shapes:
        return conv(f"{name}.conv.0", 64, 64) | conv(f"{name}.conv.2", 64, 64) | conv(f"{name}.conv.4", 64, 64)

    shapes = conv("taesd_encoder.0", 3, 64) | conv("taesd_encoder.14", 64, channels)
    shapes |= conv("taesd_decoder.1", channels, 64) | conv("taesd_decoder.19", 64, 3)
    for scaling in ("encoder.2", "encoder.6", "encoder.10", "decoder.7", "decoder.12", "decoder.17"):
        shapes |= conv(f"taesd_{scaling}", 64, 64, bias=False)
    for i in (1, 3, 4, 5, 7, 8, 9, 11, 12, 13):
        shapes |= block(f"taesd_encoder.{i}")
    for i in (3, 4, 5, 8, 9, 10, 13, 14, 15, 18):
        shapes |= block(f"taesd_decoder.{i}")
    last_of_block = {name: 0.3 for name in shapes if ".conv.4." in name}
    gains = last_of_block | {"taesd_decoder.19.weight": 0.2, "taesd_decoder.19.bias": 0.0}
    state_dict = random_weights(shapes, seed, gains)
    state_dict["taesd_decoder.19.bias"] += 0.5  # the middle of the picture's range
    # FLUX's own latent scaling, as ComfyUI sets it for taef1.
    return state_dict | {"vae_scale": torch.tensor(0.3611), "vae_shift": torch.tensor(0.1159)}


def lora(rank=4, seed=11) -> StateDict:
    """Rank 4 on the image attention of every double block of `flux()`."""
    shapes: Shapes = {}
    for i in range(FLUX_BLOCKS[0]):
        at = f"diffusion_model.double_blocks.{i}.img_attn.qkv"
        shapes |= {f"{at}.lora_A.weight": (rank, HIDDEN), f"{at}.lora_B.weight": (3 * HIDDEN, rank)}
    return random_weights(shapes, seed, gains=dict.fromkeys(shapes, 2.0))


def embedders(guidance: bool) -> Iterator[tuple[str, int]]:
    yield "time", 256
    yield "vector", POOLED
    if guidance:
        yield "guidance", 256


def linear(name: str, inputs: int, outputs: int) -> Shapes:
    return {f"{name}.weight": (outputs, inputs), f"{name}.bias": (outputs,)}


def norm(name: str, size: int) -> Shapes:
    return {f"{name}.weight": (size,), f"{name}.bias": (size,)}


def random_weights(shapes: Shapes, seed: int, gains: dict[str, float] | None = None) -> StateDict:
    """Weights that keep signals near unit size: nothing overflows in half precision, nothing vanishes."""
    generator = torch.Generator().manual_seed(seed)
    state_dict = {}
    for name, shape in shapes.items():
        if len(shape) > 1:
            fan_in = torch.Size(shape[1:]).numel()
            value = torch.randn(shape, generator=generator) * fan_in**-0.5
        elif name.endswith(".bias"):
            value = torch.randn(shape, generator=generator) * 0.1
        else:  # a norm's scale
            value = 1 + torch.randn(shape, generator=generator) * 0.1
        state_dict[name] = value * (gains or {}).get(name, 1.0)
    return state_dict
