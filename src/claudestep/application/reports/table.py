"""A plain table: columns that line up, on any terminal and in a file."""

from collections.abc import Sequence

from rich.cells import cell_len

Row = Sequence[str]


def table(header: Row, rows: Sequence[Row], *, right: frozenset[int] = frozenset()) -> str:
    """Lines of aligned cells, the header underlined; the columns in `right` end at the same place."""
    lines = [header, *rows]
    widths = [max(cell_len(line[column]) for line in lines) for column in range(len(header))]
    rule = ["-" * width for width in widths]
    return "".join(f"{_line(line, widths, right)}\n" for line in (header, rule, *rows))


def _line(cells: Row, widths: Sequence[int], right: frozenset[int]) -> str:
    padded = []
    for column, (cell, width) in enumerate(zip(cells, widths, strict=True)):
        space = " " * (width - cell_len(cell))
        padded.append(space + cell if column in right else cell + space)
    return "  ".join(padded).rstrip()
