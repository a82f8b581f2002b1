"""Secrets planted through the real application, and everything that comes out of it, to be searched for them."""

import contextlib
import io
import logging
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import structlog

from app.cli import logs

WRONG, MISPLACED, GUESSED_KEY, GUESSED_LINK = (f"mo-{word}-7Qx2" for word in ("sai", "nham-o", "khoa-doan", "lien-ket"))
"""What people and programs get wrong: a password, one typed into the field of the name, a key, a link."""


@dataclass
class Planted:
    """Secrets by what they are. `kept`: those that the database itself has to hold as they are."""

    secrets: dict[str, str] = field(default_factory=dict)
    kept: frozenset[str] = frozenset({"webhook secret"})

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
    """Session's and browser's, by their names."""
    return dict(re.findall(r"(khacphuc(?:-browser)?)=([^;]+);", answer.headers.get("set-cookie", "")))
