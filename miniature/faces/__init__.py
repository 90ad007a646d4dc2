"""Faces drawn from numbers: people, scenes, painting, styles, captions. Drawn with OpenCV; deterministic by seed."""
