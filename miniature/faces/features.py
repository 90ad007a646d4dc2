"""Eyes, brows, nose, mouth, marks and glasses, painted on a head."""

import numpy as np

from .canvas import Canvas, mixed, smooth
from .head import Head
from .person import HAIR_COLOURS

DARK = (34, 24, 24)
WHITE = (244, 242, 238)


def eyes(canvas: Canvas, head: Head) -> None:
    who, how = head.person, head.placement
    size = who.eye_size
    wide = {"surprised": 1.4, "laughing": 0.55, "smiling": 0.82, "sad": 0.85, "angry": 0.75}
    opening = size * who.eye_open * wide.get(how.expression, 1.0)
    line = max(1.0, 0.03 * head.scale)
    for side in (-1, 1):
        x, y = side * head.eye_x, head.eye_y
        tilt = np.tan(who.eye_slant)
        u = np.linspace(-1, 1, 9)
        upper = np.stack((x + size * u, y - opening * (1 - np.abs(u) ** 2.2) - side * u * size * tilt), 1)
        lower = np.stack((x + size * u, y + 0.62 * opening * (1 - u**2) - side * u * size * tilt), 1)
        almond = head.on_skin(np.concatenate((upper, lower[::-1])))
        socket = np.stack((x + 1.35 * size * np.cos(6.3 * u / 2), y - 0.02 + 0.85 * size * np.sin(6.3 * u / 2)), 1)
        canvas.wash(head.on_skin(socket), mixed(who.skin, (60, 30, 30), 0.5), 0.32, 0.05 * head.scale)
        canvas.fill(almond, WHITE)
        _iris(canvas, head, almond, x + how.gaze[0] * size * 0.6, y - 0.12 * opening + how.gaze[1] * size, size)
        canvas.stroke(head.on_skin(upper), DARK, line * (0.8 + who.lashes), pen=line * 1.1)
        canvas.stroke(head.on_skin(lower), mixed(who.skin, DARK, 0.5), line * 0.6, pen=line * 0.5)
        if who.lashes > 0.4:
            outer = upper[-1] if side > 0 else upper[0]
            lash = np.stack((outer, outer + (side * 0.07 * who.lashes, -0.05 * who.lashes)))
            canvas.stroke(head.on_skin(lash), DARK, line * 1.2, pen=line)
        crease = upper + (0, -0.05 - 0.1 * size)
        canvas.stroke(head.on_skin(crease[1:-1]), mixed(who.skin, DARK, 0.35), line * 0.7)
        if who.old:
            bag = lower + (0, 0.07)
            canvas.stroke(head.on_skin(bag[1:-1]), mixed(who.skin, DARK, 0.32), line, pen=line * 0.4)


def _iris(canvas: Canvas, head: Head, almond: np.ndarray, x: float, y: float, size: float) -> None:
    """The iris, kept inside the lids: drawn, then everything outside the almond put back."""
    import cv2

    centre = head.on_skin([(x, y)], 0.01)[0]
    radius = 0.52 * size * head.scale
    low = np.floor(almond.min(0) - 1).astype(int).clip(0)
    high = np.ceil(almond.max(0) + 2).astype(int)
    part = (slice(low[1], high[1]), slice(low[0], high[0]))
    before = canvas.colour[part].copy()
    canvas.dot(centre, radius, mixed(head.person.iris, DARK, 0.45))
    canvas.dot(centre, 0.8 * radius, head.person.iris)
    canvas.dot(centre, 0.45 * radius, (14, 12, 14))
    canvas.dot(centre + 0.32 * radius * np.array((-1, -1)), 0.22 * radius, (255, 255, 255))
    mask = np.zeros(before.shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.round((almond - low) * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
    share = mask[..., None].astype(np.float32) / 255
    canvas.colour[part] = (before + share * (canvas.colour[part].astype(np.float32) - before)).astype(np.uint8)
    ring = np.zeros_like(mask)
    point = tuple(int(v * 16) for v in centre - low)
    cv2.circle(ring, point, int(radius * 16), 230, -1, cv2.LINE_AA, 4)
    canvas.lines[part] = np.maximum(canvas.lines[part], np.minimum(ring, mask))


def brows(canvas: Canvas, head: Head) -> None:
    who, expression = head.person, head.placement.expression
    raised = {"surprised": 0.1, "angry": -0.05, "sad": 0.03, "laughing": 0.03}.get(expression, 0.0)
    turn = {"angry": 0.35, "sad": -0.32}.get(expression, 0.0)
    colour = mixed(HAIR_COLOURS[who.hair_colour], (30, 22, 20), 0.45)
    slope = np.tan(who.brow_angle * 0.6 + turn)
    u = np.linspace(-1, 1, 7)
    for side in (-1, 1):
        x = side * (head.eye_x + 0.01) + side * u * who.brow_length
        y = head.eye_y - who.brow_height - raised - who.brow_arch * (1 - u**2) - u * who.brow_length * slope * 0.8
        thickness = who.brow_thickness * (1.05 - 0.55 * (u + 1) / 2) * np.where(np.abs(u) == 1, 0.5, 1)
        shape = np.concatenate((np.stack((x, y - thickness), 1), np.stack((x, y + 0.6 * thickness), 1)[::-1]))
        points = head.on_skin(shape, 0.03)
        canvas.fill(points, colour)
        canvas.pen(head.on_skin(np.stack((x, y), 1), 0.03), max(1.0, 1.5 * who.brow_thickness * head.scale))


def nose(canvas: Canvas, head: Head, light_x: float) -> None:
    who = head.person
    line = max(1.0, 0.03 * head.scale)
    top, tip, width = head.eye_y + 0.02, head.nose_y, who.nose_width
    lift = head.nose_lift()
    base = float(head.skin_depth(0, tip))
    dark, pale = mixed(who.skin, (50, 24, 20), 0.34), mixed(who.skin, (255, 250, 244), 0.4)
    turned = head.placement.yaw
    side = 1 if light_x < 0 else -1
    if abs(turned) > 0.22:
        side = 1 if turned > 0 else -1  # the far side of a turned nose is its edge
    middle = 0.5 * (top + tip)
    bridge = [
        (side * who.nose_bridge, top, float(head.skin_depth(0, top)) + 0.04),
        (side * (who.nose_bridge + 0.01), middle, 0.5 * (base + lift) + 0.05 + who.nose_hook),
        (side * 0.6 * width, tip - 0.06, lift - 0.1),
        (side * width, tip + 0.01, base + 0.06),
        (side * 0.5 * width, tip + 0.05, base + 0.1),
        (0.0, tip + 0.055, lift - 0.03),
        (0.0, tip - 0.02, lift),
        (0.0, middle, 0.5 * (base + lift) + 0.07 + who.nose_hook),
        (0.0, top, float(head.skin_depth(0, top)) + 0.06),
    ]
    shape = np.array(bridge)
    canvas.wash(head.at(*shape.T), dark, 0.5, 0.022 * head.scale)
    ridge = np.array([(0.0, top + 0.1, base + 0.1), (0.0, tip - 0.04, lift)])
    canvas.wash(_ribbon(head.at(*ridge.T), 0.05 * head.scale), pale, 0.55, 0.03 * head.scale)
    canvas.pen(head.at(*smooth(shape[:4], 4).T), line * 0.9)
    for wing in (-1, 1):
        nostril = np.array(
            [(wing * 0.34 * width, tip + 0.035, base + 0.15), (wing * 0.72 * width, tip + 0.02, base + 0.1)]
        )
        canvas.stroke(head.at(*nostril.T), mixed(dark, DARK, 0.6), line * 1.7, pen=line * 1.2)
        curl = np.array(
            [
                (wing * width * 0.9, tip - 0.09, base + 0.08),
                (wing * width * 1.06, tip - 0.01, base + 0.05),
                (wing * width * 0.8, tip + 0.045, base + 0.08),
            ]
        )
        canvas.stroke(head.at(*smooth(curl, 5).T), dark, line * 1.1, pen=line * 0.8)


def _ribbon(line: np.ndarray, width: float) -> np.ndarray:
    along = line[-1] - line[0]
    across = np.array((-along[1], along[0])) / (np.hypot(*along) + 1e-9) * width / 2
    return np.concatenate((line + across, line[::-1] - across))


def mouth(canvas: Canvas, head: Head) -> None:
    who, expression = head.person, head.placement.expression
    line = max(1.0, 0.03 * head.scale)
    y, half = head.mouth_y, head.mouth_half_width()
    curve = {"smiling": -0.09, "laughing": -0.1, "sad": 0.08, "angry": 0.03, "surprised": 0.0}.get(expression, -0.005)
    opened = {"laughing": 0.17, "surprised": 0.2}.get(expression, 0.0)
    lips = mixed(mixed(who.skin, (150, 60, 60), 0.35), (184, 40, 58), 0.75 * who.lip_red)
    u = np.linspace(-1, 1, 11)
    bend = curve * np.abs(u) ** 1.6
    bow = 1 - np.abs(u) ** 1.7 - 0.22 * np.exp(-((u / 0.14) ** 2))
    upper = np.stack((half * u, y + bend - who.lip_upper * bow), 1)
    seam_up = np.stack((half * u, y + bend + 0.01 * (1 - u**2)), 1)
    seam_down = np.stack((half * u, y + bend + opened * (1 - np.abs(u) ** 2.4)), 1)
    lower = np.stack((half * u * 0.97, y + bend + opened * (1 - np.abs(u) ** 2.4) + who.lip_lower * (1 - u**2)), 1)
    if opened:
        canvas.fill(head.on_skin(np.concatenate((seam_up, seam_down[::-1])), 0.03), (70, 22, 26), pen=line * 0.8)
        canvas.pen(head.on_skin(0.5 * (seam_up + seam_down)[2:-2], 0.03), line if expression == "surprised" else 1)
        if expression == "laughing":
            teeth = np.stack((half * u, y + bend + 0.45 * opened * (1 - np.abs(u) ** 2.4)), 1)
            canvas.fill(
                head.on_skin(np.concatenate((seam_up, teeth[::-1]))[1:-1], 0.03), (242, 240, 232), pen=line * 0.5
            )
    canvas.fill(head.on_skin(np.concatenate((upper, seam_up[::-1])), 0.04), mixed(lips, DARK, 0.14))
    canvas.fill(head.on_skin(np.concatenate((seam_down, lower[::-1])), 0.04), lips)
    shine = 0.5 * (seam_down + lower)[3:-3]
    canvas.stroke(head.on_skin(shine, 0.05), mixed(lips, (255, 235, 230), 0.35), line)
    canvas.stroke(head.on_skin(seam_up, 0.04), mixed(lips, DARK, 0.7), line * 0.9, pen=line * 1.1)
    if not opened:
        canvas.pen(head.on_skin(lower[2:-2], 0.04), line * 0.6)
    canvas.pen(head.on_skin(upper[1:-1], 0.04), max(1.0, line * 0.6 * who.lip_red))
    if curve < -0.05 or who.old:
        for side in (-1, 1):
            fold = [
                (side * who.nose_width * 1.25, head.nose_y),
                (side * half * 1.16, y - 0.12),
                (side * half * 1.2, y + 0.05),
            ]
            canvas.stroke(head.on_skin(smooth(fold, 5)), mixed(who.skin, DARK, 0.3), line, pen=line * 0.6)


def marks(canvas: Canvas, head: Head) -> None:
    """Red cheeks, freckles, moles, a scar, wrinkles."""
    who = head.person
    line = max(1.0, 0.026 * head.scale)
    angles = np.linspace(0, 2 * np.pi, 14)
    for side in (-1, 1):
        cheek = np.stack((side * 0.58 * who.face_width + 0.17 * np.cos(angles), 0.32 + 0.13 * np.sin(angles)), 1)
        canvas.wash(head.on_skin(cheek), mixed(who.skin, (206, 60, 56), 0.75), 0.75 * who.cheek_red, 0.06 * head.scale)
    if who.freckles:
        rng = np.random.default_rng((0xF8, who.seed))
        spots = np.stack((rng.uniform(-0.62, 0.62, 44) * who.face_width, rng.uniform(0.06, 0.48, 44)), 1)
        for spot in head.on_skin(spots):
            canvas.dot(spot, 0.02 * head.scale, mixed(who.skin, (128, 58, 26), 0.62))
    for x, y in who.moles:
        spot = head.on_skin([(x * who.face_width, y)])[0]
        canvas.dot(spot, 0.042 * head.scale, (58, 34, 28))
        canvas.pen(np.stack((spot, spot + 0.5)), 0.06 * head.scale)
    if who.scar:
        slash = smooth([(who.scar * 0.42, 0.02), (who.scar * 0.5, 0.24), (who.scar * 0.44, 0.46)], 4)
        canvas.stroke(head.on_skin(slash), mixed(who.skin, (190, 90, 90), 0.8), line * 1.8, pen=line)
    if who.old:
        for level in (-0.1, -0.18):
            y = head.eye_y - who.brow_height + level
            wrinkle = smooth([(-0.34, y + 0.02), (-0.12, y - 0.015), (0.12, y - 0.015), (0.34, y + 0.02)], 4)
            canvas.stroke(head.on_skin(wrinkle), mixed(who.skin, DARK, 0.26), line, pen=line * 0.5)


def glasses(canvas: Canvas, head: Head) -> None:
    who = head.person
    if who.glasses == "none":
        return
    line = max(1.0, 0.05 * head.scale)
    radius = min(0.27, 0.92 * head.eye_x)
    angles = np.linspace(0, 2 * np.pi, 21)[:-1]
    corner = 1.0 if who.glasses == "round" else 0.32
    x = np.sign(np.cos(angles)) * np.abs(np.cos(angles)) ** corner
    y = np.sign(np.sin(angles)) * np.abs(np.sin(angles)) ** corner * (1.0 if corner == 1 else 0.74)
    z = float(head.skin_depth(head.eye_x, head.eye_y)) + 0.12
    frame = (40, 34, 40) if who.glasses == "square" else (126, 84, 36)
    for side in (-1, 1):
        rim = head.flat(np.stack((side * (head.eye_x + 0.02) + radius * x, head.eye_y + 0.02 + radius * y), 1), z)
        canvas.wash(rim, (210, 226, 236), 0.16)
        closed = np.concatenate((rim, rim[:1]))
        canvas.stroke(closed, frame, line, pen=line)
        arm = head.at((side * (head.eye_x + radius), side * 1.0 * who.face_width), head.eye_y - 0.02, (z, 0.1))
        canvas.stroke(arm, frame, line, pen=line * 0.7)
    inner = head.eye_x - radius + 0.02
    canvas.stroke(
        head.at((-inner, 0, inner), (head.eye_y, head.eye_y - 0.05, head.eye_y), z + 0.03), frame, line, pen=line
    )
