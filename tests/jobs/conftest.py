"""Scenes, and servers that really receive: SMTP and HTTP on the loopback interface."""

from collections.abc import Iterator

import pytest

from app.db import Database
from tests.jobs.receivers import HookReceiver, MailReceiver
from tests.jobs.scene import Scene


@pytest.fixture
def scene(db: Database) -> Scene:
    return Scene(db).build()


@pytest.fixture
def mails() -> Iterator[MailReceiver]:
    with MailReceiver() as receiver:
        yield receiver


@pytest.fixture
def hooks() -> Iterator[HookReceiver]:
    with HookReceiver() as receiver:
        yield receiver
