from pathlib import Path

import pytest
from sqlalchemy import func, select

from app.models import tasks
from tests.cli.conftest import Console, Run
from tests.conftest import SEED, World

EXAMPLE = Path(__file__).parent.parent / "data" / "vi-du-2025.yaml"


@pytest.fixture
def engine() -> str:
    """What these commands print does not depend on the engine."""
    return "sqlite"


def count(seeded: World) -> int:
    with seeded.db.snapshot() as connection:
        return connection.execute(select(func.count()).select_from(tasks)).scalar_one()


def test_loading_again_adds_nothing_and_a_dry_run_writes_nothing(console: Console, seeded: World) -> None:
    again = console("seed", str(SEED), "--json").json
    assert (again["code"], again["added"], again["different"]) == ("soc-trang-2024", {}, [])
    assert again["unchanged"]["tasks"] == 48

    tried = console("seed", str(EXAMPLE), "--dry-run", "--json").json
    assert tried["added"]["assessments"] == 1
    assert count(seeded) == 48

    loaded = console("seed", str(EXAMPLE))
    assert loaded.code == 0
    assert count(seeded) == 48 + tried["added"]["tasks"]


def test_a_seed_with_errors_is_refused_with_all_of_them(console: Console, tmp_path: Path) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text(EXAMPLE.read_text().replace("due_before:", "due_befor:"))
    said = console("seed", str(broken))
    assert said.code == 1
    assert "due_befor" in said.problem
    assert console("seed", str(tmp_path / "nothing")).code == 1


def test_checking_the_real_report_finds_its_contradictions_but_no_error(run: Run) -> None:
    done = run("check", str(SEED))  # no database, no folder
    assert done.returncode == 0
    assert "2.590" in done.stdout
    assert "0 lỗi" in done.stdout


def test_an_error_in_the_data_ends_with_1_and_is_named_by_file_and_line(console: Console, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(EXAMPLE.read_text().replace('exact: "98.25"', 'exact: "98.35"'))
    said = console("check", str(wrong), "--json")
    assert said.code == 1
    errors = [one for one in said.json["findings"] if one["level"] == "error"]
    assert errors
    assert said.json["errors"] == len(errors)
    assert all("wrong.yaml dòng" in one["place"] for one in errors)
    assert console("check", str(wrong)).code == 1

    wrong.write_text("province: {}\n")
    unreadable = console("check", str(wrong), "--json")
    assert unreadable.code == 1
    assert {one["check"] for one in unreadable.json["findings"]} == {"form"}


def test_commands_that_only_read_never_make_a_database(run: Run, data: Path) -> None:
    done = run("summary")
    assert done.returncode == 1
    assert "khacphuc migrate" in done.stderr
    assert not data.exists()
