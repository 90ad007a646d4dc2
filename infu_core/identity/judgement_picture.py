"""A picture of a judgement: every picture's faces with their similarity, and a bar below for its best face."""

import numpy as np

from ..faces.face_preview import draw_bar, draw_faces, fit_to_canvas
from .judge import Judgement


def draw_judgement(judgement: Judgement) -> list[np.ndarray]:
    """One canvas per picture, uint8 RGB, all of one size; the bar of the best picture is green."""
    drawn = []
    for number, score in enumerate(judgement.scores):
        faces = draw_faces(score.picture, score.faces, range(len(score.faces)), [score.best], score.labels())
        best, text = number == judgement.best, "no face" if score.cosine is None else f"{score.cosine:.2f}"
        drawn.append(draw_bar(faces, score.cosine, f"{number}: {text}" + (", best" if best else ""), best))
    return fit_to_canvas(drawn)
