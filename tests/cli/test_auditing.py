"""`khacphuc audit verify` on a log that is whole, and on one that is not."""

import json
import sqlite3
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app import seals
from app.cli import cli
from app.db import open_database
from tests.conftest import MAY, Engines


@pytest.fixture
def sealed(engines: Engines, monkeypatch: pytest.MonkeyPatch) -> Path:
    url = engines.copy("sqlite", "seeded")
    db = open_database(url)
    with db.transaction() as connection:
        seals.seal_committed(connection, now=MAY)
    db.close()
    monkeypatch.setenv("DATABASE_URL", url)
    return Path(url.removeprefix("sqlite:///"))


def test_a_whole_log_says_so_and_gives_its_head(sealed: Path) -> None:
    done = CliRunner().invoke(cli, ["audit", "verify"])
    assert done.exit_code == 0
    assert "Nhật ký nguyên vẹn" in done.output
    told = json.loads(CliRunner().invoke(cli, ["audit", "verify", "--json"]).output)
    head = f"{told['head']['position']}:{told['head']['hash']}"
    assert head in done.output
    assert CliRunner().invoke(cli, ["audit", "verify", "--head", head]).exit_code == 0
    assert CliRunner().invoke(cli, ["audit", "verify", "--head", f"9999:{'0' * 64}"]).exit_code == 1
    assert CliRunner().invoke(cli, ["audit", "verify", "--head", "nonsense"]).exit_code == 2


def test_a_changed_line_is_named(sealed: Path) -> None:
    connection = sqlite3.connect(sealed)
    connection.execute("DROP TRIGGER event_no_update")
    connection.execute("UPDATE event SET why = 'khác' WHERE id = 3")
    connection.commit()
    connection.close()
    done = CliRunner().invoke(cli, ["audit", "verify", "--json"])
    assert done.exit_code == 1
    assert [(one["kind"], one["event_id"]) for one in json.loads(done.output)["findings"]] == [("edited", 3)]
