"""A scene painted plainly: background, shoulders, head, light. The styles start from this sheet."""

import numpy as np

from . import features, hair
from .canvas import Canvas, mixed, smooth
from .head import Head
from .scene import BACKDROPS, Scene

BLACK = (20, 16, 18)


def paint(scene: Scene, height: int) -> tuple[Canvas, tuple[Head, ...]]:
    """Draw everybody from left to right on a sheet of `height` x `height * scene.squares` pixels."""
    canvas = Canvas(height, height * scene.squares)
    rng = np.random.default_rng((0xBAC2, scene.seed))
    _background(canvas, scene, rng)
    heads = tuple(
        Head(who, how, canvas.height, canvas.width) for who, how in zip(scene.people, scene.placements, strict=True)
    )
    for head in heads:
        hair.behind(canvas, head)
        _body(canvas, head)
        _ears(canvas, head)
        _face(canvas, head, scene.light)
        features.marks(canvas, head)
        hair.beard(canvas, head)
        features.eyes(canvas, head)
        features.brows(canvas, head)
        features.nose(canvas, head, scene.light[0])
        features.mouth(canvas, head)
        hair.before(canvas, head)
        features.glasses(canvas, head)
        hair.hat(canvas, head)
    return canvas, heads


def _background(canvas: Canvas, scene: Scene, rng: np.random.Generator) -> None:
    size, width = canvas.height, canvas.width
    detail = scene.framing.detail
    down = np.linspace(-1, 1, size)[:, None, None]
    if scene.background in BACKDROPS:
        colour = np.array(BACKDROPS[scene.background], np.float32)
        glow = np.linspace(-1, 1, width)[None, :, None] * np.sign(scene.light[0])
        canvas.colour[:] = np.clip(colour * (1.02 + 0.09 * glow - 0.1 * down), 0, 255)
        return
    if scene.background == "sea":
        horizon = 0.42 * size
        canvas.colour[:] = np.clip(np.array((150, 196, 232)) + 40 * (down + 0.6), 0, 255)
        canvas.fill(np.array([(0, horizon), (width, horizon), (width, size), (0, size)]), (38, 104, 146), pen=2)
        for _ in range(round(26 * detail * scene.squares)):
            x, y = rng.uniform(0, width), rng.uniform(horizon, size)
            wave = smooth([(x, y), (x + 0.04 * size, y - 0.01 * size), (x + 0.08 * size, y)], 3)
            canvas.stroke(wave, (150, 196, 214), 2, pen=1)
        canvas.dot((rng.uniform(0.1, 0.9) * width, 0.13 * size), 0.06 * size, (252, 236, 170))
    elif scene.background == "forest":
        canvas.colour[:] = np.clip(np.array((158, 190, 140)) - 46 * down, 0, 255)
        for _ in range(round(11 * detail * scene.squares)):
            x, wide = rng.uniform(0, width), rng.uniform(0.02, 0.05) * size
            trunk = np.array([(x, 0), (x + wide, 0), (x + 1.2 * wide, size), (x - 0.2 * wide, size)])
            canvas.fill(trunk, mixed((74, 54, 36), (40, 70, 40), rng.uniform(0, 0.6)), pen=1.5)
        for _ in range(round(26 * detail * scene.squares)):
            canvas.dot(
                rng.uniform((0, -0.1), (1, 0.4)) * (width, size),
                rng.uniform(0.04, 0.1) * size,
                (rng.uniform(30, 70), rng.uniform(84, 130), 46),
            )
    else:
        canvas.colour[:] = np.clip(np.array((188, 196, 214)) + 22 * down, 0, 255)
        x, step = 0.0, size / detail
        while x < width:
            wide, top = rng.uniform(0.12, 0.22) * step, rng.uniform(0.08, 0.5) * size
            grey = rng.uniform(70, 150)
            block = np.array([(x, top), (x + wide, top), (x + wide, size), (x, size)])
            canvas.fill(block, (grey, grey * 0.96, grey * 1.02), pen=1.5)
            for row in np.arange(top + 0.04 * step, size, 0.075 * step):
                for column in np.arange(x + 0.02 * step, x + wide - 0.03 * step, 0.055 * step):
                    pane = np.array([(0, 0), (0.026, 0), (0.026, 0.036), (0, 0.036)]) * step + (column, row)
                    canvas.fill(pane, (238, 220, 150) if rng.random() < 0.4 else (62, 70, 86))
            x += wide


def _body(canvas: Canvas, head: Head) -> None:
    """Neck and shoulders hang below the head and turn less than it does."""
    who, scale = head.person, head.scale
    pen = max(1.0, 0.035 * scale)
    root = head.at(0.0, 0.55, -0.15)[0]
    neck = who.neck_width * scale
    below = root[1] + 0.9 * scale
    throat = np.array(
        [
            (root[0] - neck, root[1]),
            (root[0] + neck, root[1]),
            (root[0] + neck * 1.1, below),
            (root[0] - neck * 1.1, below),
        ]
    )
    canvas.fill(throat, mixed(who.skin, (60, 34, 34), 0.24), pen)
    wide = (1.4 if who.woman else 1.72) * scale
    top = root[1] + 0.62 * scale
    shoulders = smooth(
        [
            (root[0] - neck * 1.1, top),
            (root[0] - 0.75 * wide, top + 0.2 * scale),
            (root[0] - wide, top + 0.55 * scale),
            (root[0] - 1.1 * wide, top + 3.0 * scale),
            (root[0] + 1.1 * wide, top + 3.0 * scale),
            (root[0] + wide, top + 0.55 * scale),
            (root[0] + 0.75 * wide, top + 0.2 * scale),
            (root[0] + neck * 1.1, top),
            (root[0], top + (0.5 if who.woman else 0.26) * scale),
        ],
        5,
        closed=True,
    )
    shirt = BACKDROPS[head.placement.shirt]
    canvas.fill(shoulders, mixed(shirt, BLACK, 0.08), pen)
    fold = np.array([(root[0] - 0.62 * wide, top + 0.75 * scale), (root[0] - 0.7 * wide, top + 1.9 * scale)])
    for side in (1, -1):
        points = fold if side == 1 else np.stack((2 * root[0] - fold[:, 0], fold[:, 1]), 1)
        canvas.stroke(points, mixed(shirt, BLACK, 0.4), 1.3 * pen, pen=pen * 0.7)


def _ears(canvas: Canvas, head: Head) -> None:
    who = head.person
    pen = max(1.0, 0.035 * head.scale)
    angles = np.linspace(0, 2 * np.pi, 15)
    for side in (-1, 1):
        x = side * (0.99 * who.face_width + who.ear_out)
        ring = np.stack(
            (x + side * 0.55 * who.ear_size * np.cos(angles), 0.1 + 1.15 * who.ear_size * np.sin(angles)), 1
        )
        canvas.fill(head.flat(ring, -0.05), mixed(who.skin, (150, 60, 50), 0.12), pen)
        inner = np.stack(
            (x + side * 0.3 * who.ear_size * np.cos(angles[2:9]), 0.1 + 0.7 * who.ear_size * np.sin(angles[2:9] - 1.2)),
            1,
        )
        canvas.stroke(head.flat(inner, -0.05), mixed(who.skin, BLACK, 0.4), pen, pen=pen * 0.6)


def _face(canvas: Canvas, head: Head, light: tuple[float, float, float]) -> None:
    """The skin, lit as a ball of the head's size would be."""
    import cv2

    who = head.person
    edge = head.flat(head.outline(), 0.12)
    canvas.fill(edge, who.skin, max(1.0, 0.042 * head.scale))
    place = canvas.within(edge)
    part = canvas.colour[place]
    mask = np.zeros(part.shape[:2], np.uint8)
    corner = (place[1].start, place[0].start)
    cv2.fillPoly(mask, [np.round((edge - corner) * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
    rows, columns = np.mgrid[place].astype(np.float32)
    centre = head.at(0.0, 0.05, 0.25)[0]
    x = (columns - centre[0]) / (1.12 * who.face_width * head.scale)
    y = (rows - centre[1]) / (1.22 * head.scale)
    z = np.sqrt(np.clip(1 - x * x - y * y, 0.03, None))
    lit = 0.66 + 0.5 * np.clip(x * light[0] + y * light[1] + z * light[2], -0.6, 1) - 0.12 * (1 - z) ** 2
    colour = np.array(who.skin, np.float32)
    shaded = colour * lit[..., None] + 22 * np.clip(lit[..., None] - 1.04, 0, None)
    shaded *= np.array((1.0, 0.985, 0.97)) ** np.clip(4 * (1 - lit[..., None]), 0, 2)
    share = mask[..., None].astype(np.float32) / 255
    part[:] = np.clip(part + share * (shaded - part), 0, 255)
