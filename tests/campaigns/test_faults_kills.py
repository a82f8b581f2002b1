"""A server that is killed while clients write, in short; `python -m bench.faults kills` does it a thousand times."""

from pathlib import Path

from bench.faults import kills
from bench.faults.common import Nursery
from tests.campaigns.lent import Lent, broken


def test_what_was_acknowledged_is_there_after_kills(store: Lent, nursery: Nursery, tmp_path: Path) -> None:
    assert broken(kills.run(store, nursery, tmp_path / "server", kills=kills.SHORT)) == []
