"""Cells become pictures on one or many ComfyUI servers. The only part of evaluation that knows a host."""
