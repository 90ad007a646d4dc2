"""Which of the faces in a picture is meant: an order, and a place in it."""

from collections.abc import Sequence

from torch import Tensor

from .face import Face, FaceError

LARGEST = "largest"
MOST_CENTRAL = "most central"
HIGHEST_SCORE = "highest score"
LEFT_TO_RIGHT = "left to right"
RIGHT_TO_LEFT = "right to left"
TOP_TO_BOTTOM = "top to bottom"
BEST_MATCH = "best match"

ORDERS = (LARGEST, MOST_CENTRAL, LEFT_TO_RIGHT, RIGHT_TO_LEFT, TOP_TO_BOTTOM, HIGHEST_SCORE, BEST_MATCH)


def order_faces(
    faces: Sequence[Face], order: str, picture_size: tuple[int, int], similarities: Tensor | None = None
) -> list[int]:
    """The places of `faces` in the given order, first the one that index 0 means.

    `picture_size`: height, width. `similarities` [n]: each face's cosine to the identity that "best match"
    compares with. Ties keep the detector's order (highest score first).
    """
    height, width = picture_size

    def distance_to_middle(face: Face) -> float:
        x, y = face.centre
        return (x - width / 2) ** 2 + (y - height / 2) ** 2

    if order == BEST_MATCH:
        if similarities is None:
            raise FaceError("To pick the best match, connect an identity to `match`; or choose another order of faces.")
        key = {index: -float(similarities[index]) for index in range(len(faces))}.__getitem__
        return sorted(range(len(faces)), key=key)
    keys = {
        LARGEST: lambda face: -face.area,
        MOST_CENTRAL: distance_to_middle,
        HIGHEST_SCORE: lambda face: -face.score,
        LEFT_TO_RIGHT: lambda face: face.centre[0],
        RIGHT_TO_LEFT: lambda face: -face.centre[0],
        TOP_TO_BOTTOM: lambda face: face.centre[1],
    }
    if order not in keys:
        raise FaceError(f"There is no order of faces called {order!r}; choose one of {', '.join(ORDERS)}.")
    return sorted(range(len(faces)), key=lambda index: keys[order](faces[index]))


def pick_face(ordered: Sequence[int], index: int, place: str = "the picture") -> int:
    """The face at `index` of an order. Raises `FaceError` that says how many faces there are."""
    if 0 <= index < len(ordered):
        return ordered[index]
    count = len(ordered)
    choice = "only index 0 exists" if count == 1 else f"choose an index from 0 to {count - 1}"
    raise FaceError(
        f"Face {index} was asked for, but {place} shows {count} {'face' if count == 1 else 'faces'}; {choice}."
    )


def pick_several(ordered: Sequence[int], index: int, count: int, place: str = "the picture") -> list[int]:
    """`count` faces of an order from `index` on; 0 means all from there. Raises `FaceError` when there are fewer."""
    first = pick_face(ordered, index, place)
    if count == 0:
        return list(ordered[index:])
    if index + count > len(ordered):
        raise FaceError(
            f"{count} faces from index {index} on were asked for, but {place} shows {len(ordered)}; "
            "ask for fewer, lower the threshold, or set the count to 0 for all."
        )
    return [first, *ordered[index + 1 : index + count]]
