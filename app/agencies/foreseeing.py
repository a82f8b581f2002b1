"""What a succession would move, found by carrying it out and taking it all back: so no rule of it is written twice."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any, NoReturn

from sqlalchemy import Connection

from app.agencies.merging import ProvinceOrder, succeed_province
from app.agencies.succession import succeed_agency
from app.core.access import Actor
from app.core.workdays import local_date
from app.db import savepoint

NO_REASON_YET = "xem trước"


class _TakenBack(Exception):
    """Carries what was found out of the savepoint that it undoes."""

    def __init__(self, moved: dict[str, int]) -> None:
        super().__init__()
        self.moved = moved


def foresee_succession(
    connection: Connection,
    actor: Actor,
    ident: str,
    *,
    successor: str | None,
    effective_from: date,
    province: str | None = None,
    now: datetime,
) -> dict[str, int]:
    """How much of each kind would pass on if the order were carried out today; raises as `succeed_agency`.

    Needs the write door, though nothing of it stays.
    """

    def order(day: date) -> dict[str, Any]:
        return succeed_agency(
            connection,
            actor,
            ident,
            successor=successor,
            effective_from=day,
            reason=NO_REASON_YET,
            province=province,
            now=now,
        )

    return _foresee(connection, order, min(effective_from, local_date(now)))


def foresee_merger(
    connection: Connection, actor: Actor, code: str, wanted: ProvinceOrder, *, now: datetime
) -> dict[str, int]:
    """The same for a whole province; raises as `succeed_province`."""

    def order(day: date) -> dict[str, Any]:
        tried = ProvinceOrder(
            wanted.successor, day, NO_REASON_YET, wanted.mapping, wanted.successor_name, wanted.leadership_moves
        )
        return succeed_province(connection, actor, code, tried, now=now)

    return _foresee(connection, order, min(wanted.effective_from, local_date(now)))


def _foresee(connection: Connection, order: Callable[[date], dict[str, Any]], day: date) -> dict[str, int]:
    try:
        with savepoint(connection, "foreseen"):
            _take_back(order(day))
    except _TakenBack as taken:
        return taken.moved


def _take_back(order: dict[str, Any]) -> NoReturn:
    raise _TakenBack(dict(order["moved"] or {}))
