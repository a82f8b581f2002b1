"""What succession tests do over and over: order, look who has what, and build a second province."""

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import select

from app import accounts, agencies, tasks
from app.agencies import NewContact, ProvinceOrder
from app.core.access import SYSTEM, Actor
from app.models import agencies as agency_table
from app.models import assessments, events, measure_agencies, measures, provinces, shares
from app.models import tasks as task_table
from tests.conftest import World

TODAY = date(2025, 5, 5)
MERGER = date(2025, 7, 1)
ON_THE_DAY = datetime(2025, 6, 30, 17, 0, tzinfo=UTC)
"""01/07/2025 00:00 in Sóc Trăng."""


def succeed(
    world: World, agency: str, successor: str | None, *, on: date = TODAY, who: str = "coordinator"
) -> dict[str, Any]:
    answer: dict[str, Any] = world.write(
        agencies.succeed_agency,
        world.actor(who),
        agency,
        successor=successor,
        effective_from=on,
        reason="Nghị quyết sắp xếp",
    )
    return answer


def merge(world: World, *, on: date = MERGER, **more: Any) -> dict[str, Any]:
    wanted = ProvinceOrder(successor="can-tho", effective_from=on, reason="Sáp nhập tỉnh", **more)
    answer: dict[str, Any] = world.write(agencies.succeed_province, world.actor("admin"), "soc-trang", wanted)
    return answer


def build_can_tho(world: World, *codes: str) -> None:
    """A province with a coordinator SNV and the named agencies."""
    admin = world.actor("admin")
    world.write(agencies.create_province, admin, code="can-tho", name="Thành phố Cần Thơ")
    for code in ("SNV", *codes):
        name = f"{code} thành phố Cần Thơ"
        fields = {"code": code, "name": name, "province": "can-tho", "coordinator": code == "SNV"}
        world.write(agencies.create_agency, admin, **fields)


def run_due(world: World) -> int:
    with world.db.transaction() as connection:
        return agencies.apply_due_successions(connection, now=world.now)


def agency(world: World, code: str, *, province: str = "soc-trang") -> Any:
    with world.db.snapshot() as connection:
        return connection.execute(
            select(agency_table)
            .join(provinces, provinces.c.id == agency_table.c.province_id)
            .where(provinces.c.code == province, agency_table.c.code == code)
        ).one()


def tasks_of(world: World, code: str, *, province: str = "soc-trang") -> list[Any]:
    lead = agency(world, code, province=province).id
    with world.db.snapshot() as connection:
        found = select(task_table).where(task_table.c.agency_id == lead).order_by(task_table.c.code)
        return list(connection.execute(found).all())


def codes(rows: list[Any]) -> set[str]:
    return {row.code for row in rows}


def shares_of(world: World, code: str, *, province: str = "soc-trang") -> list[Any]:
    owner = agency(world, code, province=province).id
    with world.db.snapshot() as connection:
        return list(connection.execute(select(shares).where(shares.c.agency_id == owner)).all())


def measures_of(world: World, code: str, *, province: str = "soc-trang") -> dict[str, str]:
    owner = agency(world, code, province=province).id
    with world.db.snapshot() as connection:
        rows = connection.execute(
            select(measures.c.code, measure_agencies.c.progress)
            .join(measures, measures.c.id == measure_agencies.c.measure_id)
            .where(measure_agencies.c.agency_id == owner)
        )
        return {row.code: row.progress for row in rows}


def account(world: World, name: str, role: str, agency_code: str | None = None) -> tuple[int, str]:
    """A new account and its key."""
    made = world.write(
        accounts.create_account,
        SYSTEM,
        name=name,
        display_name=name,
        role=role,
        province="soc-trang",
        agency=agency_code,
    )
    return made["id"], world.write(accounts.create_key, SYSTEM, made["id"], label="", days=None).key


def holder(world: World, key: str) -> Actor | None:
    with world.db.snapshot() as connection:
        owner = accounts.find_by_key(connection, key)
    return None if owner is None else owner.actor


def contact(world: World, agency_code: str | None, name: str) -> int:
    kind = "officer" if agency_code else "leadership"
    new = NewContact(kind=kind, name=name, agency=agency_code, email=f"{name}@soctrang.example")
    made: int = world.write(agencies.create_contact, world.actor("coordinator"), new)["id"]
    return made


def reached(world: World, code: str | None, *, province: str = "soc-trang") -> list[str]:
    seat = agency(world, code or "SNV", province=province)
    with world.db.snapshot() as connection:
        found = agencies.reachable_contacts(connection, seat.province_id, seat.id if code else None, today=TODAY)
    return [one.name for one in found]


def close(world: World, code: str) -> None:
    world.write(tasks.close, world.actor("coordinator"), code, "Không khắc phục được", version=None)


def logged(world: World, **wanted: Any) -> list[Any]:
    with world.db.snapshot() as connection:
        conditions = [events.c[name] == value for name, value in wanted.items()]
        return list(connection.execute(select(events).where(*conditions).order_by(events.c.id)).all())


def assessment(world: World) -> Any:
    with world.db.snapshot() as connection:
        return connection.execute(select(assessments).where(assessments.c.code == "soc-trang-2024")).one()
