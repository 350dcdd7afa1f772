"""Tables as aligned text and as Markdown."""

from collections.abc import Sequence


def text_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return an aligned table: the first column to the left, the others to the right.

    Example:
        >>> print(text_table(["action", "mm"], [["walk", "7.0"], ["run", "12.5"]]))
        action    mm
        ------  ----
        walk     7.0
        run     12.5
    """
    lines = [header, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    rule = ["-" * width for width in widths]
    return "\n".join(_aligned(line, widths) for line in (header, rule, *rows))


def _aligned(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = zip(cells, widths, strict=True)
    return "  ".join([first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in others)]).rstrip()


def markdown_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    r"""Return a Markdown table, aligned in the same way when it is shown.

    Example:
        >>> print(markdown_table(["action", "mm"], [["walk|run", "7.0"]]))
        | action | mm |
        |:--|--:|
        | walk\|run | 7.0 |
    """
    rule = "|:--|" + "--:|" * (len(header) - 1)
    return "\n".join([_piped(header), rule, *map(_piped, rows)])


def _piped(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
