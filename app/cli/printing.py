"""How commands speak: Rich tables for people, JSON for machines, problems on stderr.

Rich is imported when something is printed, not before: a start of the server never needs it.
"""

import contextlib
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from app.text import visible
from app.vietnamese import points_text

if TYPE_CHECKING:
    from rich.console import Console

Json = Annotated[bool, typer.Option("--json", help="In JSON cho máy đọc.")]
PIPE_WIDTH = 160
"""Columns of a table that goes into a file or a pipe, where neither a window nor COLUMNS gives a width."""
GAP = 2
"""Blanks between two columns."""
LONGEST_WORD = 24
"""Longer words of running text, such as paths, may be broken in a narrow window."""


def say(line: str) -> None:
    """A line for people on stdout."""
    typer.echo(visible(line))


def complain(line: str) -> None:
    """A problem or a warning, on stderr so that it never mixes with data."""
    typer.echo(visible(line), err=True)


def print_json(data: Any) -> None:
    from pydantic_core import to_json

    typer.echo(to_json(data, indent=2))


def points(text: str | None, *, signed: bool = False) -> str | None:
    """Points of the API ("84.8272") as people read them, None where there are none."""
    return None if text is None else points_text(text, signed=signed)


def print_table(
    title: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    numbers: Iterable[int] = (),
    whole: Iterable[int] = (),
) -> None:
    """A table for people; None prints as a dash.

    `numbers` are the columns that are aligned to the right. They and those in `whole` (codes, days, keys) are never
    broken, whatever the window's width; other columns and all headings wrap between words. What cannot fit in any way
    makes the table wider than the window rather than losing a letter.
    """
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    cells = [["–" if value is None else visible(str(value)) for value in row] for row in rows]
    right = set(numbers)
    console = _console(sys.stdout)
    spare = GAP * (len(columns) - 1)
    widths = fit(columns, cells, whole=right | set(whole), room=console.width - spare)
    console.width = max(console.width, sum(widths) + spare)
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    for index, (name, width) in enumerate(zip(columns, widths, strict=True)):
        justify: Literal["left", "right"] = "right" if index in right else "left"
        table.add_column(name, justify=justify, overflow="fold", width=width)
    for row in cells:
        table.add_row(*row)
    if title:
        console.print(title, style="bold")
    console.print(table)
    console.print()


def fit(columns: Sequence[str], rows: Sequence[Sequence[str]], *, whole: Iterable[int], room: int) -> list[int]:
    """How wide each column is: first what must not be broken, then the cells, then headings in one line."""
    by_column = [[row[index] for row in rows] for index in range(len(columns))]
    cells = [_longest(line for cell in one for line in cell.splitlines()) for one in by_column]
    words = [min(_longest(word for cell in one for word in cell.split()), LONGEST_WORD) for one in by_column]
    headings = [_longest(name.split()) for name in columns]
    unbroken = set(whole)
    widths = [
        max(headings[index], cells[index] if index in unbroken else words[index]) for index in range(len(columns))
    ]
    for wanted in (cells, [_longest([name]) for name in columns]):
        _grow(widths, wanted, room)
    return widths


def _grow(widths: list[int], wanted: Sequence[int], room: int) -> None:
    """The narrowest first, as long as there is room."""
    for _ in range(room - sum(widths)):
        short = [index for index, width in enumerate(widths) if width < wanted[index]]
        if not short:
            return
        widths[min(short, key=widths.__getitem__)] += 1


def _longest(texts: Iterable[str]) -> int:
    from rich.cells import cell_len

    return max(map(cell_len, texts), default=0)


@contextlib.contextmanager
def progress(title: str) -> Iterator[Callable[[str], None]]:
    """Show that long work goes on, where somebody watches; the yielded function says how far it is."""
    if not sys.stderr.isatty():
        yield lambda _text: None
        return
    with _console(sys.stderr).status(title) as status:
        yield lambda text: status.update(f"{title} {text}")


def _console(file: Any) -> "Console":
    from rich.console import Console

    # No markup: a name with brackets is a name, not a style.
    width = None if file.isatty() or os.environ.get("COLUMNS", "").isdigit() else PIPE_WIDTH
    return Console(file=file, width=width, markup=False, highlight=False, emoji=False)
