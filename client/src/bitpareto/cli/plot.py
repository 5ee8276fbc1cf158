"""A front in the terminal."""

import math
from typing import Final

from rich.text import Text

from bitpareto._sync.front import Front
from bitpareto.sizes import format_size

HEIGHT: Final = 16
WIDEST: Final = 100
_LABEL: Final = 8
_NARROWEST: Final = 20


def front(found: Front, width: int) -> Text:
    """Draw accuracy against size, on a logarithmic axis, in ``width`` columns.

    Points are dots; the line is the best accuracy that a size buys.
    """
    points = [(math.log2(point.size_bytes), point.accuracy) for point in found]
    if not points:
        return Text("the front is empty")
    columns = max(width - _LABEL, _NARROWEST)
    xs, ys = [x for x, _ in points], [y for _, y in points]
    canvas = [[" "] * columns for _ in range(HEIGHT)]
    cells = sorted(
        (_place(x, min(xs), max(xs), columns), HEIGHT - 1 - _place(y, min(ys), max(ys), HEIGHT))
        for x, y in points
    )
    _draw_steps(canvas, cells)
    for column, row in cells:
        canvas[row][column] = "●"
    lines = [
        f"{_accuracy(row, min(ys), max(ys)):>{_LABEL - 2}} ┤{''.join(cells_of_row).rstrip()}"
        for row, cells_of_row in enumerate(canvas)
    ]
    lines.append(" " * (_LABEL - 1) + "└" + "─" * columns)
    smallest, largest = (format_size(round(2**x)) for x in (min(xs), max(xs)))
    gap = max(columns - len(smallest) - len(largest), 1)
    lines.append(" " * _LABEL + smallest + " " * gap + largest)
    return Text("\n".join(lines), no_wrap=True)


def _place(value: float, low: float, high: float, n: int) -> int:
    """Return the cell of a value among ``n`` from ``low`` to ``high``; the middle of one value."""
    return n // 2 if high == low else round((value - low) / (high - low) * (n - 1))


def _draw_steps(canvas: list[list[str]], cells: list[tuple[int, int]]) -> None:
    """Lead from each cell to the right, then up to the next."""
    pairs = zip(cells, [*cells[1:], (len(canvas[0]), cells[-1][1])], strict=True)
    for (column, row), (next_column, next_row) in pairs:
        for between in range(column + 1, next_column):
            canvas[row][between] = "─"
        if next_column < len(canvas[0]) and next_row < row:
            canvas[row][next_column] = "╯"
            for between in range(next_row + 1, row):
                canvas[between][next_column] = "│"


def _accuracy(row: int, low: float, high: float) -> str:
    """Return the label of a row: every fifth has one."""
    if high == low:
        return f"{low:.2%}" if row == HEIGHT - 1 - HEIGHT // 2 else ""
    if row % 5:
        return ""
    return f"{high - (high - low) * row / (HEIGHT - 1):.2%}"
