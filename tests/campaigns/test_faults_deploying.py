"""Migrations that fail half-way, and upgrades of old data; `python -m bench.faults deploying` tries every statement of
every migration, and kills some. Replicas that start together: tests/migrations.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app import schema
from bench.faults import deploying, filled
from tests.campaigns.lent import Lent, broken
from tests.conftest import Engines


@pytest.fixture
def full(store: Lent) -> Iterator[str]:
    url = store.create()
    filled.fill(url)
    yield url
    store.drop(url)


def test_a_migration_that_fails_changes_nothing_and_one_from_the_beginning_keeps_every_row(
    store: Lent, full: str
) -> None:
    failed = deploying.failing_at_each_step(store, full, schema.HEAD, every=100)
    assert broken([failed, deploying.upgrading(store, full, deploying.REVISIONS[0])]) == []


def test_a_parent_that_sqlite_makes_anew_keeps_its_children(engines: Engines, tmp_path: Path) -> None:
    store = Lent("sqlite", engines)
    url = store.create()
    filled.fill(url)
    assert broken([deploying.altering_parents(store, url, tmp_path)]) == []
