"""Backups by the command beside a working server, in short; damaged ones and full targets: tests/cli/test_backup.py."""

from pathlib import Path

from bench.faults import backups
from tests.campaigns.lent import Lent, broken
from tests.conftest import Engines

OTHER = {"sqlite": "postgresql", "postgresql": "sqlite"}


def test_a_backup_under_load_is_one_moment_and_restores_on_the_other_engine(
    store: Lent, engines: Engines, tmp_path: Path
) -> None:
    url = store.create()
    taken, told = backups.take_under_load(url, tmp_path, times=1)
    target = Lent(OTHER[store.engine], engines)
    assert broken([backups.restoring(taken, told, store, target, tmp_path)]) == []
    store.drop(url)
