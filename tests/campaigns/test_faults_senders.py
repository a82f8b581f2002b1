"""Senders that are killed and stopped, in short; `python -m bench.faults senders` takes thousands of letters."""

from pathlib import Path

from bench.faults import senders
from bench.faults.common import Nursery
from tests.campaigns.lent import Lent, broken


def test_killed_and_stopped_senders_lose_nothing(store: Lent, nursery: Nursery, tmp_path: Path) -> None:
    assert broken(senders.run(store, nursery, tmp_path, short=True)) == []
