"""Who moves which weight: AdamW all of them, as published; or Muon the hidden layers' matrices, and AdamW the rest."""

from typing import Any

import torch
from torch import nn

from .run_settings import RunSettings


def optimisers_of(objective: nn.Module, settings: RunSettings) -> list[torch.optim.Optimizer]:
    """AdamW (InfiniteYou, supplement A); with `optimiser = "muon"`, torch's Muon besides (Jordan et al. 2024).

    Muon's steps are scaled to AdamW's size (Liu et al. 2025), so one learning rate serves both.
    """
    groups = groups_of(objective, settings.shares)
    rate, decay = settings.learning_rate, settings.weight_decay
    if settings.optimiser == "adamw":
        return [torch.optim.AdamW(groups, lr=rate, betas=settings.betas, weight_decay=decay)]
    matrices = [group | {"params": [weight for weight in group["params"] if is_hidden(weight)]} for group in groups]
    rest = [group | {"params": [weight for weight in group["params"] if not is_hidden(weight)]} for group in groups]
    return [
        torch.optim.Muon(with_weights(matrices), lr=rate, weight_decay=decay, adjust_lr_fn="match_rms_adamw"),
        torch.optim.AdamW(with_weights(rest), lr=rate, betas=settings.betas, weight_decay=decay),
    ]


def is_hidden(weight: nn.Parameter) -> bool:
    """Matrices from width to width; an embedding's and an outlet's narrow ones are AdamW's, as Muon's author has it."""
    return weight.ndim == 2 and min(weight.shape) >= 128


def with_weights(groups: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [group for group in groups if group["params"]]


def groups_of(objective: nn.Module, shares: dict[str, float]) -> list[dict[str, Any]]:
    """The trainable parameters; those below a part named in `shares` learn at that share of the learning rate."""
    groups = {part: {"params": [], "share": share} for part, share in shares.items()}
    rest: list[nn.Parameter] = []
    for name, weight in objective.named_parameters():
        if weight.requires_grad:
            part = next((part for part in shares if name.startswith(f"{part}.")), None)
            (groups[part]["params"] if part else rest).append(weight)
    unknown = [part for part, group in groups.items() if not group["params"]]
    if unknown:
        raise ValueError(f"shares names {', '.join(unknown)}, but nothing that is trained is below that name.")
    return [{"params": rest}, *groups.values()] if shares else [{"params": rest}]
