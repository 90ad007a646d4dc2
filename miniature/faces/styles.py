"""From the painted sheet to a photograph, an ink drawing, a watercolour or an oil painting. Sizes are in pixels."""

import cv2
import numpy as np

from .canvas import Canvas


def finish(canvas: Canvas, style: str, size: int, seed: int, detail: float = 1.0) -> np.ndarray:
    """The picture, uint8 RGB `size` pixels high, in this style; `detail`: how much grain a photo has."""
    rng = np.random.default_rng((0x57E1E, seed))
    if style == "photo":
        return _photo(canvas, size, rng, 2.2 * detail)
    return {"ink": _ink, "watercolour": _watercolour, "oil": _oil}[style](canvas, size, rng)


def _shrink(image: np.ndarray, size: int) -> np.ndarray:
    height, width = image.shape[:2]
    if height == size:
        return image
    return cv2.resize(image, (width * size // height, size), interpolation=cv2.INTER_AREA)


def _noise(rng: np.random.Generator, shape: tuple[int, int], grain: float) -> np.ndarray:
    """Smooth noise of about unit strength, float32 of this height and width; `grain` is the size of its features."""
    cells = [max(2, int(round(side / grain))) for side in shape]
    return cv2.resize(rng.standard_normal(cells).astype(np.float32), shape[::-1], interpolation=cv2.INTER_CUBIC)


def _vignette(shape: tuple[int, int]) -> np.ndarray:
    """Squared distance from the middle, 1 at the middle of each side."""
    down, along = (np.linspace(-1, 1, side, dtype=np.float32) for side in shape)
    return down[:, None] ** 2 + along[None, :] ** 2


def _photo(canvas: Canvas, size: int, rng: np.random.Generator, grain: float) -> np.ndarray:
    image = _shrink(canvas.colour, size).astype(np.float32)
    shape = image.shape[:2]
    image = cv2.addWeighted(image, 0.72, cv2.GaussianBlur(image, (0, 0), size / 110), 0.28, 0)
    falloff = 1.03 - 0.16 * _vignette(shape)
    exposure = rng.uniform(0.92, 1.08)
    tint = 1 + rng.uniform(-0.03, 0.03, 3).astype(np.float32)
    image = image * (falloff * exposure)[..., None] * tint + rng.normal(0, grain, (*shape, 1))
    return np.clip(image, 0, 255).astype(np.uint8)


def _ink(canvas: Canvas, size: int, rng: np.random.Generator) -> np.ndarray:
    """Black lines and hatching on paper; the tone of the colours decides how many layers of hatching."""
    shape = canvas.height, canvas.width
    unit = canvas.height / 256
    tone = cv2.cvtColor(canvas.colour, cv2.COLOR_RGB2GRAY).astype(np.float32) / 255
    tone = cv2.GaussianBlur(tone, (0, 0), 1.2 * unit)
    rows, columns = np.mgrid[: shape[0], : shape[1]].astype(np.float32) / unit
    wobble = 1.5 * _noise(rng, shape, 40)
    ink = np.zeros(shape, np.float32)
    for threshold, angle, gap in ((0.66, 0.8, 7.0), (0.44, 2.3, 7.0), (0.26, 1.5, 4.5)):
        phase = (columns * np.cos(angle) + rows * np.sin(angle) + wobble) / gap * 2 * np.pi
        width = np.clip((threshold - tone) * 3.2, 0, 1)
        ink = np.maximum(ink, np.clip((np.cos(phase) - 1 + 1.1 * width) * 4, 0, 1) * (width > 0))
    ink = np.maximum(ink, np.clip((0.15 - tone) * 14, 0, 0.92))
    halo = cv2.GaussianBlur(cv2.dilate(canvas.lines, np.ones((5, 5), np.uint8)), (0, 0), 1.5 * unit)
    ink = ink * (1 - 0.85 * halo.astype(np.float32) / 255)
    ink = np.maximum(ink, cv2.dilate(canvas.lines, np.ones((2, 2), np.uint8)).astype(np.float32) / 255)
    paper = np.array((247, 243, 232), np.float32) + 2.5 * _noise(rng, shape, 3)[..., None]
    image = paper + ink[..., None] * (np.array((26, 24, 34), np.float32) - paper)
    return _shrink(np.clip(image, 0, 255).astype(np.uint8), size)


def _watercolour(canvas: Canvas, size: int, rng: np.random.Generator) -> np.ndarray:
    """Pale washes with dark rims that leave the paper's edge bare, over a faint pencil drawing."""
    shape = canvas.height, canvas.width
    unit = canvas.height / 256
    shift = [cv2.GaussianBlur(_noise(rng, shape, 16), (0, 0), 2 * unit) * 2.2 * unit for _ in range(2)]
    rows, columns = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    flat = cv2.bilateralFilter(cv2.medianBlur(canvas.colour, 5), 7, 40, 5 * unit)
    image = cv2.remap(flat, columns + shift[0], rows + shift[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    image = image.astype(np.float32) / 255
    pale = 1 - (1 - image) * 0.74
    grey = pale.mean(-1, keepdims=True)
    pale = grey + 1.3 * (pale - grey)
    pools = 1 + 0.085 * _noise(rng, shape, 26)[..., None] + 0.035 * _noise(rng, shape, 7)[..., None]
    rims = cv2.GaussianBlur(pale, (0, 0), 3 * unit) - pale
    pale = pale * pools - 0.55 * np.clip(rims, 0, 0.25) * 0.9
    across, down = np.minimum(columns, shape[1] - columns), np.minimum(rows, shape[0] - rows)
    distance = np.minimum(across, down) / unit
    bare = np.clip((distance - 9 - 5 * _noise(rng, shape, 22)) / 5, 0, 1)[..., None]
    paper = np.array((0.985, 0.975, 0.95)) + 0.014 * _noise(rng, shape, 2.5)[..., None]
    image = paper * (1 - bare * (1 - np.clip(pale, 0, 1.04)))
    pencil = cv2.GaussianBlur(canvas.lines, (0, 0), 0.8 * unit).astype(np.float32)[..., None] / 255
    image = image * (1 - 0.42 * pencil * bare)
    return _shrink(np.clip(255 * image, 0, 255).astype(np.uint8), size)


def _oil(canvas: Canvas, size: int, rng: np.random.Generator) -> np.ndarray:
    """Thick flat strokes (Kuwahara's filter), deep warm colours, the relief of the brush."""
    shape = canvas.height, canvas.width
    unit = canvas.height / 256
    image = _kuwahara(canvas.colour.astype(np.float32), max(2, int(round(3 * unit))))
    grey = image.mean(-1, keepdims=True)
    image = grey + 1.32 * (image - grey)
    image = 255 * np.clip(image / 255, 0, 1) ** 1.18 * np.array((1.04, 0.98, 0.86))
    angle = 1.6 * _noise(rng, shape, 60)
    rows, columns = np.mgrid[: shape[0], : shape[1]].astype(np.float32) / unit
    bristle = np.sin((columns * np.cos(angle) + rows * np.sin(angle)) * 1.5 + 2.4 * _noise(rng, shape, 9))
    relief = 12 * bristle + 9 * _noise(rng, shape, 5)
    image = image + relief[..., None] * (0.35 + 0.65 * grey / 255)
    image = image * (1.06 - 0.26 * _vignette(shape))[..., None]
    return _shrink(np.clip(image, 0, 255).astype(np.uint8), size)


def _kuwahara(image: np.ndarray, radius: int) -> np.ndarray:
    """Each pixel takes the mean of the calmest of its four quarters."""
    side = radius + 1
    mean = cv2.blur(image, (side, side))
    square = cv2.blur((image * image).sum(-1), (side, side))
    variance = square - (mean * mean).sum(-1)
    best, result = None, mean
    half = radius // 2 + 1
    for dy, dx in ((-half, -half), (-half, half), (half, -half), (half, half)):
        moved = np.roll(variance, (dy, dx), (0, 1))
        colours = np.roll(mean, (dy, dx), (0, 1))
        if best is None:
            best, result = moved, colours
        else:
            better = moved < best
            best = np.where(better, moved, best)
            result = np.where(better[..., None], colours, result)
    return result
