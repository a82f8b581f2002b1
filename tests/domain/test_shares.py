"""What units say about their shares, on both engines."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import event, select, update

from app import shares as noun
from app import tasks as tasks_noun
from app.errors import Forbidden, IllegalMove, InvalidInput, NotFound, StaleVersion
from app.models import events, shares, tasks
from app.tasks import Steering
from tests.conftest import World

LATE = "ST-2024-TC-07.05"
"""Huyện Mỹ Xuyên (HMX), 921 late files of 2024: occurred."""
OFFICIALS = "ST-2024-TC-10.05"
"""Huyện Mỹ Xuyên (HMX), 2 commune officials below standard: clearable."""
OF_SNV = "ST-2024-TC-04.05"


def change(world: World, who: str, ident: str, version: int | None = None, **values: Any) -> Any:
    return world.write(noun.update_share, world.actor(who), ident, values, version=version)


def listed(world: World, who: str, **wanted: Any) -> list[str]:
    found = world.read(noun.list_shares, world.actor(who), limit=200, offset=0, **wanted)
    assert found["total"] == len(found["items"])
    return [item["code"] for item in found["items"]]


def test_an_agency_sees_its_own_shares_and_the_others_the_province(seeded: World) -> None:
    own = listed(seeded, "HMX")
    assert own == ["ST-2024-TC-07.05", "ST-2024-TC-09.02", "ST-2024-TC-09.07", "ST-2024-TC-10.05"]
    with seeded.db.snapshot() as connection:
        every = list(connection.execute(select(shares.c.code).order_by(shares.c.id)).scalars())
    for who in ("coordinator", "leadership", "admin"):
        assert listed(seeded, who) == every
    assert own == listed(seeded, "coordinator", agency="HMX")
    assert listed(seeded, "HMX", agency="SXD") == []
    assert len(listed(seeded, "coordinator", task="ST-2024-TC-07")) == 11
    assert listed(seeded, "coordinator", assessment="soc-trang-2024") == every
    assert listed(seeded, "coordinator", assessment="soc-trang-2023") == []
    assert listed(seeded, "coordinator", done=False) == every
    assert listed(seeded, "coordinator", done=True) == []


def test_a_share_says_what_the_report_says(seeded: World) -> None:
    share = seeded.read(noun.get_share, seeded.actor("HMX"), LATE)
    assert (share["kind"], share["quantity"], share["unit"]) == ("occurred", 921, "hồ sơ")
    assert share["task"] == {"code": "ST-2024-TC-07", "status": "assigned"}
    assert share["agency"]["code"] == "HMX"
    assert (share["effective_due"], share["days_left"], share["overdue"]) == (date(2025, 7, 1), 57, False)
    assert (share["done"], share["current"], share["version"]) == (False, None, 1)
    assert seeded.read(noun.get_share, seeded.actor("HMX"), str(share["id"])) == share


def test_a_share_is_overdue_from_the_first_day_too_late_until_it_is_done(seeded: World) -> None:
    seeded.at(datetime(2025, 6, 30, 16, 59, tzinfo=UTC))
    assert not seeded.read(noun.get_share, seeded.actor("HMX"), LATE)["overdue"]
    seeded.at(datetime(2025, 6, 30, 17, 0, tzinfo=UTC))
    share = seeded.read(noun.get_share, seeded.actor("HMX"), LATE)
    assert (share["overdue"], share["days_left"]) == (True, 0)
    assert not change(seeded, "HMX", LATE, reason="Thiếu biên chế", current=12)["overdue"]


def test_unknown_shares_are_not_found(seeded: World) -> None:
    for ident in ["ST-2024-TC-07.99", "0", "2147483648", "99999999999999999999", "\0", "²"]:
        with pytest.raises(NotFound):
            seeded.read(noun.get_share, seeded.actor("coordinator"), ident)


def test_what_occurred_is_done_when_explained_with_this_periods_figure(seeded: World) -> None:
    explained = change(seeded, "HMX", LATE, reason=" Thiếu\x00 biên chế ")
    assert (explained["reason"], explained["done"], explained["version"]) == ("Thiếu biên chế", False, 2)
    counted = change(seeded, "HMX", LATE, current=0)
    assert (counted["done"], counted["reason"], counted["version"]) == (True, "Thiếu biên chế", 3)
    assert listed(seeded, "HMX", done=True) == [LATE]
    assert not change(seeded, "HMX", LATE, current=None)["done"]
    assert not change(seeded, "HMX", LATE, current=5, reason="")["done"]


def test_what_occurred_cannot_be_cleared(seeded: World) -> None:
    with pytest.raises(InvalidInput, match="đã xảy ra") as refused:
        change(seeded, "HMX", LATE, reason="Đã xong", current=0, resolved=True)
    assert refused.value.field == "resolved"
    assert seeded.read(noun.get_share, seeded.actor("HMX"), LATE)["version"] == 1
    assert not change(seeded, "HMX", LATE, resolved=False, progress="Đang rà soát")["resolved"]


def test_a_clearable_share_is_done_when_cleared_and_explained(seeded: World) -> None:
    assert not change(seeded, "HMX", OFFICIALS, resolved=True)["done"]
    assert change(seeded, "HMX", OFFICIALS, reason="Đã cử đi đào tạo", remedy="Chuẩn hóa")["done"]
    assert not change(seeded, "HMX", OFFICIALS, resolved=False)["done"]
    assert not change(seeded, "HMX", OFFICIALS, current=0)["done"], "a figure alone clears nothing"


def test_what_is_taken_back_is_due_with_its_task_wherever_that_went_meanwhile(seeded: World) -> None:
    assert change(seeded, "HMX", OFFICIALS, reason="Đã cử đi học", resolved=True)["done"]
    later = Steering("Điều chỉnh", due_before=date(2025, 8, 1))
    seeded.write(tasks_noun.steer, seeded.actor("coordinator"), "ST-2024-TC-10", later, version=None)
    share = change(seeded, "HMX", OFFICIALS, resolved=False)
    assert (share["done"], share["effective_due"]) == (False, date(2025, 8, 1))


def test_a_figure_that_cannot_be_is_refused(seeded: World) -> None:
    for current in (-1, 2**31):
        with pytest.raises(InvalidInput) as refused:
            change(seeded, "HMX", LATE, current=current)
        assert refused.value.field == "current"


def test_only_the_units_own_words_can_be_written(seeded: World) -> None:
    refused: list[dict[str, Any]] = [{}, {"done": True}, {"quantity": 0}, {"reason": "x", "version": 9}]
    for values in refused:
        with pytest.raises(InvalidInput):
            seeded.write(noun.update_share, seeded.actor("HMX"), LATE, values, version=None)


def test_only_the_unit_itself_writes(seeded: World) -> None:
    with pytest.raises(NotFound):
        change(seeded, "SXD", LATE, reason="x")
    with pytest.raises(NotFound):
        change(seeded, "VPUB", LATE, reason="x")  # it leads the task, and the share is still another's
    with pytest.raises(Forbidden, match="chỉ đơn vị này"):
        change(seeded, "coordinator", LATE, reason="x")
    for who in ("leadership", "admin"):
        with pytest.raises(Forbidden):
            change(seeded, who, LATE, reason="x")
    assert change(seeded, "coordinator", OF_SNV, reason="Chậm lấy ý kiến")["reason"] == "Chậm lấy ý kiến"
    assert change(seeded, "SNV", OF_SNV, current=0)["done"]


def test_a_stale_version_is_refused_and_the_right_one_is_not(seeded: World) -> None:
    assert change(seeded, "HMX", LATE, version=1, progress="a")["version"] == 2
    with pytest.raises(StaleVersion) as refused:
        change(seeded, "HMX", LATE, version=1, progress="b")
    assert refused.value.extra == {"version": 2}
    assert change(seeded, "HMX", LATE, version=2, progress="b")["progress"] == "b"


@pytest.mark.parametrize("status", ["accepted", "closed"])
def test_a_share_of_an_ended_task_does_not_change(seeded: World, status: str) -> None:
    with seeded.db.transaction() as connection:
        connection.execute(update(tasks).where(tasks.c.code == "ST-2024-TC-07").values(status=status))
    with pytest.raises(IllegalMove, match="mở lại"):
        change(seeded, "HMX", LATE, reason="x")
    seeded.at(datetime(2025, 8, 1, tzinfo=UTC))
    assert not seeded.read(noun.get_share, seeded.actor("HMX"), LATE)["overdue"]


def test_each_change_is_logged_and_no_change_is_not(seeded: World) -> None:
    values = {"reason": "Thiếu biên chế", "current": 3}
    first = seeded.write(
        noun.update_share, seeded.actor("HMX"), LATE, values, version=None, on_behalf_of="Công chức một cửa"
    )
    assert seeded.write(noun.update_share, seeded.actor("HMX"), LATE, values, version=None) == first
    with seeded.db.snapshot() as connection:
        (row,) = connection.execute(select(events).where(events.c.action == "share.updated")).all()
    assert (row.entity, row.entity_code, row.at) == ("share", LATE, seeded.now)
    assert (row.actor, row.on_behalf_of) == ("HMX", "Công chức một cửa")
    assert row.before == {"reason": "", "current": None, "done": False}
    assert row.after == {**values, "done": True}
    assert row.assessment_id is not None
    assert row.province_id is not None
    assert first["updated_at"] == seeded.now


def test_a_page_of_shares_costs_two_queries_whatever_its_length(seeded: World) -> None:
    actor = seeded.actor("coordinator")

    def cost(limit: int) -> tuple[int, int]:
        statements: list[str] = []
        with seeded.db.snapshot() as connection:
            event.listen(connection, "before_cursor_execute", lambda *a: statements.append(a[2]))
            found = noun.list_shares(connection, actor, limit=limit, offset=0, now=seeded.now)
        return len(statements), len(found["items"])

    assert cost(5)[0] == cost(200)[0] == 2
    assert cost(5)[1] == 5
    assert cost(200)[1] > 50
