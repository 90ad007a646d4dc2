"""How much of the prompt's style an identity leaves: one choice over the detailed dials (docs/style.md)."""

STYLES = {"as published": 0.0, "keep": 0.5, "strong": 1.0}
"""The share of the residuals' token mean that is taken away, see `align_style`."""
