"""A figure of Matplotlib that a notebook shows, also one that never imported pyplot."""

import io
from typing import TYPE_CHECKING, Any

from ampose.packages import load_package

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_DPI = 150


def new_figure(size: tuple[float, float], **options: Any) -> "Figure":
    """Return an empty figure that shows itself as the last line of a cell.

    Without pyplot, which opens windows and keeps every figure, notebooks know figures by their text alone.

    Args:
        size: Width and height in inches.
        options: Of Matplotlib's ``Figure``.

    Raises:
        MissingExtraError: Matplotlib is not installed.
    """
    figure: Any = load_package("matplotlib.figure", extra="view", purpose="drawing a figure").Figure(
        figsize=size, **options
    )

    def png() -> bytes:
        stream = io.BytesIO()
        figure.savefig(stream, format="png", dpi=_DPI)
        return stream.getvalue()

    figure._repr_png_ = png
    return figure
