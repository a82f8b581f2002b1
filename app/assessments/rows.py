"""A seed as rows of tables: pure, no database. Ids of parents come in as mappings from their codes."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from pydantic import BaseModel

from app.assessments.seedfile import Seed
from app.assessments.seedfile.schema import Benchmark, Cause, Criterion, Measure
from app.core.reminding import Policy
from app.core.scoring import task_scores
from app.text import fold

Row = dict[str, Any]
Ids = Mapping[str, int]

NOTES = (
    "kinds",
    "subtotals",
    "printed_sums",
    "printed_rates",
    "related_indexes",
    "source_notes",
)
"""Sections of a seed that have no table of their own; `assessment.source` keeps them as they are."""


class Lead(NamedTuple):
    """Who answers for a code of the seed today: the agency itself or, after a succession, its successor."""

    id: int
    name: str
    succeeded: str | None = None
    """The name under which the seed knows it, where that has been succeeded."""


def plain(value: BaseModel | None) -> Row | None:
    return None if value is None else value.model_dump(mode="json")


def agency_rows(seed: Seed, province_id: int) -> list[Row]:
    return [
        {"province_id": province_id, "code": one.code, "name": one.name, "is_coordinator": one.coordinator}
        for one in seed.agencies
    ]


def former_name_rows(seed: Seed, agencies: Ids) -> list[Row]:
    return [
        {"agency_id": agencies[one.code], "name": former.name, "until": former.until}
        for one in seed.agencies
        for former in one.former_names
    ]


def assessment_row(seed: Seed, province_id: int, *, now: datetime) -> Row:
    one = seed.assessment
    return {
        "code": one.code,
        "province_id": province_id,
        "name": one.name,
        "year": one.year,
        "published": one.published.exact,
        "published_rank": one.published.rank,
        "province_count": one.published.provinces,
        "groups": {group.code: _group(group.model_dump(mode="json")) for group in seed.groups},
        "source": source_of(seed),
        "mandate_number": one.mandate.number if one.mandate else None,
        "mandate_date": one.mandate.date if one.mandate else None,
        "due_before": one.due_before,
        "reminder_policy": Policy().as_json(),
        "version": 1,
        "created_at": now,
    }


def _group(group: Row) -> Row:
    return {key: value for key, value in group.items() if key != "code"}


def source_of(seed: Seed) -> Row:
    """Everything else that the report says, JSON-ready; printed figures are strings, exactly as printed."""
    one = seed.assessment
    facts = one.model_dump(mode="json", include={"source", "published", "previous", "change", "announced_on", "where"})
    facts["published"].pop("exact")
    facts["decisions"] = [plain(decision) for decision in one.decisions]
    facts["other_years"] = [plain(mark) for mark in seed.benchmarks if mark.year != one.year]
    return facts | {name: [plain(entry) for entry in getattr(seed, name)] for name in NOTES}


def field_rows(seed: Seed, assessment_id: int) -> list[Row]:
    """`published` is exact: the maximum less every shortfall of the field."""
    short: dict[int, int] = {}
    for one in seed.criteria:
        short[one.field] = short.get(one.field, 0) + one.max - one.score
    return [
        {
            "assessment_id": assessment_id,
            "number": one.number,
            "name": one.name,
            "max": one.max,
            "published": one.max - short.get(one.number, 0),
            "figures": one.model_dump(mode="json", exclude={"number", "name", "max"}),
        }
        for one in seed.fields
    ]


def benchmark_rows(seed: Seed, assessment_id: int) -> list[Row]:
    """Those of the assessment's year only: scores of different years do not compare."""
    return [
        {
            "assessment_id": assessment_id,
            "label": one.label,
            "kind": one.kind,
            "score": one.score,
            "rank": one.rank,
            "provinces": one.provinces,
            "source": _benchmark_source(one),
        }
        for one in seed.benchmarks
        if one.year == seed.assessment.year
    ]


def _benchmark_source(one: Benchmark) -> str:
    return one.source if one.address is None else f"{one.source} ({one.address})"


def criterion_rows(seed: Seed, assessment_id: int, fields: Mapping[int, int]) -> list[Row]:
    lists = _share_lists(seed)
    return [
        {
            "assessment_id": assessment_id,
            "field_id": fields[one.field],
            "number": one.number,
            "kind": one.kind,
            "group": one.group,
            "name": one.name,
            "max": one.max,
            "published": one.score,
            "rule": one.parsed_rule.as_dict(),
            "facts": _facts(one, lists.get(one.code, [])),
            "where": one.where,
        }
        for one in seed.criteria
    ]


def _facts(one: Criterion, lists: list[Row]) -> Row:
    printed = None if one.short_printed is None else str(one.short_printed)
    facts: list[Any] = [plain(fact) for fact in one.facts]
    return {"items": facts, "short_printed": printed, "share_lists": lists}


def _share_lists(seed: Seed) -> dict[str, list[Row]]:
    """What the report says of each list as a whole: its printed total, and whether it is open-ended."""
    found: dict[str, list[Row]] = {}
    for one in seed.share_lists:
        found.setdefault(one.task, []).append(one.model_dump(mode="json", exclude={"shares", "task"}))
    return found


def task_rows(
    seed: Seed, assessment_id: int, criteria: Mapping[tuple[str, int], int], leads: Mapping[str, Lead], *, now: datetime
) -> list[Row]:
    return [
        _task_row(one, assessment_id, criteria[one.kind, one.number], leads[one.agency])
        | {"due_before": seed.assessment.due_before, "effective_due": seed.assessment.due_before}
        | {"created_at": now, "updated_at": now}
        for one in seed.criteria
    ]


def _task_row(one: Criterion, assessment_id: int, criterion_id: int, lead: Lead) -> Row:
    scores = task_scores(kind=one.kind, status="assigned", published=one.score, max_points=one.max)
    former = one.former_agency or lead.succeeded
    return {
        "code": one.code,
        "assessment_id": assessment_id,
        "criterion_id": criterion_id,
        "agency_id": lead.id,
        "former_agency": former,
        "assignment_basis": one.assignment_basis if lead.succeeded is None else "succession",
        "field_number": one.field,
        "group": one.group,
        "kind": one.kind,
        "search": fold(" ".join((one.code, one.name, lead.name, former or ""))),
        "status": "assigned",
        "extension_due": None,
        "resubmit_before": None,
        "submitted_at": None,
        "submitted_by": None,
        "submitted_on_time": None,
        "submissions": 0,
        "percent": 0,
        "max": one.max,
        "published": scores.published,
        "target": None,
        "verified": None,
        "reported": None,
        "floor": scores.floor,
        "expected": scores.expected,
        "ceiling": scores.ceiling,
        "version": 1,
    }


def share_rows(seed: Seed, tasks: Ids, leads: Mapping[str, Lead]) -> list[Row]:
    return [
        {
            "code": one.code,
            "task_id": tasks[one.task],
            "agency_id": leads[one.agency].id,
            "former_agency": one.former_agency or leads[one.agency].succeeded,
            "kind": one.kind,
            "what": one.what,
            "quantity": one.quantity,
            "unit": one.unit,
            "where": _place(one.where, one.printed_as),
            "reason": "",
            "progress": "",
            "remedy": "",
            "current": None,
            "resolved": False,
            "done": False,
            "version": 1,
            "updated_at": None,
        }
        for one in seed.shares
    ]


def _place(where: str, printed: str | None) -> str:
    return where if printed is None else f"{where} (báo cáo ghi “{printed}”)"


def cause_rows(seed: Seed, assessment_id: int) -> list[Row]:
    return [
        {"assessment_id": assessment_id, "code": one.code, "text": one.text, "where": one.where} for one in seed.causes
    ]


def measure_rows(seed: Seed, assessment_id: int) -> list[Row]:
    return [
        {
            "assessment_id": assessment_id,
            "code": one.code,
            "text": one.text,
            "where": _place(one.where, one.former_agency),
        }
        for one in seed.measures
    ]


def linked_tasks(seed: Seed, entry: Cause | Measure) -> Iterator[str]:
    """Codes of the tasks that a cause or measure is about: named ones, and all of the fields it names."""
    named, numbers = set(entry.criteria), set(entry.fields)
    return (one.code for one in seed.criteria if one.code in named or one.field in numbers)
