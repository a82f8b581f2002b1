"""Days worked and days off: Vietnamese public holidays, and the overrides that people enter.

The `holidays` package knows the law and many of the yearly swaps (ngày nghỉ hoán đổi), but not all of them, so a table
of overrides has the last word.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import Connection, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from app import events
from app.core.access import Actor, Permission
from app.core.workdays import ONE_DAY, Calendar, local_date
from app.db import savepoint
from app.errors import Conflict, Forbidden, InvalidInput, NotFound
from app.models import day_overrides, provinces
from app.text import compose

FIRST_YEAR = 2000
LAST_YEAR = 2100
"""The package computes lunar holidays up to here."""


class _Year(NamedTuple):
    off: Mapping[date, str]
    """Day off → its Vietnamese name."""
    working: frozenset[date]
    """Days at weekends that are worked in exchange."""


@lru_cache(maxsize=128)
def _year(year: int) -> _Year:
    import holidays  # a tenth of a second that a start without reminders need not pay

    known = holidays.country_holidays("VN", years=year, language="vi")
    swapped = frozenset(day for day in known.weekend_workdays if day.year == year)
    return _Year({day: name for day, name in sorted(known.items()) if day.year == year}, swapped)


def work_calendar(connection: Connection, *, years: Iterable[int]) -> Calendar:
    """Working days of these years. Before 1901 and after 2100 only weekends and overrides are known."""
    wanted = set(years)
    off: set[date] = set()
    working: set[date] = set()
    for year in wanted:
        known = _year(year)
        off.update(known.off)
        working.update(known.working)
    for day, is_worked in _overrides(connection, wanted):
        (working if is_worked else off).add(day)
        (off if is_worked else working).discard(day)
    return Calendar(frozenset(off), frozenset(working))


def calendar_around(connection: Connection, day: date) -> Calendar:
    """Enough for every question about `day`: breaks over New Year reach into the neighbouring years."""
    return work_calendar(connection, years=range(day.year - 1, day.year + 2))


def list_holidays(connection: Connection, actor: Actor, year: int | None, *, now: datetime) -> dict[str, Any]:
    """Every day of the year (None: of this one) that differs from plain weeks, by law or by override, in order."""
    actor.require(Permission.AGENCY_READ)
    year = local_date(now).year if year is None else year
    _check_year(year, "year")
    known = _year(year)
    days = {day: _day(day, name=name, working=False) for day, name in known.off.items()}
    days |= {day: _day(day, name="Ngày làm việc bù", working=True) for day in known.working}
    for row in connection.execute(select(day_overrides).where(_within(year))):
        name = days[row.day]["name"] if row.day in days else None
        days[row.day] = _day(row.day, name=name, working=row.working, override=True, note=row.note)
    return {"year": year, "items": [days[day] for day in sorted(days)], "total": len(days)}


def set_holiday(
    connection: Connection, actor: Actor, day: date, *, working: bool, note: str, now: datetime
) -> dict[str, Any]:
    """Say that a day is worked or off, whatever the law's calendar says. Doing so again replaces what was said.

    What stands already leaves no trace. Conflict when the day would make a break so long (more than 60 days) that no
    working day could be found.
    """
    _check_may_edit(connection, actor)
    _check_year(day.year, "day")
    values: dict[str, Any] = {"working": working, "note": compose(note)}
    before = _put(connection, day, values)
    if before != values:
        _check_break(connection, day)
        _record(connection, actor, day, before, values, now=now)
    return _shown(day, working=working, note=values["note"])


def clear_holiday(connection: Connection, actor: Actor, day: date, *, now: datetime) -> dict[str, Any]:
    """Drop an override, so that the law's calendar counts again; `NotFound` when there is none."""
    _check_may_edit(connection, actor)
    before = _find(connection, day)
    if before is None:
        raise NotFound(f"Ngày {day:%d/%m/%Y} không có điều chỉnh nào.")
    connection.execute(delete(day_overrides).where(day_overrides.c.day == day))
    _check_break(connection, day)
    _record(connection, actor, day, before, None, now=now)
    return _day(day, name=_year(day.year).off.get(day), working=_is_workday(connection, day))


# Inside


def _check_may_edit(connection: Connection, actor: Actor) -> None:
    """Days off are the whole country's, so with several provinces only an administrator of all of them sets one."""
    actor.require(Permission.CALENDAR_EDIT)
    active = select(func.count()).select_from(provinces).where(provinces.c.succeeded_from.is_(None))
    if actor.province_id is not None and connection.execute(active).scalar_one() > 1:
        raise Forbidden(
            "Lịch làm việc dùng chung cho mọi tỉnh trong hệ thống. Hãy đề nghị quản trị viên toàn hệ thống điều chỉnh."
        )


def _overrides(connection: Connection, years: set[int]) -> list[tuple[date, bool]]:
    if not years:
        return []
    rows = connection.execute(
        select(day_overrides.c.day, day_overrides.c.working).where(
            day_overrides.c.day.between(date(min(years), 1, 1), date(max(years), 12, 31))
        )
    )
    return [(day, working) for day, working in rows if day.year in years]


def _within(year: int) -> Any:
    return day_overrides.c.day.between(date(year, 1, 1), date(year, 12, 31))


def _find(connection: Connection, day: date) -> dict[str, Any] | None:
    """What was said of the day, held until the commit."""
    said = select(day_overrides.c.working, day_overrides.c.note).where(day_overrides.c.day == day)
    found = connection.execute(said.with_for_update()).first()
    return None if found is None else dict(found._mapping)


def _put(connection: Connection, day: date, values: Mapping[str, Any]) -> dict[str, Any] | None:
    """Write it down and return what had been said before."""
    before = _find(connection, day)
    if before is None:
        try:
            with savepoint(connection, "day"):
                connection.execute(insert(day_overrides).values(day=day, **values))
            return None
        except IntegrityError:  # somebody else said something at the same moment
            before = _find(connection, day)
    connection.execute(update(day_overrides).where(day_overrides.c.day == day).values(**values))
    return before


def _check_year(year: int, field: str) -> None:
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise InvalidInput(f"Năm phải từ {FIRST_YEAR} đến {LAST_YEAR}.", field=field)


def _check_break(connection: Connection, day: date) -> None:
    calendar = calendar_around(connection, day)
    try:
        calendar.on_or_after(calendar.on_or_before(day) + ONE_DAY)
    except ValueError:
        raise Conflict(
            "Như vậy sẽ nghỉ liền quá 60 ngày, không còn ngày làm việc để gửi nhắc việc. Hãy kiểm tra lại.", field="day"
        ) from None


def _is_workday(connection: Connection, day: date) -> bool:
    return work_calendar(connection, years=[day.year]).is_workday(day)


def _shown(day: date, *, working: bool, note: str) -> dict[str, Any]:
    return _day(day, name=_year(day.year).off.get(day), working=working, override=True, note=note)


def _day(day: date, *, name: str | None, working: bool, override: bool = False, note: str = "") -> dict[str, Any]:
    return {"day": day, "name": name, "working": working, "override": override, "note": note}


def _record(
    connection: Connection,
    actor: Actor,
    day: date,
    before: dict[str, Any] | None,
    after: dict[str, Any] | None,
    *,
    now: datetime,
) -> None:
    events.record(
        connection,
        actor,
        now=now,
        entity="holiday",
        entity_id=day.toordinal(),
        code=day.isoformat(),
        action="holiday.cleared" if after is None else "holiday.set",
        before=before,
        after=after,
    )
