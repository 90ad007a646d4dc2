"""Pictures for people: every face found, numbered as the menu orders them, the chosen one in green."""

from collections.abc import Sequence

import numpy as np

from .face import Face

CHOSEN = (40, 220, 90)
OTHER = (255, 190, 60)
REGION_COLOURS = ((255, 80, 80), (80, 160, 255), (90, 220, 110), (255, 200, 60), (200, 110, 255), (80, 220, 220))
PREVIEW_SIDE = 768
BAR_HEIGHT, BAR_GROUND = 44, (40, 42, 46)


def draw_faces(
    picture: np.ndarray,
    faces: Sequence[Face],
    ordered: Sequence[int],
    chosen: Sequence[int | None] = (),
    labels: Sequence[str] | None = None,
) -> np.ndarray:
    """A copy of a uint8 RGB picture [H, W, 3], at most 768 pixels a side, with boxes, numbers and key points.

    `ordered`: the faces' places in the chosen order; the number drawn is the index of the menu. `labels`:
    other texts instead of the numbers, one per face.
    """
    import cv2

    scale = PREVIEW_SIDE / max(picture.shape[:2])
    size = (max(round(picture.shape[1] * scale), 1), max(round(picture.shape[0] * scale), 1))
    canvas = cv2.resize(picture, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    for number, place in enumerate(ordered):
        face = faces[place]
        colour = CHOSEN if place in chosen else OTHER
        left, top, right, bottom = (round(value * scale) for value in face.box)
        cv2.rectangle(canvas, (left, top), (right, bottom), colour, 3 if place in chosen else 2)
        for x, y in face.points() * scale:
            cv2.circle(canvas, (round(x), round(y)), 4, colour, -1, cv2.LINE_AA)
        write_label(canvas, labels[place] if labels else str(number), (left, top), colour)
    if not faces:
        write_label(canvas, "no face", (0, 0), (240, 80, 80))
    return canvas


def write_label(canvas: np.ndarray, text: str, corner: tuple[int, int], colour: tuple[int, int, int]) -> None:
    """Dark text on a coloured plate whose bottom left lies on `corner`, kept inside the canvas."""
    import cv2

    font, size, thickness = cv2.FONT_HERSHEY_SIMPLEX, 0.9, 2
    (width, height), below = cv2.getTextSize(text, font, size, thickness)
    left = min(max(corner[0], 0), max(canvas.shape[1] - width - 8, 0))
    bottom = min(max(corner[1], height + below + 6), canvas.shape[0])
    cv2.rectangle(canvas, (left, bottom - height - below - 6), (left + width + 8, bottom), colour, -1)
    cv2.putText(canvas, text, (left + 4, bottom - below - 2), font, size, (20, 20, 20), thickness, cv2.LINE_AA)


def draw_bar(canvas: np.ndarray, value: float | None, text: str, chosen: bool) -> np.ndarray:
    """The canvas with a bar below it: as long as `value`, a share of its width (0 where None), green where chosen."""
    bar = np.full((BAR_HEIGHT, canvas.shape[1], 3), BAR_GROUND, dtype=np.uint8)
    bar[:, : round(min(max(value or 0.0, 0.0), 1.0) * canvas.shape[1])] = CHOSEN if chosen else OTHER
    write_label(bar, text, (0, BAR_HEIGHT), CHOSEN if chosen else OTHER)
    return np.concatenate([canvas, bar])


def fit_to_canvas(pictures: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Pictures of any sizes on canvases of one size, centred on black, so that they make a batch."""
    height = max(picture.shape[0] for picture in pictures)
    width = max(picture.shape[1] for picture in pictures)
    canvases = []
    for picture in pictures:
        canvas = np.zeros((height, width, 3), dtype=np.uint8)
        top, left = (height - picture.shape[0]) // 2, (width - picture.shape[1]) // 2
        canvas[top : top + picture.shape[0], left : left + picture.shape[1]] = picture
        canvases.append(canvas)
    return canvases


def tint_regions(picture: np.ndarray, masks: np.ndarray) -> np.ndarray:
    """A uint8 RGB picture [H, W, 3] with every mask [N, H, W] laid over it in a colour of its own."""
    tinted = picture.astype(np.float32) * 0.6
    for number, mask in enumerate(masks):
        colour = np.array(REGION_COLOURS[number % len(REGION_COLOURS)], dtype=np.float32)
        share = 0.55 * mask[..., None]
        tinted = tinted * (1 - share) + colour * share
    return tinted.round().astype(np.uint8)
