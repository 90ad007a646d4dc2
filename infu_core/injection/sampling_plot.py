"""A small picture of one sampling: the identity's strength over time, and where InfuseNet ran."""

import numpy as np

from .run_report import RunReport
from .sampling_record import SamplingRecord

WIDTH, CURVE_HEIGHT, LEGEND_HEIGHT, MARGIN, FONT_SIZE = 330, 110, 24, 28, 13
BACKGROUND, AXIS, WORDS = (24, 26, 30), (90, 94, 102), (200, 203, 209)
COLOURS = ((104, 168, 240), (240, 160, 90), (130, 200, 120), (205, 130, 215))
"""One per identity applied to the model, in turn."""


def draw_sampling(record: SamplingRecord) -> np.ndarray:
    """[height, width, 3], uint8. Filled dots: InfuseNet ran. Rings: its residuals were forecast."""
    from PIL import Image, ImageDraw, ImageFont

    picture = Image.new("RGB", (WIDTH, CURVE_HEIGHT + LEGEND_HEIGHT), BACKGROUND)
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(FONT_SIZE)
    top = max([1.0, *(strength for run in record.runs for _, strength in run.strengths)])
    for strength in sorted({0.0, 1.0, top}):
        row = place(0, strength / top)[1]
        draw.line((MARGIN, row, WIDTH - MARGIN // 2, row), fill=AXIS)
        draw.text((4, row - FONT_SIZE // 2), f"{strength:.3g}", fill=WORDS, font=font)
    for run, colour in zip(record.runs, COLOURS * len(record.runs), strict=False):
        draw_run(draw, record, run, colour, top)
    computed, reused = (sum(getattr(run, kind) for run in record.runs) for kind in ("computed", "reused"))
    legend = f"{computed} runs (dots), {reused} forecast (rings)"
    draw.text((MARGIN, CURVE_HEIGHT), legend if record.runs else "no identity in this model", fill=WORDS, font=font)
    return np.asarray(picture)


def draw_run(draw, record: SamplingRecord, run: RunReport, colour: tuple[int, int, int], top: float) -> None:
    """One identity's strength at every step, as a line and a dot for each evaluation."""
    known = dict(run.strengths)
    curve = [(percent, known.get(percent, 0.0)) for percent in sorted({*record.percents, *known})]
    points = [place(percent, strength / top) for percent, strength in curve]
    if len(points) > 1:
        draw.line(points, fill=colour, width=2)
    computed = set(run.computed_at)
    for (percent, strength), (column, row) in zip(curve, points, strict=True):
        if strength:
            box = (column - 3, row - 3, column + 3, row + 3)
            draw.ellipse(box, fill=colour if percent in computed else BACKGROUND, outline=colour)


def place(percent: float, height: float) -> tuple[float, float]:
    """Pixels of a point; both shares from 0 to 1."""
    across = MARGIN + 6 + percent * (WIDTH - MARGIN * 1.5 - 12)
    return across, CURVE_HEIGHT - 12 - height * (CURVE_HEIGHT - 26)
