"""Drawings of poses: overview, preview video, figures and the HTML page.

Both are put together from the same parts: ``projection`` (a pose as strokes on a stage, seen from a
side), ``painting`` (strokes to pixels), ``photo`` (frames with the 2D pose over them).
"""

from ampose.drawing.overview import choose_frames, draw_overview, write_overview
from ampose.drawing.panels import as_drawn
from ampose.drawing.preview import write_preview

__all__ = ["as_drawn", "choose_frames", "draw_overview", "write_overview", "write_preview"]
