"""Formulas of a workbook: those that start a program or ask another machine when they are computed.

XML can say one thing in many ways (references, CDATA, comments within a word), so formulas are judged as a parser gives
them. Parsing takes long for a large workbook: only parts with a sign of something are parsed.
"""

import re
from typing import Final

_CALLS: Final = ("WEBSERVICE", "RTD", "IMAGE", "DDE", "CALL", "EXEC", "REGISTER", "REGISTER.ID")
_CALLED: Final = {word.encode(): re.compile(rf"{re.escape(word)}\s*\(".encode()) for word in _CALLS}
_SIGNS: Final = (b"|", b"&#", b"<!", b"DDELINK", b"OLELINK")
_REACHING = re.compile(
    rf"""\b(?:{"|".join(map(re.escape, _CALLS))})\s*\(|['\w]\|(?:'[^']*'|"[^"]*"|[\w.]+)!""", re.IGNORECASE
)
_OTHER_DOCUMENT: Final = re.compile(r"'([^']*)'#")
"""How a formula of OpenDocument names another document."""
_NAMES = "f definedName formula formula1 formula2 oldFormula calculatedColumnFormula totalsRowFormula"
_FORMULAS: Final = frozenset(_NAMES.split())
_LINKS: Final = frozenset({"ddeLink", "oleLink"})


def has_sign(piece: bytes) -> bool:
    """Whether a formula in this piece of a part may reach out. One search for all would take ten times as long."""
    capitals = piece.upper()
    return any(sign in capitals for sign in _SIGNS) or any(
        word in capitals and called.search(capitals) for word, called in _CALLED.items()
    )


def reaches_out(formula: str) -> bool:
    return _REACHING.search(formula) is not None


def other_documents(formula: str) -> list[str]:
    return _OTHER_DOCUMENT.findall(formula)


class FormulaReader:
    """Handlers for a part's elements; `reaches_out` is known when the part was read to its end."""

    def __init__(self) -> None:
        self.reaches_out = False
        self._open: list[str] | None = None

    def start(self, tag: str, _attributes: dict[str, str]) -> None:
        name = tag.rpartition(" ")[2]
        if name in _FORMULAS:
            self._open = []
        elif name in _LINKS:
            self.reaches_out = True

    def end(self, tag: str) -> None:
        if self._open is not None and tag.rpartition(" ")[2] in _FORMULAS:
            self.reaches_out = self.reaches_out or reaches_out("".join(self._open))
            self._open = None

    def text(self, text: str) -> None:
        if self._open is not None:
            self._open.append(text)
