"""Campaigns go through pages, too; and some kill processes."""

from collections.abc import Iterator

import pytest

from bench.faults.common import Nursery
from tests.campaigns.lent import Lent
from tests.conftest import Engines
from tests.web.conftest import desk

__all__ = ["desk"]


@pytest.fixture
def store(engine: str, engines: Engines) -> Lent:
    return Lent(engine, engines)


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    with Nursery() as made:
        yield made
