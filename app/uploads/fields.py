"""Fields of a Word document: those that fetch or start something when they are brought up to date."""

import re
from typing import Final

REACHING: Final = frozenset(
    {"DDE", "DDEAUTO", "INCLUDE", "INCLUDEPICTURE", "INCLUDETEXT", "LINK", "IMPORT", "DATABASE", "RD"}
)
_FIRST_WORD = re.compile(r"\s*([A-Za-z]*)")
_LONGEST: Final = 200
"""Characters of a field's code that are kept: its name comes first."""


class FieldReader:
    """Handlers for a part's elements. Codes come in pieces and fields in one another: { QUOTE … } before any name
    makes up the name of the field around it, so a field that begins with a field counts as one that reaches out."""

    def __init__(self) -> None:
        self._found = False
        self._codes: list[str | None] = []
        """Of the open fields, the outermost first; None once the code ended and the result began."""
        self._inside = False

    @property
    def reaches_out(self) -> bool:
        """Known when the part was read to its end; a field that was never closed counts, too."""
        for code in self._codes:
            self._judge(code or "")
        return self._found

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition(" ")[2]
        if name == "fldChar":
            self._mark(next((value for key, value in attributes.items() if key.endswith(" fldCharType")), ""))
        elif name == "fldSimple":
            self._judge(next((value for key, value in attributes.items() if key.endswith(" instr")), ""))
        elif name == "instrText":
            self._inside = True

    def end(self, tag: str) -> None:
        if tag.rpartition(" ")[2] == "instrText":
            self._inside = False

    def text(self, text: str) -> None:
        if not self._inside:
            return
        if not self._codes:  # a code outside of any field: only a reader that repairs would run it
            self._codes.append("")
        code = self._codes[-1]
        if code is not None and len(code) < _LONGEST:
            self._codes[-1] = code + text

    def _mark(self, kind: str) -> None:
        if kind == "begin":
            if self._codes and self._codes[-1] is not None and not self._codes[-1].strip():
                self._found = True
            self._codes.append("")
        elif kind in ("separate", "end") and self._codes:
            self._judge(self._codes[-1] or "")
            self._codes[-1] = None
            if kind == "end":
                self._codes.pop()

    def _judge(self, code: str) -> None:
        match = _FIRST_WORD.match(code)
        if match and match[1].upper() in REACHING:
            self._found = True
