"""The parts of an office document, read within bounds: a few kilobytes that were packed well may be hundreds of
megabytes of tags, and every tag costs a program far more than its bytes."""

import zipfile
from collections.abc import Callable, Iterator
from copy import copy
from typing import Any, Final
from xml.parsers import expat

CHUNK: Final = 1 << 20
_OVERLAP: Final = 4_096
"""Bytes of one piece that are looked at again with the next, so that nothing hides on the border."""
MOST_READ: Final = 250_000_000
"""Bytes of all parts, with those of the documents inside the document."""
MOST_TAGS: Final = 5_000_000
"""Tags and attributes that are read one by one: two to fourteen seconds. A thousand pages have a million."""
LONGEST_TAG: Final = 4_000_000
"""Bytes: Word keeps whole drawings in an attribute."""


class TooMuch(ValueError):
    """More than any document has that people made."""


class Budget:
    """What one document may still cost, documents inside it included. Raises `TooMuch` when that is used up."""

    def __init__(self) -> None:
        self._bytes, self._tags = MOST_READ, MOST_TAGS

    def read(self, size: int) -> None:
        self._bytes -= size
        if self._bytes < 0:
            raise TooMuch("too long")

    def parse(self, chunk: bytes) -> None:
        self._tags -= chunk.count(b"<") + chunk.count(b"=")
        if self._tags < 0:
            raise TooMuch("too many tags")


def pieces(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, budget: Budget) -> Iterator[bytes]:
    """The bytes of a part; the end of each piece comes again with the next.

    Raises `zipfile.BadZipFile` for a part that goes on behind the size that the directory says it has: that much is all
    that is looked into, and there are programs that would read the rest.
    """
    further = copy(entry)
    further.file_size += 1
    with archive.open(further) as source:
        before, left = b"", entry.file_size
        while chunk := source.read(CHUNK):
            left -= len(chunk)
            if left < 0:
                raise zipfile.BadZipFile(f"{entry.filename} is longer than it says")
            budget.read(len(chunk))
            yield before + chunk
            before = chunk[-_OVERLAP:]


def parse(
    archive: zipfile.ZipFile, entry: zipfile.ZipInfo, budget: Budget, start: Any, end: Any = None, text: Any = None
) -> None:
    """Feed a part to handlers piece by piece; ValueError where it is no well-formed XML."""
    parser, fed = expat.ParserCreate(namespace_separator=" "), 0
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, text
    try:
        with archive.open(entry) as source:
            while chunk := source.read(CHUNK):
                budget.parse(chunk)
                parser.Parse(chunk, False)
                fed += len(chunk)
                if fed - max(parser.CurrentByteIndex, 0) > LONGEST_TAG:  # it holds on to what has not ended
                    raise TooMuch("a tag or comment is too long")
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise ValueError(f"{entry.filename} is no XML") from error


def find_in(
    archive: zipfile.ZipFile,
    entry: zipfile.ZipInfo,
    budget: Budget,
    judge: Callable[[str, dict[str, str]], str | None],
) -> str | None:
    """`judge(element, attributes)` of every element until one has a fault; names come without namespaces."""
    found: list[str] = []

    def start(tag: str, attributes: dict[str, str]) -> None:
        fault = None if found else judge(local(tag), {local(name): value for name, value in attributes.items()})
        if fault:
            found.append(fault)

    parse(archive, entry, budget, start)
    return found[0] if found else None


def local(tag: str) -> str:
    return tag.rpartition(" ")[2]
