"""Days worked and days off: the law's calendar, and what people enter on top of it."""

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import select

from app import agencies, audit
from app.core.access import SYSTEM
from app.errors import Conflict, Forbidden, InvalidInput, NotFound
from app.models import events
from tests.conftest import World


def calendar(world: World, *years: int):
    with world.db.snapshot() as connection:
        return agencies.work_calendar(connection, years=years)


def set_day(world: World, day: date, *, working: bool, note: str = "") -> dict:
    return world.write(agencies.set_holiday, world.actor("coordinator"), day, working=working, note=note)


def listed(world: World, year: int) -> dict[date, dict]:
    answer = world.read(agencies.list_holidays, world.actor("SKHCN"), year)
    return {one["day"]: one for one in answer["items"]}


def test_public_holidays_are_off_and_swapped_weekend_days_are_worked(seeded: World) -> None:
    found = calendar(seeded, 2025)
    assert not found.is_workday(date(2025, 4, 30))
    assert not found.is_workday(date(2025, 5, 2))
    assert found.is_workday(date(2025, 4, 26))  # the Saturday worked for it
    assert found.is_workday(date(2025, 5, 5))


def test_only_the_years_asked_for_are_known(seeded: World) -> None:
    found = calendar(seeded, 2025)
    assert {day.year for day in found.off} == {2025}
    assert calendar(seeded).is_workday(date(2025, 4, 30))
    assert not calendar(seeded, 1800).is_workday(date(2025, 5, 3))


def test_an_override_enters_the_swap_that_the_package_misses(seeded: World) -> None:
    assert calendar(seeded, 2026).is_workday(date(2026, 1, 2))
    set_day(seeded, date(2026, 1, 2), working=False, note="Hoán đổi với 10/01/2026")
    set_day(seeded, date(2026, 1, 10), working=True)
    found = calendar(seeded, 2026)
    assert not found.is_workday(date(2026, 1, 2))
    assert found.is_workday(date(2026, 1, 10))


def test_an_override_wins_over_a_public_holiday_and_can_be_said_anew(seeded: World) -> None:
    day = date(2025, 9, 1)
    set_day(seeded, day, working=True)
    assert calendar(seeded, 2025).is_workday(day)
    answer = set_day(seeded, day, working=False, note="Nghỉ\0 lễ")
    assert answer == {"day": day, "name": "Quốc khánh", "working": False, "override": True, "note": "Nghỉ lễ"}
    assert not calendar(seeded, 2025).is_workday(day)


def test_the_list_holds_holidays_swap_days_and_overrides_in_order(seeded: World) -> None:
    set_day(seeded, date(2025, 6, 2), working=False, note="Sắp xếp tổ chức")
    found = listed(seeded, 2025)
    assert list(found) == sorted(found)
    assert found[date(2025, 4, 30)]["name"] == "Ngày Chiến thắng"
    assert found[date(2025, 4, 26)]["working"]
    assert found[date(2025, 6, 2)] == {
        "day": date(2025, 6, 2),
        "name": None,
        "working": False,
        "override": True,
        "note": "Sắp xếp tổ chức",
    }


def test_clearing_an_override_brings_the_law_back(seeded: World) -> None:
    day = date(2025, 9, 1)
    set_day(seeded, day, working=True)
    answer = seeded.write(agencies.clear_holiday, seeded.actor("admin"), day)
    assert answer["working"] is False
    assert not answer["override"]
    assert not calendar(seeded, 2025).is_workday(day)
    with pytest.raises(NotFound):
        seeded.write(agencies.clear_holiday, seeded.actor("admin"), day)


def test_a_break_without_end_is_refused_and_leaves_no_trace(seeded: World) -> None:
    weekdays = [date.fromordinal(date(2025, 6, 2).toordinal() + n) for n in range(61)]
    coordinator = seeded.actor("coordinator")
    with seeded.db.transaction() as connection:
        for day in weekdays[:-3]:
            agencies.set_holiday(connection, coordinator, day, working=False, note="", now=seeded.now)
    with pytest.raises(Conflict, match="60 ngày"):
        set_day(seeded, weekdays[-3], working=False)
    assert weekdays[-3] not in listed(seeded, 2025)
    assert calendar(seeded, 2025).on_or_after(weekdays[0]) == weekdays[-3]


def test_years_without_a_calendar_are_refused(seeded: World) -> None:
    with pytest.raises(InvalidInput):
        set_day(seeded, date(2101, 1, 1), working=False)
    with pytest.raises(InvalidInput):
        listed(seeded, 1999)


def test_only_coordinator_and_admin_edit_and_each_change_is_logged(seeded: World) -> None:
    with pytest.raises(Forbidden):
        seeded.write(agencies.set_holiday, seeded.actor("leadership"), date(2025, 6, 2), working=False, note="")
    set_day(seeded, date(2025, 6, 2), working=False, note="a")
    seeded.write(agencies.clear_holiday, seeded.actor("coordinator"), date(2025, 6, 2))
    with seeded.db.snapshot() as connection:
        rows = connection.execute(select(events).where(events.c.entity == "holiday").order_by(events.c.id)).all()
    assert [(row.action, row.entity_code) for row in rows] == [
        ("holiday.set", "2025-06-02"),
        ("holiday.cleared", "2025-06-02"),
    ]
    assert rows[1].before == {"working": False, "note": "a"}


def test_with_several_provinces_only_an_administrator_of_all_sets_days_for_all(seeded: World) -> None:
    seeded.write(agencies.create_province, SYSTEM, code="can-tho", name="Thành phố Cần Thơ")
    with pytest.raises(Forbidden, match="mọi tỉnh"):
        set_day(seeded, date(2025, 6, 2), working=False)
    seeded.write(agencies.set_holiday, seeded.actor("admin"), date(2025, 6, 2), working=False, note="nghỉ bù")
    entries = seeded.read(audit.list_events, seeded.actor("coordinator"), audit.Filter(entity="holiday"))
    assert entries["total"] == 1  # it concerns everybody, so everybody's coordinator sees it


def test_saying_the_same_again_is_no_event(seeded: World) -> None:
    set_day(seeded, date(2025, 6, 2), working=False)
    set_day(seeded, date(2025, 6, 2), working=False)
    assert seeded.read(audit.list_events, seeded.actor("coordinator"), audit.Filter(entity="holiday"))["total"] == 1


def test_a_provinces_administrator_makes_no_other_province(seeded: World) -> None:
    admin = replace(seeded.actor("admin"), province_id=seeded.actor("coordinator").province_id)
    with pytest.raises(Forbidden, match="toàn hệ thống"):
        seeded.write(agencies.create_province, admin, code="can-tho", name="Thành phố Cần Thơ")
