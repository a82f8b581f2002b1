"""Text on its way into a spreadsheet: it must stay text, whatever a spreadsheet program would make of it."""

import re
from typing import Final

STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%", "＝", "＋", "－", "＠")
"""What Excel or LibreOffice may take for the start of a formula or of a DDE call, full-width signs included."""
_SIGNED_NUMBER = re.compile(r"[+-][0-9]+(?:[.,][0-9]+)*")
""" "-0,06" and "+3,13" compute nothing; "-1+1" would."""
_INNER = re.compile(
    r"""(?<=[,;\t\r\n])(?=[ \u00a0"']*(?:[=@＝＠]|[-+|%＋－][ "'=+@0-9.*/^&(%-]*[A-Za-z_\\][\w.\\]*[ ]*[(|!]))"""
)
"""Where a cell would begin for a program that separates by another sign than the file does, or knows no quotes inside a
line, and would compute, or with + and - call something: "xong,=1+1", but not "gồm:\\n- biểu mẫu"."""


def neutral(text: str) -> str:
    """The text with an apostrophe before whatever a spreadsheet could run; signed numbers stay as they are.

    For CSV and every other form in which a cell's type cannot be said.
    """
    inert = _INNER.sub("'", text)
    return f"'{inert}" if is_dangerous(inert) else inert


def is_dangerous(text: str) -> bool:
    """Whether a spreadsheet might run it. Blanks before a sign do not help: some programs trim them."""
    first = text.lstrip(" \u00a0\ufeff")
    return first.startswith(STARTS) and not _SIGNED_NUMBER.fullmatch(first)
