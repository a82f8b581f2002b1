"""Secrets planted through the real application, and everything that comes out of it, to be searched for them."""

import contextlib
import io
import logging
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog

from app.cli import logs
from tests.authenticator import Phone
from tests.domain.test_passwords import GOOD

NAME = "khacphuc"
"""Of the cookie."""
WRONG, MISPLACED, GUESSED_KEY, GUESSED_LINK = (f"mo-{word}-7Qx2" for word in ("sai", "nham-o", "khoa-doan", "lien-ket"))
"""What people and programs get wrong: a password, one typed into the field of the name, a key, a link."""


@dataclass
class Planted:
    """Secrets by what they are. `kept`: those that the database itself has to hold as they are."""

    secrets: dict[str, str] = field(default_factory=dict)
    kept: frozenset[str] = frozenset({"webhook secret", "authenticator secret"})

    def plant(self, what: str, secret: str) -> str:
        assert len(secret) >= 10, what
        self.secrets[what] = secret
        return secret

    def found(self, where: str, text: str | bytes, *, told: tuple[str, ...] = ()) -> list[str]:
        """Every secret in a text but those that it was meant to tell (`told`)."""
        if isinstance(text, bytes):
            text = text.decode("utf-8", errors="replace")
        return [f"{what} in {where}" for what, secret in self.secrets.items() if what not in told and secret in text]


def text_of(answer: Any) -> str:
    """Body and headers of an answer, but for cookies that it sets."""
    heads = "\n".join(f"{name}: {value}" for name, value in answer.headers.items() if name != "set-cookie")
    return f"{heads}\n\n{answer.text}"


@contextlib.contextmanager
def server_logs(monkeypatch: pytest.MonkeyPatch, *, as_json: bool) -> Iterator[io.StringIO]:
    """What the server would write to stderr meanwhile, in the form that it has there."""
    root, before, said = logging.getLogger(), structlog.get_config(), io.StringIO()
    handlers, level, configure = root.handlers[:], root.level, structlog.configure
    with monkeypatch.context() as patched:
        patched.setattr("sys.stderr", said)
        # Loggers that are kept on their first use would speak like this in every later test.
        patched.setattr(structlog, "configure", lambda **how: configure(**{**how, "cache_logger_on_first_use": False}))
        patched.setattr(logging, "basicConfig", lambda **how: _take_over(root, **how))
        logs.configure(as_json=as_json)
        logging.getLogger("httpx2").setLevel(logging.WARNING)  # the tests' own browser
    try:
        yield said
    finally:
        configure(**before)
        root.handlers, root.level = handlers, level


def _take_over(root: logging.Logger, *, handlers: list[logging.Handler], level: int, force: bool) -> None:
    assert force
    root.handlers = handlers
    root.setLevel(level)


def contents(archive: Path) -> Iterator[tuple[str, bytes]]:
    """A backup's parts."""
    with zipfile.ZipFile(archive) as opened:
        for name in opened.namelist():
            yield name, opened.read(name)


def cookies_of(answer: Any) -> Mapping[str, str]:
    """Session's, browser's and that of who owes a code, by their names."""
    return dict(re.findall(r"(khacphuc(?:-browser|-half)?)=([^;]+);", answer.headers.get("set-cookie", "")))


def carry_a_phone(place: Any, planted: Planted, hear: Callable[..., Any]) -> None:
    """STC turns a second factor on and gets everything about it wrong."""
    place.give_password("STC")
    page, cookie = "/account/second-factor", place.session("stc")
    place.act(cookie, page, current=GOOD)
    own = f"{NAME}={cookie}"
    shown = re.findall(r'class="key">([A-Z2-7 ]+)<', place.get(page, cookies=own).text)[0]
    phone = Phone(planted.plant("authenticator secret", shown.replace(" ", "")))
    planted.plant("authenticator key", shown)
    told = ("authenticator secret", "authenticator key")
    hear("a wrong first code", place.act(cookie, f"{page}/confirmation", code=phone.wrong(place.world.now)), *told)
    done = place.act(cookie, f"{page}/confirmation", code=phone.code(place.world.now))
    recovery = re.findall(r"<li><code>([A-Z2-7-]+)</code>", done.text)
    for number, one in enumerate(recovery):
        planted.plant(f"recovery code {number}", one)
        planted.plant(f"bare recovery code {number}", one.replace("-", ""))
    for path in (page, "/account"):
        hear(f"{path} afterwards", place.get(path, cookies=own))
    hear("a wrong code for new ones", place.act(cookie, f"{page}/recovery-codes", **{"renewal-code": recovery[0][:-1]}))
    hear("turning it off wrongly", place.act(cookie, f"{page}/off", current=WRONG, code=recovery[0]))
    for number in range(7):
        half = planted.plant(f"half {number}", cookies_of(place.sign_in("stc"))[f"{NAME}-half"])
        sent = {"code": phone.wrong(place.world.now, number)} if number % 2 else {"recovery": recovery[number][:-1]}
        hear("a wrong code", place.send("/signin/code", sent, cookies=f"{NAME}-half={half}", at=number % 2))
    place.world.now += timedelta(minutes=15)
    for _ in range(2):  # used, and used up
        half = cookies_of(place.sign_in("stc"))[f"{NAME}-half"]
        hear("a recovery code", place.send("/signin/code", {"recovery": recovery[1]}, cookies=f"{NAME}-half={half}"))
    planted.plant("half-way", half)
