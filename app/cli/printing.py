"""How commands speak: Rich tables for people, JSON for machines, problems on stderr.

Rich is imported when something is printed, not before: a start of the server never needs it.
"""

import contextlib
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console

Json = Annotated[bool, typer.Option("--json", help="In JSON cho máy đọc.")]
KEY_WIDTH = 120
"""Enough for a table with a whole key in it."""
PIPE_WIDTH = 160
"""Columns of a table that goes into a file or a pipe, where no window gives a width."""


def say(line: str) -> None:
    """A line for people on stdout."""
    typer.echo(line)


def complain(line: str) -> None:
    """A problem or a warning, on stderr so that it never mixes with data."""
    typer.echo(line, err=True)


def print_json(data: Any) -> None:
    from pydantic_core import to_json

    typer.echo(to_json(data, indent=2))


def points(text: str | None, *, signed: bool = False) -> str | None:
    """Points of the API ("84.8272") as people read them: rounded half up to two decimals, with a comma."""
    if text is None:
        return None
    rounded = Decimal(text).quantize(Decimal("0.01"), ROUND_HALF_UP)
    return f"{rounded:+}".replace(".", ",") if signed else str(rounded).replace(".", ",")


def print_table(
    title: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    numbers: Iterable[int] = (),
    narrowest: int = 0,
) -> None:
    """A table for people. `numbers` are the columns that are aligned to the right; None prints as a dash.

    `narrowest`: the width that it takes whatever the window's, for what must not be broken into lines.
    """
    from rich import box
    from rich.table import Table

    right = set(numbers)
    table = Table(title=title or None, box=box.SIMPLE_HEAD, title_justify="left", title_style="bold")
    for index, name in enumerate(columns):
        table.add_column(name, justify="right" if index in right else "left", overflow="fold", no_wrap=index in right)
    for row in rows:
        table.add_row(*("–" if value is None else str(value) for value in row))
    console = _console(sys.stdout)
    console.width = max(console.width, narrowest)
    console.print(table)


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
    width = None if file.isatty() else PIPE_WIDTH
    return Console(file=file, width=width, markup=False, highlight=False, emoji=False)
