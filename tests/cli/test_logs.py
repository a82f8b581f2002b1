"""Whatever stands in it, an entry of the log is one line, and none commands the terminal that shows it."""

import contextlib
import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from app.cli import logs
from app.cli.printing import complain, print_table, say

EVIL = "x\n2025-06-24T01:00:00Z [info     ] forged\r\x1b[2J\x9b2J\u202e\u2028\x85"
UNSEEN = set("\r\x1b\x9b\u202e\u2028\x85")


FORMS = ("plain", "json", "quiet")


@contextlib.contextmanager
def logging_as(form: str) -> Iterator[list[str]]:
    """The lines that are written in the block, once it ends."""
    root, out, lines = logging.getLogger(), io.StringIO(), list[str]()
    before = root.handlers[:], root.level
    with contextlib.redirect_stderr(out):
        if form == "quiet":
            logs.quiet()
        else:
            root.handlers.clear()  # else they would be closed
            logs.configure(as_json=form == "json")
        yield lines
    root.handlers[:], root.level = before
    structlog.reset_defaults()
    logs.quiet()
    assert not UNSEEN & set(out.getvalue())
    lines += [line for line in out.getvalue().split("\n") if line]


@pytest.mark.parametrize("form", FORMS)
def test_one_entry_is_one_line(form: str) -> None:
    with logging_as(form) as lines:
        structlog.get_logger().warning(EVIL, value=EVIL, bare="\x1b[31m", inside=[EVIL])
        if form != "quiet":
            logging.getLogger("another").warning("said %s", EVIL)
    assert len(lines) == (1 if form == "quiet" else 2)
    if form == "json":
        assert json.loads(lines[0])["value"] == EVIL


@pytest.mark.parametrize("form", FORMS)
def test_an_error_in_words_of_others_forges_no_entry(form: str) -> None:
    with logging_as(form) as lines:
        try:
            raise ValueError(EVIL)
        except ValueError:
            structlog.get_logger().exception("failed")
    first, *others = lines
    assert "failed" in first
    assert bool(others) is (form != "json")
    assert all(line.startswith("    ") for line in others)
    assert any("forged" in line for line in (first, *others))


def test_commands_show_what_a_terminal_would_obey(capsys: pytest.CaptureFixture[str]) -> None:
    say(EVIL)
    complain(EVIL)
    print_table("", ("Tên",), [(EVIL,)])
    shown = capsys.readouterr()
    assert not UNSEEN & set(shown.out + shown.err)
    assert shown.out.count("\\u001b[2J") == 2
