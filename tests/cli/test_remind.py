from pathlib import Path

import pytest
from sqlalchemy import func, select

from app.models import digests
from tests.cli.conftest import Console
from tests.conftest import World


@pytest.fixture
def engine() -> str:
    """What these commands print does not depend on the engine."""
    return "sqlite"


def test_a_dry_run_shows_a_day_and_writes_nothing(console: Console, seeded: World, data: Path) -> None:
    plan = console("remind", "--on", "2025-06-24", "--dry-run", "--json").json
    by_recipient = {one["recipient"]: one["items"] for one in plan["digests"]}
    assert {one["milestone"] for one in by_recipient["STP"]} == {7}
    assert {"ST-2024-TC-03"} <= {one["code"] for one in by_recipient["STP"]}
    assert all("why" in one and ("code" in one or "recipient" in one) for one in plan["silent"])
    assert "STP" in console("remind", "--on", "2025-06-24", "--dry-run").out
    assert not data.exists()
    with seeded.db.snapshot() as connection:
        assert connection.execute(select(func.count()).select_from(digests)).scalar() == 0


def test_without_a_day_todays_letters_go_out_at_once_and_once(console: Console, data: Path) -> None:
    said = console("remind", "--json")
    assert said.code == 0
    sent = said.json["deliveries"]["sent"]
    assert sent == len(said.json["digests"]) > 5
    assert len(list((data / "outbox").glob("*.eml"))) == sent

    again = console("remind", "--json")
    assert (again.json["digests"], again.json["deliveries"]) == ([], {})


def test_a_day_without_a_dry_run_is_a_misspelt_command(console: Console) -> None:
    assert console("remind", "--on", "2025-06-24").code == 2
    assert console("remind", "--on", "24/06/2025", "--dry-run").code == 2
