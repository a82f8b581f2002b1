"""A province as reminders see it: who can be told, under which policies, on which calendar."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Connection, func, select

from app.agencies import calendar_around as calendar_around  # for whoever asks about a province
from app.core.reminding import Policy, parse_policy
from app.models import agencies, assessments, provinces, reminder_runs
from app.outbox.recipients import LEADERSHIP, leadership_name, recipient_of


class Seat(NamedTuple):
    """A recipient of digests; without an agency it is the leadership."""

    recipient: str
    agency_id: int | None
    name: str


@dataclass(frozen=True, slots=True)
class Province:
    id: int
    code: str
    seats: Mapping[str, Seat]
    """By recipient."""
    by_agency: Mapping[int, str]
    """Recipients by agency id."""
    coordinator: str
    """Also stands for agencies that are not the province's own: what nobody takes falls to the coordinator."""
    policies: Mapping[int, Policy]
    """By assessment."""
    policy: Policy
    """Of the newest assessment: it sets the hour of the one daily run."""

    @property
    def leadership(self) -> str:
        return recipient_of(self.code, LEADERSHIP)

    def recipient(self, agency_id: int) -> str:
        return self.by_agency.get(agency_id, self.coordinator)


def find_provinces(connection: Connection, province_id: int | None = None) -> list[Province]:
    """Every province that has an assessment, or that one alone; by code. Two queries, however many there are."""
    statement = (
        select(
            provinces.c.id, provinces.c.code, provinces.c.name, assessments.c.id.label("assessment"), assessments.c.year
        )
        .add_columns(assessments.c.reminder_policy)
        .join(assessments, assessments.c.province_id == provinces.c.id)
        .order_by(provinces.c.code, assessments.c.year, assessments.c.id)
    )
    if province_id is not None:
        statement = statement.where(provinces.c.id == province_id)
    grouped: dict[int, list[Any]] = {}
    for row in connection.execute(statement):
        grouped.setdefault(row.id, []).append(row)
    held = _agencies(connection, grouped)
    return [_province(rows, held.get(key, [])) for key, rows in grouped.items()]


def province_ids(connection: Connection) -> list[int]:
    """Of every province that has an assessment."""
    return list(connection.execute(select(assessments.c.province_id).distinct()).scalars())


def several(connection: Connection) -> bool:
    """Whether recipients need their province in front to be told apart."""
    return connection.execute(select(func.count()).select_from(provinces)).scalar_one() > 1


def last_run_on(connection: Connection, province: Province) -> date | None:
    """The local date of the last run; None before the first."""
    statement = select(func.max(reminder_runs.c.local_date)).where(reminder_runs.c.province_id == province.id)
    return connection.execute(statement).scalar()


def _agencies(connection: Connection, province_ids: Iterable[int]) -> dict[int, list[Any]]:
    statement = select(
        agencies.c.id, agencies.c.province_id, agencies.c.code, agencies.c.name, agencies.c.is_coordinator
    ).where(agencies.c.province_id.in_(list(province_ids)))
    found: dict[int, list[Any]] = {}
    for row in connection.execute(statement):
        found.setdefault(row.province_id, []).append(row)
    return found


def _province(rows: list[Any], held: list[Any]) -> Province:
    first, code = rows[0], rows[0].code
    leadership = Seat(recipient_of(code, LEADERSHIP), None, leadership_name(first.name))
    seats = [Seat(recipient_of(code, agency.code), agency.id, agency.name) for agency in held]
    steering = [recipient_of(code, agency.code) for agency in held if agency.is_coordinator]
    policies = {row.assessment: parse_policy(row.reminder_policy) for row in rows}
    return Province(
        id=first.id,
        code=code,
        seats={seat.recipient: seat for seat in (*seats, leadership)},
        by_agency={agency.id: recipient_of(code, agency.code) for agency in held},
        coordinator=steering[0] if steering else leadership.recipient,
        policies=policies,
        policy=policies[rows[-1].assessment],
    )
