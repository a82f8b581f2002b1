"""The command `khacphuc`: one room per kind of work, each imported only as far as the command at hand needs.

Exit codes: 0 done, 1 a problem was found (one line on stderr says which), 2 the command was misspelt.
"""

import sys
from typing import Annotated

import typer

from app.cli import accounts, auditing, backups, contacts, data, doctor, figures, keys, reminding, serving
from app.cli.failing import one_line
from app.cli.misspelt import Commands
from app.cli.printing import complain, say

cli = typer.Typer(
    name="khacphuc",
    cls=Commands,
    help="Khắc Phục: theo dõi khắc phục các tiêu chí cải cách hành chính chưa đạt điểm tối đa.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
serving.register(cli)
data.register(cli)
reminding.register(cli)
figures.register(cli)
cli.add_typer(accounts.group, name="accounts")
cli.add_typer(keys.group, name="keys")
cli.add_typer(contacts.group, name="contacts")
cli.add_typer(auditing.group, name="audit")
backups.register(cli)
doctor.register(cli)


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        from app.schema import HEAD

        say(f"khacphuc {version('khacphuc')}, phiên bản cơ sở dữ liệu {HEAD}")
        raise typer.Exit


@cli.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="In phiên bản rồi thôi.")
    ] = False,
) -> None:
    """Options that come before any command."""


def main() -> None:
    """The console entry. What an operator can mend is told in one line; only a defect of the program shows a trace."""
    try:
        cli()
    except Exception as error:
        line = one_line(error)
        if line is None:
            raise
        complain(line)
        sys.exit(1)
