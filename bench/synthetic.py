"""Assessments of any size, in the form of a real seed, and who works on them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select

from app import accounts
from app.assessments.load import load_assessment
from app.assessments.seedfile import Seed
from app.core.access import SYSTEM, Actor
from app.models import criteria, tasks

MEASURED = ("ratios",)
"""Every criterion has a formula: the most work for an update."""
AS_REPORTED = ("ratios", *("declared",) * 4, *("survey",) * 7)
"""About the mix of the report of 2024: 4 criteria with a formula, 17 declared, 27 of the survey."""
AGENCIES = 16
COORDINATOR = "CQ01"


def agency_code(number: int) -> str:
    return f"CQ{number % AGENCIES + 1:02}"


def seed_data(
    name: str, size: int, rules: Sequence[str] = AS_REPORTED, *, year: int = 2024, agencies: int = AGENCIES
) -> dict[str, Any]:
    """The keys of a seed for an assessment of `size` criteria, whose kinds of rules follow `rules` in turn.

    `agencies`: of the province; those beyond `AGENCIES` have no task.
    """
    return {
        "province": {"code": name, "name": f"Tỉnh {name.upper()}"},
        "assessment": {
            "code": f"{name}-{year}",
            "code_prefix": f"{name.upper()}-{year}",
            "year": str(year),
            "name": f"Chỉ số cải cách hành chính tỉnh {name.upper()} năm {year}",
            "source": "Số liệu sinh ra để đo",
            "published": {"exact": "50", "printed": "50.00", "rate": "50.00", "rank": "30", "provinces": "63"},
            "due_before": f"{year + 1}-07-01",
            "where": "Mẫu",
        },
        "groups": [
            {"code": code, "name": code, "max": most, "current": _half(), "where": "Mẫu"}
            for code, most in (
                ("appraisal", "61.5"),
                ("socio_economic", "6.5"),
                ("officials_survey", "22"),
                ("sipas", "10"),
            )
        ],
        "fields": [
            {"number": str(number), "name": f"Lĩnh vực {number}", "max": "12.5", "current": _half(), "where": "Mẫu"}
            for number in range(1, 9)
        ],
        "agencies": [
            {"code": f"CQ{number + 1:02}", "name": f"Sở số {number + 1}", "coordinator": str(number == 0).lower()}
            for number in range(agencies)
        ],
        "criteria": [
            _criterion(f"{name.upper()}-{year}", number, rules[number % len(rules)]) for number in range(size)
        ],
    }


def _criterion(prefix: str, number: int, rule: str) -> dict[str, Any]:
    survey = rule == "survey"
    return {
        "code": f"{prefix}-{'KS' if survey else 'TC'}-{number + 1:02}",
        "number": str(number + 1),
        "kind": "survey" if survey else "appraised",
        "group": "officials_survey" if survey else "appraisal",
        "field": str(number % 8 + 1),
        "name": f"Tỷ lệ thủ tục hành chính được giải quyết đúng hạn, tiêu chí thành phần số {number + 1}",
        "max": "2",
        "score": "0.5",
        "agency": agency_code(number),
        "cooperating": [agency_code(number + 1)],
        "assignment_basis": "report",
        "rule": _ratio() if rule == "ratios" else {"kind": rule},
        "where": "Mẫu",
    }


def _half() -> dict[str, str]:
    return {"score": "50.00", "rate": "50.00"}


def _ratio() -> dict[str, Any]:
    return {
        "kind": "ratios",
        "confidence": "cited",
        "citation": "Mẫu",
        "inputs": [
            {"name": "done", "label": "Số hồ sơ đúng hạn", "unit": "hồ sơ", "published": "250"},
            {"name": "total", "label": "Tổng số hồ sơ", "unit": "hồ sơ", "published": "1000"},
        ],
        "terms": [{"points": "2", "numerator": "done", "denominator": "total"}],
    }


def load(
    connection: Connection, name: str, size: int, rules: Sequence[str] = AS_REPORTED, *, now: datetime, **more: int
) -> int:
    """Load an assessment named `<name>-<year>` through the application; returns its id. `more`: see `seed_data`."""
    seed = Seed.model_validate(seed_data(name, size, rules, **more))
    return load_assessment(connection, SYSTEM, seed, now=now).assessment_id


def multiply(connection: Connection, assessment_id: int, times: int) -> None:
    """Give an assessment `times` as many criteria and tasks, by INSERT … SELECT: loading them is another measure.

    Ids are given, not drawn from PostgreSQL's sequences, so nothing can be loaded afterwards.
    """
    last = max(connection.execute(select(func.max(table.c.id))).scalar_one() for table in (criteria, tasks))
    for step in range(last, last * times, last):
        for table, changed in (
            (criteria, {"id": criteria.c.id + step, "number": criteria.c.number + step}),
            (tasks, {"id": tasks.c.id + step, "criterion_id": tasks.c.criterion_id + step, "code": _code(step)}),
        ):
            rows = select(*(changed.get(column.name, column) for column in table.columns))
            own = rows.where(table.c.assessment_id == assessment_id, table.c.id <= last)
            connection.execute(insert(table).from_select([column.name for column in table.columns], own))


def _code(step: int) -> Any:
    return tasks.c.code + f"-{step}"


def make_key(connection: Connection, role: str, province: str, agency: str | None, *, now: datetime) -> str:
    """A fresh account of that role with an API key."""
    account = accounts.create_account(
        connection,
        SYSTEM,
        name=f"{province}/{agency or role}".lower(),
        display_name=agency or role,
        role=role,
        province=province,
        agency=agency,
        now=now,
    )
    return accounts.create_key(connection, SYSTEM, account["id"], label="bench", days=None, now=now).key


def actor_of(connection: Connection, key: str) -> Actor:
    owner = accounts.find_by_key(connection, key)
    assert owner is not None
    return owner.actor
