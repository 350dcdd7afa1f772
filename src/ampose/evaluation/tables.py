"""Tables as aligned text and as Markdown: the first column to the left, the others to the right."""

from collections.abc import Sequence

from tabulate import tabulate


def text_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return an aligned table.

    Example:
        >>> print(text_table(["action", "mm"], [["walk", "7.0"], ["run", "12.5"]]))
        action      mm
        --------  ----
        walk       7.0
        run       12.5
    """
    return _table(header, rows, "simple")


def markdown_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    r"""Return a Markdown table, aligned in the same way when it is shown.

    Example:
        >>> print(markdown_table(["action", "mm"], [["walk|run", "7.0"]]))
        | action    |   mm |
        |:----------|-----:|
        | walk\|run |  7.0 |
    """
    first, *others = ([cell.replace("|", r"\|") for cell in row] for row in (header, *rows))
    return _table(first, others, "pipe")


def _table(header: Sequence[str], rows: Sequence[Sequence[str]], style: str) -> str:
    aligned = ("left", *("right",) * (len(header) - 1))
    table: str = tabulate(
        rows, list(header), tablefmt=style, colalign=aligned, disable_numparse=True, preserve_whitespace=True
    )
    return table
