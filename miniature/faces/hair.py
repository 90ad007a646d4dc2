"""Hair behind and before the face, beards, hats."""

import numpy as np

from .canvas import Canvas, mixed, smooth
from .head import Head
from .person import HAIR_COLOURS
from .scene import HATS

BLACK = (16, 12, 14)


def behind(canvas: Canvas, head: Head) -> None:
    """What falls behind the neck: long hair, a bob, a bun, a curly crown."""
    who = head.person
    colour = mixed(HAIR_COLOURS[who.hair_colour], BLACK, 0.3)
    pen = max(1.0, 0.035 * head.scale)
    width, puff = who.face_width, who.hair_volume
    if who.hair_style in ("long", "bob"):
        bottom = 1.75 if who.hair_style == "long" else 0.86
        flare = 1.22 if who.hair_style == "long" else 1.32
        right = [
            (0.0, -1.02 - puff),
            (0.75 * (width + puff), -0.86 - puff),
            (1.08 * (width + puff), -0.25),
            (flare * (width + 0.6 * puff), 0.45 * bottom),
            (1.02 * flare * (width + 0.4 * puff), bottom),
            (0.5 * width, bottom + 0.06),
        ]
        shape = right + [(-x, y) for x, y in reversed(right[1:])]
        canvas.fill(head.flat(smooth(shape, 6, closed=True), -0.25), colour, pen)
        for x in np.linspace(-1.1, 1.1, 9) * flare * width:
            strand = smooth([(0.8 * x, -0.3), (x, 0.3 * bottom), (0.98 * x, bottom)], 4)
            canvas.stroke(head.flat(strand, -0.25), mixed(colour, BLACK, 0.3), pen, pen=pen * 0.5)
    elif who.hair_style == "curly":
        radius = width + 1.3 * puff
        angles = np.linspace(-0.35, np.pi + 0.35, 15)
        for angle in angles:
            _curl(
                canvas,
                head,
                radius * np.cos(angle),
                -0.28 - (0.78 + puff) * np.sin(angle),
                0.2 + 0.4 * puff,
                -0.15,
                colour,
            )
    elif who.hair_style == "bun":
        angles = np.linspace(0, 2 * np.pi, 16)
        size = 0.3 + 0.5 * puff
        ball = np.stack((size * np.cos(angles), -1.12 - 0.6 * size + size * np.sin(angles)), 1)
        canvas.fill(head.flat(ball, -0.3), HAIR_COLOURS[who.hair_colour], pen)
        canvas.stroke(head.flat(ball[9:15] * 0.9, -0.3), mixed(colour, BLACK, 0.4), pen, pen=pen * 0.6)


def _curl(canvas: Canvas, head: Head, x: float, y: float, radius: float, z: float, colour) -> None:
    angles = np.linspace(0, 2 * np.pi, 13)
    ring = np.stack((x + radius * np.cos(angles), y + radius * np.sin(angles)), 1)
    pen = max(1.0, 0.035 * head.scale)
    canvas.fill(head.flat(ring, z), colour, pen)
    canvas.stroke(
        head.flat(ring[6:11] * 0.4 + 0.6 * np.array((x, y)), z), mixed(colour, (255, 240, 220), 0.2), pen, pen=pen * 0.6
    )


def before(canvas: Canvas, head: Head) -> None:
    """The cap of hair from the hairline over the skull."""
    who = head.person
    base = HAIR_COLOURS[who.hair_colour]
    if who.hair_style == "bald":
        if who.old:
            _temples(canvas, head, base)
        return
    pen = max(1.0, 0.035 * head.scale)
    width, puff = who.face_width, who.hair_volume
    thick = {"short": 0.5, "curly": 0.9, "long": 0.75, "bob": 0.8, "bun": 0.35}[who.hair_style] * puff
    sides = {"short": 0.0, "curly": 0.1, "long": 0.62, "bob": 0.66, "bun": -0.05}[who.hair_style]
    line = who.hairline + (0.16 if who.hair_style == "bob" else 0.0)
    outer = smooth(
        [
            (-1.01 * width - 0.5 * thick, sides),
            (-1.02 * width - thick, -0.3),
            (-0.84 * width - 0.6 * thick, -0.72 - 0.6 * thick),
            (-0.4 * width, -1.0 - thick),
            (0.4 * width, -1.0 - thick),
            (0.84 * width + 0.6 * thick, -0.72 - 0.6 * thick),
            (1.02 * width + thick, -0.3),
            (1.01 * width + 0.5 * thick, sides),
        ],
        5,
    )
    inset = 0.84 if sides > 0.3 else 0.93
    part = who.parting * 0.6
    inner = smooth(
        [
            (inset * width, sides),
            (0.86 * width, -0.22),
            (0.7 * width, line + 0.1),
            (part * width + 0.12, line - 0.04),
            (part * width, line - (0.16 if abs(part) > 0.12 and who.hair_style != "bob" else 0.0)),
            (part * width - 0.12, line - 0.04),
            (-0.7 * width, line + 0.1),
            (-0.86 * width, -0.22),
            (-inset * width, sides),
        ],
        5,
    )
    rim = head.flat(outer, -0.05)
    front = head.on_skin(inner, 0.05)
    canvas.fill(np.concatenate((rim, front)), base, pen)
    _strands(canvas, head, rim, front, base, pen)
    if who.hair_style == "curly":
        for share in np.linspace(0.06, 0.94, 9):
            x, y = inner[int(share * (len(inner) - 1))]
            _curl(canvas, head, x * 0.98, y - 0.1, 0.13 + 0.3 * puff, 0.5, mixed(base, BLACK, 0.12))
        for share in np.linspace(0.12, 0.88, 8):
            x, y = outer[int(share * (len(outer) - 1))]
            _curl(canvas, head, x * 0.8, y * 0.86, 0.15 + 0.3 * puff, 0.2, base)


def _strands(canvas: Canvas, head: Head, rim: np.ndarray, front: np.ndarray, base, pen: float) -> None:
    """Lines from the rim to the hairline, dark and light in turn, and a band of shine."""
    back = front[::-1]
    for index, share in enumerate(np.linspace(0.1, 0.9, 15)):
        start = rim[int(share * (len(rim) - 1))]
        end = back[int(share * (len(back) - 1))]
        shade = mixed(base, BLACK, 0.28) if index % 2 else mixed(base, (255, 246, 230), 0.13)
        reach = start + (end - start) * (0.92 if index % 2 else 0.6)
        canvas.stroke(np.stack((start, reach)), shade, pen, pen=pen * 0.5 if index % 2 else 0.0)


def _temples(canvas: Canvas, head: Head, base) -> None:
    width = head.person.face_width
    for side in (-1, 1):
        patch = [
            (side * 1.02 * width, 0.05),
            (side * 1.06 * width, -0.2),
            (side * 0.95 * width, -0.42),
            (side * 0.86 * width, -0.2),
        ]
        canvas.fill(head.flat(smooth(patch, 4, closed=True), 0.05), base, max(1.0, 0.03 * head.scale))


def beard(canvas: Canvas, head: Head) -> None:
    who = head.person
    if who.beard == "none":
        return
    colour = mixed(HAIR_COLOURS[who.hair_colour], BLACK, 0.18)
    half, y = head.mouth_half_width(), head.mouth_y
    drop = who.chin_drop
    soft = 0.02 * head.scale
    if who.beard == "full":
        edge = [point for point in head.outline() if point[1] > who.cheek + 0.05]
        edge = np.array(sorted(edge, key=lambda point: np.arctan2(point[0], point[1] + 0.2)))
        outer = edge * (1.02, 1.03)
        inner = [
            (0.84 * who.face_width, who.cheek + 0.12),
            (half * 1.35, y - 0.08),
            (half * 0.9, y - 0.13),
            (0.0, y - 0.12),
            (-half * 0.9, y - 0.13),
            (-half * 1.35, y - 0.08),
            (-0.84 * who.face_width, who.cheek + 0.12),
        ]
        points = np.concatenate((head.flat(outer, 0.12), head.on_skin(inner)))
        _hairy(canvas, head, points, colour, soft)
    elif who.beard == "goatee":
        shape = [
            (-half * 0.85, y + 0.06),
            (-half * 0.75, drop * 0.9),
            (0, drop * 1.04),
            (half * 0.75, drop * 0.9),
            (half * 0.85, y + 0.06),
        ]
        _hairy(canvas, head, head.on_skin(smooth(shape, 4), 0.03), colour, soft)
    if who.beard in ("moustache", "full"):
        shape = [
            (0, head.nose_y + 0.06),
            (half * 0.6, y - 0.11),
            (half * 1.2, y + 0.02),
            (half * 0.5, y - 0.02),
            (0, y - 0.03),
        ]
        mirror = [(-x, level) for x, level in reversed(shape[1:-1])]
        _hairy(canvas, head, head.on_skin(smooth(shape + mirror, 4, closed=True), 0.06), colour, soft)


def _hairy(canvas: Canvas, head: Head, points: np.ndarray, colour, soft: float) -> None:
    canvas.wash(points, colour, 0.94, soft)
    low, high = points.min(0), points.max(0)
    rng = np.random.default_rng((0xBEA2D, head.person.seed))
    import cv2

    shape = points.astype(np.float32)
    pen = max(1.0, 0.022 * head.scale)
    for spot in low + (high - low) * rng.random((70, 2)):
        if cv2.pointPolygonTest(shape, (float(spot[0]), float(spot[1])), False) > 0:
            hair = np.stack((spot, spot + (rng.uniform(-1, 1), 2.2) * np.array(0.03 * head.scale)))
            canvas.stroke(hair, mixed(colour, (255, 235, 210), rng.uniform(0, 0.3)), pen, pen=pen * 1.2)


def hat(canvas: Canvas, head: Head) -> None:
    """A knitted cap over the skull."""
    if head.placement.hat == "none":
        return
    who = head.person
    colour = HATS[head.placement.hat]
    pen = max(1.0, 0.035 * head.scale)
    width = 1.08 * who.face_width + 0.4 * who.hair_volume
    dome = [
        (-width, -0.42),
        (-width * 0.98, -0.72),
        (-width * 0.6, -1.18),
        (0, -1.34),
        (width * 0.6, -1.18),
        (width * 0.98, -0.72),
        (width, -0.42),
    ]
    brim = [(0.9 * width, -0.4), (0.5 * width, -0.42), (0, -0.44), (-0.5 * width, -0.42), (-0.9 * width, -0.4)]
    canvas.fill(np.concatenate((head.flat(smooth(dome, 5), 0.0), head.on_skin(brim, 0.12))), colour, pen)
    for x in np.linspace(-0.7, 0.7, 6):
        rib = smooth([(x * width, -0.55), (x * width * 0.85, -0.9), (x * width * 0.35, -1.28)], 4)
        canvas.stroke(head.flat(rib, 0.12), mixed(colour, BLACK, 0.3), pen, pen=pen * 0.5)
    low, high = np.array(brim), np.array(brim) + (0, -0.16)
    band = np.concatenate((head.on_skin(low, 0.14), head.on_skin(high, 0.16)[::-1]))
    canvas.fill(band, mixed(colour, (255, 255, 255), 0.22), pen)
