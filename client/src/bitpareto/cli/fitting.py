"""Tables on a terminal that is too narrow for them."""

from typing import Final

from rich.cells import cell_len
from rich.console import Console
from rich.table import Column, Table

_PADDING: Final = 2
_FOLDED: Final = 20
"""What a column whose text may go on in the next line needs at most."""


def print_table(out: Console, table: Table, *spare: str) -> None:
    """Print a table whole; of what has no room, whole columns are left out rather than ids cut.

    Args:
        out: Where to print it.
        table: The table.
        *spare: Headings of columns that may be left out: first those that say nothing, then in the
            order given.
    """
    needed = {str(column.header): _needed(column) for column in table.columns}
    told = {str(column.header) for column in table.columns if set(column.cells) - {"", "-"}}
    left_out = []
    for heading in sorted(spare, key=lambda heading: heading in told):
        if sum(needed.values()) <= out.width:
            break
        if heading in needed:
            del needed[heading]
            left_out.append(heading)
    out.print(_without(table, left_out) if left_out else table)
    if shown := [heading for heading in left_out if heading and heading in told]:
        out.print(f"no room for: {', '.join(shown)}; --json has all", highlight=False)


def _needed(column: Column) -> int:
    texts = (str(column.header), *(str(cell) for cell in column.cells))
    widest = max(cell_len(text) for text in texts)
    return _PADDING + (min(widest, _FOLDED) if column.overflow == "fold" else widest)


def _without(table: Table, headings: list[str]) -> Table:
    kept = [column for column in table.columns if column.header not in headings]
    narrow = Table(title=table.title, title_justify="left", box=None)
    for column in kept:
        narrow.add_column(
            column.header,
            justify=column.justify,
            no_wrap=column.overflow != "fold",
            overflow=column.overflow,
        )
    for cells in zip(*(column.cells for column in kept), strict=True):
        narrow.add_row(*cells)
    return narrow
