"""Stage 2's data as nobody has it of real people: a photo of the same person, rendered.

InfiniteYou makes its pairs with the stage-1 model because photos of one person in many styles are scarce
(section 3.4). Renderings are not: a pair of them has no mistake of a model in it.
"""

from itertools import cycle, islice

import torch
from torch import Tensor

from .batches import Columns
from .portraits import portraits_by_person
from .workshop import Workshop


def pair_renderings(workshop: Workshop, face_weight: float = 1.0) -> list[Columns]:
    """The groups of `portraits_by_person` without people; for crops their vectors `wanted` [n, 512], and of photos of
    each person `vectors` [n, K, 512]. With `pairs.own` the picture's own vector is one of them."""
    photos = workshop.renders("photos")
    vectors = workshop.vectors_of(photos["crops"][:, 0]).half()
    groups = []
    for portraits in portraits_by_person(workshop, face_weight):
        rows, photo = photos_of(portraits.pop("people"), photos["people"][:, 0])
        portraits["wanted"] = workshop.vectors_of(portraits.pop("crops")).half()
        group = {name: value[rows] for name, value in portraits.items()}
        shown = vectors[photo]
        if workshop.config["pairs"].get("own"):
            shown = torch.cat([shown, group["wanted"][:, None]], 1)
        groups.append({**group, "vectors": shown})
    return groups


def photos_of(people: Tensor, owners: Tensor) -> tuple[Tensor, Tensor]:
    """Rows [n] of `people` who own photos, and their photos' rows [n, K] among `owners`.

    K is the most that one of them owns; who owns fewer is shown some of them again.
    """
    of_person: dict[int, list[int]] = {}
    for row, owner in enumerate(owners.tolist()):
        of_person.setdefault(owner, []).append(row)
    rows = [row for row, person in enumerate(people.tolist()) if person in of_person]
    if not rows:
        raise ValueError(f"Nobody in {len(people)} pictures has a photo; render more pictures of each person.")
    shown = [of_person[int(people[row])] for row in rows]
    most = max(map(len, shown))
    photos = [list(islice(cycle(own), most)) for own in shown]
    return torch.tensor(rows, device=people.device), torch.tensor(photos, device=people.device)
