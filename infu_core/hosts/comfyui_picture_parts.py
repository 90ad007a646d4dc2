"""Where a latent lies in the picture that is sampled: prompts' areas, core's context windows, other packs' tiles."""

import logging
from collections.abc import Sequence
from typing import Any

from ..injection.region_layout import UNKNOWN, Window

log = logging.getLogger(__name__)

ROWS, COLUMNS = 2, 3
"""ComfyUI's dimensions of a latent [B, 16, H, W]."""
TILES = (
    "The base was given parts of the picture without a word of where they lie (tiles of another node): each part got "
    "the identity everywhere, without its region and without the pose image."
)

Area = Sequence[int]
"""ComfyUI's: height, width, top, left of a prompt in latent pixels; a video's have more before each pair."""


def part_windows(
    areas: Sequence[Area | None], size: tuple[int, int], full: tuple[int, int], context: Any = None
) -> list[Window | None] | None:
    """The place of each chunk, whose latents have this size; None for whole pictures.

    `areas`: of each chunk's prompt. `full`: the picture's latent height and width. `context`: core's window, if any.
    """
    frame = Window.whole(*full)
    if context is not None:
        frame = narrowed(frame, context)
    parts: list[Window | None] = [placed(frame, area, size) for area in areas]
    return None if all(part == Window.whole(*full) for part in parts) else parts


def full_size(size: tuple[int, int], context: Any = None) -> tuple[int, int]:
    """The picture's latent height and width, where a part of it has this size."""
    if context is None or context.dim not in (ROWS, COLUMNS):
        return size
    return (context.total_frames, size[1]) if context.dim == ROWS else (size[0], context.total_frames)


def narrowed(frame: Window, context: Any) -> Window:
    indices = tuple(context.index_list)
    anchor = getattr(context, "causal_anchor_index", None)
    if anchor is not None and anchor >= 0:
        indices = (anchor, *indices)
    if context.dim == ROWS:
        return Window(indices, frame.columns, context.total_frames, frame.full_width)
    if context.dim == COLUMNS:
        return Window(frame.rows, indices, frame.full_height, context.total_frames)
    return Window(frame.rows, frame.columns, frame.full_height, frame.full_width, indices)


def placed(frame: Window, area: Area | None, size: tuple[int, int]) -> Window:
    """A prompt's area within the frame; `UNKNOWN` where the latent has another size than that."""
    part = frame
    if area is not None:
        dimensions = len(area) // 2
        height, width = area[dimensions - 2 : dimensions]
        top, left = area[-2:]
        rows, columns = frame.rows[top : top + height], frame.columns[left : left + width]
        part = Window(rows, columns, frame.full_height, frame.full_width, frame.pictures)
    return part if (len(part.rows), len(part.columns)) == size else UNKNOWN


def tell_tiles(windows: Sequence[Window | None] | None, notes: list[str]) -> None:
    """Once for each sampling, in its report and in the log."""
    if windows and UNKNOWN in windows and TILES not in notes:
        notes.append(TILES)
        log.warning(TILES)
