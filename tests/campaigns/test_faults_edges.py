"""The deadline on a host far away, in short; `python -m bench.faults edges` compares three zones and every document."""

from pathlib import Path

from bench.faults import edges
from tests.campaigns.lent import Lent, broken


def test_the_deadline_is_midnight_in_soc_trang_whatever_the_host_believes(store: Lent, tmp_path: Path) -> None:
    zone = "America/Los_Angeles"
    assert broken(edges.judge(store.engine, {zone: edges.ask(store, zone, tmp_path, "brief")})) == []
