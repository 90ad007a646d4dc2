"""FLUX.1-dev's folder in diffusers' layout, with everything in it, of random weights and next to no size."""

from pathlib import Path

import torch

CONTEXT, POOLED = 32, 16


def tiny_vae():
    from diffusers import AutoencoderKL

    return AutoencoderKL(
        block_out_channels=(8, 8, 8, 8),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        layers_per_block=1,
        latent_channels=16,
        norm_num_groups=4,
        shift_factor=0.1159,
        scaling_factor=0.3611,
        use_quant_conv=False,
        use_post_quant_conv=False,
    )


def tiny_transformer():
    from diffusers import FluxTransformer2DModel

    return FluxTransformer2DModel(
        num_layers=1,
        num_single_layers=2,
        num_attention_heads=1,
        joint_attention_dim=CONTEXT,
        pooled_projection_dim=POOLED,
        guidance_embeds=True,
    )


def save_tiny_flux(folder: Path) -> None:
    from diffusers import FlowMatchEulerDiscreteScheduler, FluxPipeline
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer, T5Config, T5EncoderModel, T5TokenizerFast

    torch.manual_seed(0)
    vae, transformer = tiny_vae(), tiny_transformer()
    clip_words = {"<|startoftext|>": 0, "<|endoftext|>": 1, "a</w>": 2, "face</w>": 3}
    clip = CLIPTextConfig(
        vocab_size=len(clip_words),
        hidden_size=POOLED,
        intermediate_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        bos_token_id=0,
        eos_token_id=1,
    )
    t5_words = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁a", -1.0), ("▁face", -1.5)]
    t5 = T5Config(vocab_size=len(t5_words), d_model=CONTEXT, d_kv=8, d_ff=16, num_layers=1, num_heads=2)
    FluxPipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True),
        vae=vae,
        text_encoder=CLIPTextModel(clip),
        tokenizer=CLIPTokenizer(vocab=clip_words, merges=[], model_max_length=77),
        text_encoder_2=T5EncoderModel(t5),
        tokenizer_2=T5TokenizerFast(vocab=t5_words, extra_ids=0),
        transformer=transformer,
    ).save_pretrained(folder)
