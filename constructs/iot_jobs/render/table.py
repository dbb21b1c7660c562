"""Tables as wide as the terminal: columns side by side or, if there is no room for them, a block for each row."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from iot_jobs.finding import one_line

WIDTH = 100
"""Width of the text without a terminal, in characters."""
_LEAST_WIDTH = 60
"""Width of the text in a narrower terminal."""
_GAP = 2
_LEAST_PROSE = 16
"""Characters below which a column of sentences is hard to read."""


class Column(NamedTuple):
    """The heading of a column. Cells break at spaces only, and only those of `prose` do."""

    name: str
    prose: bool = False
    right: bool = False


def text_width() -> int:
    """Return the width of the terminal. Without one, it is the same everywhere: the variable COLUMNS is ignored."""
    if sys.stdout is not None and sys.stdout.isatty():
        return max(_LEAST_WIDTH, shutil.get_terminal_size().columns)
    return WIDTH


def folded(line: str, width: int, *, first: str = "", others: str = "") -> str:
    """Return a line broken at spaces only. `first` and `others` are the prefixes of its parts."""
    parts = textwrap.wrap(
        line, width, initial_indent=first, subsequent_indent=others, break_long_words=False, break_on_hyphens=False
    )
    return "\n".join(parts or [first.rstrip()]) + "\n"


def table(columns: Sequence[Column], rows: Iterable[Sequence[str]], width: int) -> str:
    """Return the rows under their headings, no wider than `width`. A cell may have several lines.

    If the columns don't fit, each row is a block: its first cell, then a line for each other cell after its heading.
    A word wider than `width` is kept whole there.
    """
    cells = [[[one_line(line) for line in cell.split("\n")] for cell in row] for row in rows]
    widths = _widths(columns, cells, width)
    return _blocks(columns, cells, width) if widths is None else _side_by_side(columns, cells, widths)


def _widths(columns: Sequence[Column], cells: Sequence[Sequence[Sequence[str]]], width: int) -> list[int] | None:
    """Return the width of each column, None if there is no room for one of them."""
    widths, least = [], []
    for index, column in enumerate(columns):
        lines = [line for row in cells for line in row[index]]
        widest = max(map(_cells, [column.name, *lines]))
        words = [word for line in lines for word in line.split()] if column.prose else lines
        needed = max(map(_cells, [*column.name.split(), *words]), default=0)
        widths.append(widest)
        least.append(min(widest, max(needed, _LEAST_PROSE)) if column.prose else needed)
    room = width - _GAP * (len(columns) - 1)
    if sum(least) > room:
        return None
    while sum(widths) > room:  # the widest shrinks
        narrowed = max((index for index in range(len(widths)) if widths[index] > least[index]), key=widths.__getitem__)
        widths[narrowed] -= 1
    return widths


def _side_by_side(columns: Sequence[Column], cells: Sequence[Sequence[Sequence[str]]], widths: Sequence[int]) -> str:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    drawn = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False, collapse_padding=True)
    for column, columns_wide in zip(columns, widths, strict=True):
        drawn.add_column(column.name, justify="right" if column.right else "left", width=columns_wide)
    for row in cells:
        drawn.add_row(*(_text("\n".join(lines)) for lines in row))
    console = Console(width=sum(widths) + _GAP * (len(widths) - 1), highlight=False, color_system=None)
    with console.capture() as capture:
        console.print(drawn)
    return "".join(f"{line.rstrip()}\n" for line in capture.get().splitlines())


def _blocks(columns: Sequence[Column], cells: Iterable[Sequence[Sequence[str]]], width: int) -> str:
    """Return the rows one below the other, with a blank line between them."""
    longest = max(len(column.name) for column in columns[1:])
    return "\n".join("".join(_block(columns, row, width, longest)) for row in cells)


def _block(columns: Sequence[Column], row: Sequence[Sequence[str]], width: int, longest: int) -> Iterator[str]:
    for line in row[0]:
        yield folded(line, width)
    others = " " * (longest + 4)
    for column, lines in zip(columns[1:], row[1:], strict=True):
        first = f"  {column.name:<{longest}}  "
        for line in lines:
            yield folded(line, width, first=first, others=others)
            first = others


def _text(value: str) -> Any:
    """Return text in which square brackets are no markup."""
    from rich.text import Text

    return Text(value)


def _cells(text: str) -> int:
    """Return how many columns of the terminal a text takes."""
    return int(_text(text).cell_len)
