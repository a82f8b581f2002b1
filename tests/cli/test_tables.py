"""Tables at the widths that people have: nothing that matters is cut, and no line is wider than the window."""

from itertools import cycle

import pytest
from rich.cells import cell_len
from sqlalchemy import select

from app.cli.printing import LONGEST_WORD, fit, points
from app.core.workflow import LABELS
from app.models import tasks
from tests.cli.conftest import Console
from tests.conftest import SEED, World

WIDTHS = ("80", "100", "160")


@pytest.fixture
def engine() -> str:
    """What these commands print does not depend on the engine."""
    return "sqlite"


@pytest.fixture
def mixed(console: Console, seeded: World) -> Console:
    """Tasks in every status, so that every column is there."""
    with seeded.db.transaction() as connection:
        ids = connection.execute(select(tasks.c.id).order_by(tasks.c.id)).scalars().all()
        for task, status in zip(ids, cycle(LABELS), strict=False):
            connection.execute(tasks.update().where(tasks.c.id == task).values(status=status))
    return console


def lines(out: str, width: str) -> list[str]:
    found = out.splitlines()
    assert max(map(cell_len, found)) <= int(width), max(found, key=cell_len)
    return found


def row(found: list[str], code: str) -> list[str]:
    """The words of the first line that starts with the code."""
    return next(words for line in found if (words := line.split()) and words[0] == code)


def parts(out: str) -> list[str]:
    """The tables of an answer, each from its title on."""
    return [part for part in out.split("\n\n") if part.strip()]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("by", ["agency", "field", "group", "status", "kind"])
def test_the_summary_shows_every_code_name_and_figure(mixed: Console, by: str, width: str) -> None:
    groups = mixed("summary", "--by", by, "--json").json["groups"]
    out = mixed("summary", "--by", by, COLUMNS=width).out
    lines(out, width)
    gains, *counts = parts(out)
    for one in groups:
        code = str(one["key"])
        shown = row(gains.splitlines(), code)
        figures = [str(one["tasks"]), str(one["overdue"]), points(one["points_short"])]
        figures += [points(one["verified_gain"], signed=True), points(one["expected_gain"], signed=True)]
        assert shown[-6:-1] == figures, code
        assert shown[-1].endswith("%")
        assert set(one["name"].split()) <= set(gains.split())
        for table in counts:
            expected = [str(one["by_status"].get(status, 0)) for status in LABELS]
            assert row(table.splitlines(), code)[-6:] == expected
    assert len(counts) == (0 if by == "status" else 1)
    headings = ("Nhiệm", "Quá", "thiếu", "nhận", "kiến", "thành")
    assert set(headings) <= set(gains.split())


def test_statuses_that_do_not_occur_have_no_column(console: Console) -> None:
    out = console("summary", COLUMNS="80").out
    assert "Đã giao" in out
    assert "Chờ" not in out


@pytest.mark.parametrize("width", WIDTHS)
def test_the_projection_shows_every_code_and_figure(mixed: Console, width: str) -> None:
    found = mixed("projection", "--json").json
    out = mixed("projection", COLUMNS=width).out
    by_field, *_, steps = (part.splitlines() for part in parts(out))
    lines("\n".join([*by_field, *steps]), width)
    for one in found["fields"]:
        names = ("max", "published", "floor", "expected", "ceiling")
        assert row(by_field, str(one["number"]))[-5:] == [points(one[name]) for name in names]
    for one in found["next_best"][:10]:
        shown = row(steps, one["code"])
        assert (shown[1], shown[-1]) == (one["agency"]["code"], points(one["closing"]))


@pytest.mark.parametrize("width", WIDTHS)
def test_reminders_keys_doctor_and_checks_fit_the_window_with_whole_codes(console: Console, width: str) -> None:
    day = ("remind", "--on", "2025-06-24", "--dry-run")
    plan = console(*day, "--json").json
    out = console(*day, COLUMNS=width).out
    words = set(" ".join(lines(out, width)).replace(",", " ").split())
    assert {item["code"] for digest in plan["digests"] for item in digest["items"]} <= words
    assert {one["code"] for one in plan["silent"] if "code" in one} <= words

    made = console("keys", "create", "--role", "coordinator", "--days", "30", "--json").json
    listed = " ".join(lines(console("keys", "list", COLUMNS=width).out, width))
    assert {made["prefix"], made["account"]} <= set(listed.split())

    said = console("doctor", COLUMNS=width)
    shown = " ".join(lines(said.out, width)).replace(",", " ").split()
    assert {"SKHCN", "TXVC"} <= {word.rstrip(".") for word in shown}

    checked = console("check", str(SEED), COLUMNS=width)
    assert checked.code == 0
    assert "84,8272;" in " ".join(lines(checked.out, width)).split()


def test_what_cannot_fit_makes_the_table_wider_instead_of_losing_letters(console: Console) -> None:
    made = console("keys", "create", "--role", "admin", COLUMNS="40")
    key = next(word for word in made.out.split() if word.startswith("kp_"))
    assert len(key) == len("kp_") + 43


def test_columns_get_first_what_must_be_whole_then_their_cells_then_their_headings() -> None:
    columns = ("Mã", "Tên cơ quan", "Điểm đã xác nhận")
    rows = [("ST-2024-TC-01", "Văn phòng Ủy ban nhân dân tỉnh", "+10,25")]
    assert fit(columns, rows, whole=(0, 2), room=0) == [13, 5, 6]
    assert fit(columns, rows, whole=(0, 2), room=40) == [13, 21, 6]
    assert fit(columns, rows, whole=(0, 2), room=54) == [13, 30, 11]
    assert fit(columns, rows, whole=(0, 2), room=200) == [13, 30, 16]
    assert fit(("",), [("/a/path/" * 10,)], whole=(), room=30) == [30]
    assert fit(("",), [("/a/path/" * 10,)], whole=(), room=0) == [LONGEST_WORD]
