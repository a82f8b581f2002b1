"""What an upload says, read once and remembered for a while: its page is opened again and again."""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Final, Protocol, TypeVar, cast


class _Sized(Protocol):
    @property
    def size(self) -> int: ...


T = TypeVar("T", bound=_Sized)
KEPT: Final = 6
MOST_KEPT: Final = 5_000_000
"""Bytes of a workbook, unpacked; what is larger is read again each time rather than kept in memory."""
_remembered: OrderedDict[tuple[str, str], _Sized] = OrderedDict()
_lock = threading.Lock()


def read_once(read: Callable[[bytes, str], T], content: bytes, filename: str) -> T:
    """What `read` makes of the upload; of the same bytes the very same object, so it must not be changed."""
    key = f"{read.__module__}.{read.__qualname__}", hashlib.sha256(content).hexdigest()
    with _lock:
        known = _remembered.get(key)
        if known is not None:
            _remembered.move_to_end(key)
            return cast(T, known)
    found = read(content, filename)
    if found.size <= MOST_KEPT:
        with _lock:
            _remembered[key] = found
            while len(_remembered) > KEPT:
                _remembered.popitem(last=False)
    return found
