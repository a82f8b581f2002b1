"""Mail servers that fail, in short; `python -m bench.faults smtp` knows more ways to."""

from pathlib import Path

from bench.faults import smtp
from tests.campaigns.lent import Lent, broken


def test_every_letter_ends_in_the_right_state(store: Lent, tmp_path: Path) -> None:
    assert broken(smtp.run(store, tmp_path, short=True)) == []
