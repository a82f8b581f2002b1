"""Passwords: which are good enough, how they are kept, and how many are computed at the same time.

argon2 takes about 100 ms and 64 MB by design. It runs in threads of its own, never behind a door of the database, at
most `Line.at_once` at a time, so that a flood of sign-ins takes neither all memory nor the database's writers.
"""

import asyncio
import contextlib
import re
import unicodedata
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, TypeVar

from app.errors import Busy, InvalidInput
from app.text import fold

if TYPE_CHECKING:
    from pwdlib.hashers.argon2 import Argon2Hasher

T = TypeVar("T")

SHORTEST, LONGEST = 10, 128
"""In characters, after composition."""
STRENGTH = 3
"""Of zxcvbn's 0–4: withstands 10^8 guesses, far more than the lockout ever lets through."""
SYSTEM_NAME = "khacphuc"
TELLING = 4
"""Names of accounts shorter than this may occur in a password by chance."""
COMMON = (
    "khacphuc", "matkhau", "xinchao", "vietnam", "anhyeuem", "emyeuanh", "iloveyou", "soctrang", "cantho", "sonoivu",
    "noivu", "caicachhanhchinh", "cchc", "parindex", "admin", "canbo", "congchuc", "tinhuy", "ubnd",
)  # fmt: skip
"""Words that somebody who knows this system would try first."""
NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$Z7GK9v4mhYlqSy+kR5CLNQ$PLqGVvAL0hCBI4RkAlsapHAdhCDUARFfeZbVNFpGHz8"
"""Hash of random bits that were thrown away: what is compared when there is no account or no password."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")

TOO_SHORT = f"Mật khẩu phải có ít nhất {SHORTEST} ký tự."
TOO_LONG = f"Mật khẩu dài tối đa {LONGEST} ký tự."
UNTYPEABLE = "Mật khẩu có ký tự không gõ được từ bàn phím. Hãy gõ lại."
TELLS_NAME = "Mật khẩu không được chứa tên tài khoản hoặc tên hệ thống."
WEAK = (
    "Mật khẩu này dễ đoán. Hãy ghép ba, bốn từ không liên quan với nhau; tránh dãy phím, ngày tháng, tên người, từ "
    "lặp lại."
)


def check_password(typed: str, *, account: str, owner: str, field: str = "password") -> str:
    """The password as it will be kept (NFC); raises `InvalidInput` that says what is wrong with it.

    `account` and `owner`: the name to sign in with and the name that is shown, neither of which makes a password.
    """
    password = normal(typed)
    if password is None or len(password) > LONGEST:
        raise InvalidInput(TOO_LONG, field=field)
    if len(password) < SHORTEST:
        raise InvalidInput(TOO_SHORT, field=field)
    if _CONTROL.search(password):
        raise InvalidInput(UNTYPEABLE, field=field)
    plain = fold(password).replace(" ", "")
    if SYSTEM_NAME in plain or (len(account) >= TELLING and account in plain):
        raise InvalidInput(TELLS_NAME, field=field)
    if strength(password, account=account, owner=owner) < STRENGTH:
        raise InvalidInput(WEAK, field=field)
    return password


def normal(typed: str) -> str | None:
    """Composed, so that it does not matter which keyboard wrote the accents; None for what is far too long."""
    return unicodedata.normalize("NFC", typed) if len(typed) <= 4 * LONGEST else None


def strength(password: str, *, account: str, owner: str) -> int:
    """0 (guessed at once) to 4 (very hard to guess), accents ignored where that makes it weaker."""
    from zxcvbn_rs_py import zxcvbn

    known = [account, *re.split(r"[._/-]", account), fold(owner).replace(" ", ""), *fold(owner).split(), *COMMON]
    return min(int(zxcvbn(one, known).score) for one in (password, fold(password).replace(" ", "")))


def hash_password(password: str) -> str:
    """argon2id of a checked password."""
    return _hasher().hash(password)


def is_right(typed: str, kept: str | None) -> bool:
    """Whether the password belongs to the kept hash. For no hash the answer is no, after the same time."""
    password = normal(typed)
    possible = password is not None and len(password) <= LONGEST and not _CONTROL.search(password)
    right = _hasher().verify(password if possible and password else "", kept or NOBODY)
    return right and possible and kept is not None


@cache
def _hasher() -> "Argon2Hasher":
    from pwdlib.hashers.argon2 import Argon2Hasher

    return Argon2Hasher(time_cost=3, memory_cost=65_536, parallelism=4)


@dataclass(slots=True)
class Line:
    """Where computations queue: `at_once` run, up to `longest` wait, whoever comes then is told to come again."""

    at_once: int = 2
    longest: int = 40
    waiting: int = 0
    _threads: ThreadPoolExecutor | None = field(default=None)

    @contextlib.contextmanager
    def place(self) -> Iterator[None]:
        """A place in the queue, taken before anything is counted or written. Raises `Busy` when there is none."""
        if self.waiting >= self.longest:
            raise Busy("Nhiều người đang đăng nhập cùng lúc. Hãy thử lại sau ít giây.")
        self.waiting += 1
        try:
            yield
        finally:
            self.waiting -= 1

    async def run(self, fn: Callable[..., T], *args: object) -> T:
        """Run it in a thread of the line; whoever calls has a place."""
        if self._threads is None:
            self._threads = ThreadPoolExecutor(self.at_once, "argon2")
        return await asyncio.get_running_loop().run_in_executor(self._threads, fn, *args)


LINE = Line()
"""Of this process."""
