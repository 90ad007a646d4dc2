"""Stage 2's data as nobody has it of real people: another photo of the same person, rendered.

InfiniteYou makes its pairs with the stage-1 model because photos of one person in many styles are scarce
(section 3.4). Renderings are not: a pair of them has no mistake of a model in it.
"""

from itertools import cycle, islice

import torch
from torch import Tensor

from .batches import Columns
from .workshop import Workshop

PHOTO = 0
"""Index of the style that a user's photo has (`scene.STYLES`)."""


def pair_renderings(workshop: Workshop) -> Columns:
    """latents [n, 16, h, w], words [n, W, T], points [n, 1, 10] of pictures; vectors [n, K, 512] of other photos."""
    every = workshop.renders("singles")
    renders = workshop.encoded("singles")
    rows, photos = other_photos(every["people"][:, 0], every["labels"][:, 0] == PHOTO, len(renders["latents"]))
    vectors = workshop.vectors_of(every["crops"][:, 0]).half()
    pictures = {name: renders[name][rows] for name in ("latents", "words", "points")}
    return {**pictures, "vectors": vectors[photos]}


def other_photos(people: Tensor, photo: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Rows [n] among the first `count` whose person [pictures] has another photo, and such photos' rows [n, K].

    `photo` [pictures] is true where the picture looks like one. Who has fewer than K is shown some of them again.
    """
    of_person: dict[int, list[int]] = {}
    for row in photo.nonzero()[:, 0].tolist():
        of_person.setdefault(int(people[row]), []).append(row)
    others = {row: [other for other in of_person.get(int(people[row]), []) if other != row] for row in range(count)}
    most = max(map(len, others.values()))
    rows = [row for row in range(count) if others[row]]
    if not rows:
        raise ValueError(f"None of {count} pictures has another photo of its person; render more than one of each.")
    photos = [list(islice(cycle(others[row]), most)) for row in rows]
    return torch.tensor(rows, device=people.device), torch.tensor(photos, device=people.device)
