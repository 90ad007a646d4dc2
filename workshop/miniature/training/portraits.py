"""What InfuseNet learns from: one row for each person of each portrait, with the region where that person is."""

import torch

from infu_core.networks.latent_tokens import token_grid

from .batches import Columns
from .workshop import Workshop


def portraits_by_person(workshop: Workshop) -> Columns:
    """latents [n, 16, h, w], words [n, W, T], points [n, 1, 10], people [n], crops [n, 112, 112, 3], region [n, L].

    Who is alone has the whole picture; of two people each has one half, as their masks usually have.
    """
    alone, together = workshop.encoded("portraits"), workshop.encoded("double-portraits")
    rows = {name: [alone[name]] for name in ("latents", "words")}
    rows |= {"points": [alone["points"]], "people": [alone["people"][:, 0]], "crops": [alone["crops"][:, 0]]}
    height, width = token_grid(*alone["latents"].shape[-2:])
    left = (torch.arange(width, device=workshop.device) < width // 2).half().repeat(height)
    rows["region"] = [torch.ones(len(alone["latents"]), len(left), dtype=left.dtype, device=left.device)]
    there = together["people"][:, 0] >= 0
    for person, region in ((0, left), (1, 1 - left)):
        for name in ("latents", "words"):
            rows[name].append(together[name][there])
        for name in ("people", "crops"):
            rows[name].append(together[name][there, person])
        rows["points"].append(together["points"][there, person : person + 1])
        rows["region"].append(region.expand(int(there.sum()), -1))
    return {name: torch.cat(parts) for name, parts in rows.items()}
