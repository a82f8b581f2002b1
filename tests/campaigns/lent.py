"""Long campaigns of bench/ in short, on the databases of the tests."""

from collections.abc import Iterable
from dataclasses import dataclass

from bench.common import Figure
from tests.conftest import Engines


@dataclass(frozen=True, slots=True)
class Lent:
    """As a store of bench/stores.py, as far as the short forms need one."""

    engine: str
    engines: Engines

    def create(self, *, migrated: bool = True) -> str:
        return self.engines.copy(self.engine, "migrated" if migrated else "empty")

    def drop(self, url: str) -> None:
        self.engines.drop(url)

    def analyze(self, url: str) -> None:
        """So little data needs no statistics."""


def broken(figures: Iterable[Figure]) -> list[Figure]:
    """Promises that were not kept; a campaign without any promise would be none."""
    found = list(figures)
    assert any(one.met for one in found)
    return [one for one in found if one.met is False]
