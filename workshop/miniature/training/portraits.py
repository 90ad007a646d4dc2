"""What base and InfuseNet learn from: pictures of one person and of two, apart, for they may differ in width."""

import torch
from torch import Tensor
from torch.nn.functional import pad

from infu_core.networks.latent_tokens import PATCH, token_grid
from miniature.faces.captions import STYLE_WORDS
from miniature.faces.scene import STYLES
from miniature.networks.text_encoder import Words

from ..networks.attributes import ATTRIBUTES
from .batches import Columns
from .workshop import Workshop

PIXELS = 8 * PATCH
"""Of a token's side."""
PORTRAITS = ("portraits", "double-portraits")


def portraits_with_words(
    workshop: Workshop, sets: tuple[str, ...] = PORTRAITS, face_weight: float = 1.0
) -> list[Columns]:
    """Of each set latents [n, 16, h, w], words [n, W, T], and with a `face_weight` the tokens' weights [n, L]."""
    columns = []
    for name in sets:
        encoded = workshop.encoded(name)
        rows = {"latents": encoded["latents"], "words": used(encoded["words"])}
        if face_weight != 1:
            rows["weight"] = weights_of(encoded["boxes"], token_grid(*encoded["latents"].shape[-2:]), face_weight)
        columns.append(rows)
    return columns


def portraits_by_person(
    workshop: Workshop, face_weight: float = 1.0, styles: tuple[str, ...] = STYLES
) -> list[Columns]:
    """Of each set a row for each person: what `portraits_with_words` has of their picture, and points [n, 1, 10],
    people [n], crops [n, 112, 112, 3], region [n, L].

    Who is alone has the whole picture; of two people each has one half, as their masks usually have. Only pictures
    drawn in these `styles`.
    """
    groups = []
    for name, pictures in zip(PORTRAITS, portraits_with_words(workshop, face_weight=face_weight), strict=True):
        encoded = workshop.encoded(name)
        rows, columns = token_grid(*encoded["latents"].shape[-2:])
        wanted = drawn_in(encoded["labels"], styles)
        group: dict[str, list[Tensor]] = {}
        for person, region in enumerate(regions(rows, columns, encoded["people"].shape[1])):
            there = ((encoded["people"][:, person] >= 0) & wanted).nonzero()[:, 0]
            for key, value in pictures.items():
                group.setdefault(key, []).append(value[there])
            for key in ("people", "crops"):
                group.setdefault(key, []).append(encoded[key][there, person])
            group.setdefault("points", []).append(encoded["points"][there, person : person + 1])
            group.setdefault("region", []).append(region.to(workshop.device).expand(len(there), -1))
        groups.append({key: torch.cat(parts) for key, parts in group.items()})
    return groups


def drawn_in(labels: Tensor, styles: tuple[str, ...]) -> Tensor:
    """Which pictures, by their labels [n, attributes], are in one of these styles: [n], true or false."""
    numbers = torch.tensor([STYLES.index(style) for style in styles], device=labels.device)
    return torch.isin(labels[:, list(ATTRIBUTES).index("style")].long(), numbers)


def without_style(words: Tensor, of: int) -> Tensor:
    """Words [n, W, T] after the first `of`, the index of that word: of "a photo of a man" what is left is "a man"."""
    length = words.shape[-1]
    begin = (words == of).int().argmax(-1, keepdim=True) + 1
    return pad(words, (0, length)).gather(-1, begin + torch.arange(length, device=words.device))


def with_any_style(words: Tensor, seed: int) -> Tensor:
    """Words [n, W, T] that name any style, whatever the picture's own: "an oil painting of a man" of a photo."""
    known = Words().known
    starts = [torch.tensor([known[word] for word in start.split()]) for some in STYLE_WORDS.values() for start in some]
    silent = without_style(words, known["of"])
    drawn = torch.randint(len(starts), words.shape[:2], generator=torch.Generator().manual_seed(seed))
    told = torch.empty_like(silent)
    for number, start in enumerate(starts):
        rest = silent[drawn == number]
        told[drawn == number] = torch.cat((start.to(rest).expand(len(rest), -1), rest), -1)[:, : words.shape[-1]]
    return told


def regions(rows: int, columns: int, people: int) -> list[Tensor]:
    """Of each person, left to right, the tokens that are theirs, [L] of 0 and 1."""
    place = torch.arange(columns) * people // columns
    return [(place == person).half().repeat(rows) for person in range(people)]


def weights_of(boxes: Tensor, grid: tuple[int, int], face_weight: float) -> Tensor:
    """[n, L]: `face_weight` at the tokens whose middle is in one of the faces' boxes [n, F, 4], 1 at the others."""
    rows, columns = grid
    y, x = torch.meshgrid(torch.arange(rows) + 0.5, torch.arange(columns) + 0.5, indexing="ij")
    middle = PIXELS * torch.stack((x, y), -1).reshape(1, -1, 1, 2).to(boxes.device)  # [1, L, 1, 2]
    inside = ((middle >= boxes[:, None, :, :2]) & (middle <= boxes[:, None, :, 2:])).all(-1).any(-1)
    return 1 + (face_weight - 1) * inside.half()


def used(words: Tensor) -> Tensor:
    """Words [n, W, T] without the places that no caption reaches, to a multiple of eight."""
    reached = int(words.flatten(0, 1).long().sum(0).nonzero().max()) + 1
    return words[..., : -(-reached // 8) * 8]
