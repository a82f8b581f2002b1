"""A seed into the database: a province's agencies, its assessment, and one task per unmet criterion.

Loading the same or a corrected seed again inserts only what is missing and overwrites nothing, because people have
worked on what stands; every fact that differs is reported. Statements are few and bulk: their number does not depend on
how many criteria there are.
"""

import contextlib
import gc
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, text

from app import events
from app.assessments import rows
from app.assessments.merge import Merged, Tally, insert_rows, inverse, merge, merge_links
from app.assessments.nouns import (
    AGENCIES,
    ASSESSMENTS,
    BENCHMARKS,
    CAUSES,
    CRITERIA,
    FIELDS,
    FORMER_NAMES,
    MEASURES,
    PROVINCES,
    SHARES,
    TASKS,
)
from app.assessments.seedfile import Seed
from app.assessments.states import created_state
from app.core.access import Actor, Permission
from app.errors import Conflict, Forbidden
from app.models import (
    agencies,
    agency_names,
    assessments,
    benchmarks,
    cause_tasks,
    causes,
    criteria,
    fields,
    measure_agencies,
    measure_tasks,
    measures,
    provinces,
    shares,
    task_cooperators,
    tasks,
)
from app.models import events as event_table

LOAD_LOCK = 7_202_400
"""PostgreSQL advisory lock: two replicas that load at once do so one after the other. SQLite has one writer anyway."""


@dataclass(frozen=True, slots=True)
class LoadResult:
    """`added` and `unchanged` count by noun; `different` has one Vietnamese line for each fact that was left alone."""

    assessment_id: int
    code: str
    added: Mapping[str, int]
    unchanged: Mapping[str, int]
    different: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Load:
    """What every step of one load needs."""

    connection: Connection
    actor: Actor
    seed: Seed
    now: datetime
    tally: Tally


def load_assessment(connection: Connection, actor: Actor, seed: Seed, *, now: datetime) -> LoadResult:
    """Load a seed, or what of it is missing.

    Forbidden unless the actor may make agencies in that province; Conflict when a code of the seed belongs to another
    province or assessment (nothing is loaded then).
    """
    actor.require(Permission.AGENCY_EDIT)
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOAD_LOCK})
    load = _Load(connection, actor, seed, now, Tally())
    with _without_collector():
        assessment_id = _load(load)
    tally = load.tally
    added = {name: count for name, count in tally.added.items() if count}
    return LoadResult(assessment_id, seed.assessment.code, added, dict(tally.unchanged), tuple(tally.different))


def _load(load: _Load) -> int:
    province_id = _province(load)
    codes = _agencies(load, province_id)
    assessment_id = _assessment(load, province_id)
    found = _tasks(load, assessment_id, codes)
    _shares(load, assessment_id, found, codes)
    _causes(load, assessment_id, found)
    _measures(load, assessment_id, found, codes)
    _record(load, assessment_id, province_id, found)
    return assessment_id


@contextlib.contextmanager
def _without_collector() -> Iterator[None]:
    """The rows of a large seed hold no cycles, and looking for some again and again takes a quarter of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _province(load: _Load) -> int:
    one = load.seed.province
    merged = merge(load.connection, load.tally, PROVINCES, provinces.c.code == one.code, [one.model_dump()])
    found = merged.ids[one.code]
    if load.actor.province_id not in (None, found):
        raise Forbidden("Tài khoản này chỉ được nạp dữ liệu của tỉnh mình.")
    return found


def _agencies(load: _Load, province_id: int) -> "_Agencies":
    within = agencies.c.province_id == province_id
    wanted = rows.agency_rows(load.seed, province_id)
    standing = load.connection.execute(select(agencies.c.code).where(within, agencies.c.is_coordinator)).scalar()
    if standing is not None:  # the database refuses a second one; a known agency's mark is reported by `merge`
        known = {code for (code,) in load.connection.execute(select(agencies.c.code).where(within))}
        for row in wanted:
            if row["is_coordinator"] and row["code"] not in known:
                row["is_coordinator"] = False
                load.tally.different.append(
                    f"Cơ quan {row['code']}: tệp ghi là cơ quan thường trực, nhưng tỉnh đã có {standing}; giữ nguyên."
                )
    merged = merge(load.connection, load.tally, AGENCIES, within, wanted)
    named = agency_names.c.agency_id.in_(select(agencies.c.id).where(within))
    merge(load.connection, load.tally, FORMER_NAMES, named, rows.former_name_rows(load.seed, merged.ids))
    return _Agencies(merged, _leads(load.connection, merged))


@dataclass(frozen=True, slots=True)
class _Agencies:
    merged: Merged
    leads: Mapping[str, rows.Lead]
    """By the seed's code, who answers for it today."""

    def name(self, agency_id: int) -> str:
        return next((code for code, lead in self.leads.items() if lead.id == agency_id), str(agency_id))


def _leads(connection: Connection, merged: Merged) -> dict[str, rows.Lead]:
    """Successors, also in another province, take the place of agencies that were succeeded."""
    known = {
        one.id: one for one in connection.execute(select(agencies.c.id, agencies.c.name, agencies.c.succeeded_by_id))
    }
    found = {}
    for code, first in merged.ids.items():
        last, seen = known[first], {first}
        while last.succeeded_by_id is not None and last.succeeded_by_id not in seen:
            last = known[last.succeeded_by_id]
            seen.add(last.id)
        found[code] = rows.Lead(last.id, last.name, None if last.id == first else known[first].name)
    return found


def _assessment(load: _Load, province_id: int) -> int:
    """Its own province's, or that of the province which succeeded it; Conflict with any other."""
    code = load.seed.assessment.code
    owner = load.connection.execute(select(assessments.c.province_id).where(assessments.c.code == code)).scalar()
    if owner is not None and owner not in _with_successors(load.connection, province_id):
        raise Conflict(f"Kỳ đánh giá {code} đã có và thuộc một tỉnh khác; hãy kiểm tra mã trong tệp dữ liệu.")
    wanted = rows.assessment_row(load.seed, province_id, now=load.now)
    wanted["reminder_policy"] = _policy_of(load.connection, province_id) or wanted["reminder_policy"]
    merged = merge(load.connection, load.tally, ASSESSMENTS, assessments.c.code == code, [wanted])
    return merged.ids[code]


def _policy_of(connection: Connection, province_id: int) -> Any:
    """That of the province's newest assessment: another year is reminded of as people have set it, at their hours."""
    newest = assessments.c.year.desc(), assessments.c.id.desc()
    policy = select(assessments.c.reminder_policy).where(assessments.c.province_id == province_id)
    return connection.execute(policy.order_by(*newest).limit(1)).scalar()


def _with_successors(connection: Connection, province_id: int) -> set[int]:
    after = dict(connection.execute(select(provinces.c.id, provinces.c.succeeded_by_id)).all())
    found: set[int] = set()
    next_id: int | None = province_id
    while next_id is not None and next_id not in found:
        found.add(next_id)
        next_id = after[next_id]
    return found


def _tasks(load: _Load, assessment_id: int, codes: _Agencies) -> Merged:
    connection, seed, tally = load.connection, load.seed, load.tally
    numbers = merge(
        connection, tally, FIELDS, fields.c.assessment_id == assessment_id, rows.field_rows(seed, assessment_id)
    )
    merge(
        connection,
        tally,
        BENCHMARKS,
        benchmarks.c.assessment_id == assessment_id,
        rows.benchmark_rows(seed, assessment_id),
    )
    wanted = rows.criterion_rows(seed, assessment_id, numbers.ids)
    ids = merge(connection, tally, CRITERIA, criteria.c.assessment_id == assessment_id, wanted).ids
    work = rows.task_rows(seed, assessment_id, ids, codes.leads, now=load.now)
    noun = replace(TASKS, facts={"agency_id": ("cơ quan phụ trách", codes.name)})
    merged = merge(connection, tally, noun, tasks.c.assessment_id == assessment_id, work)
    _cooperators(load, assessment_id, merged, codes)
    _record_created(load, assessment_id, merged, work)
    return merged


def _cooperators(load: _Load, assessment_id: int, found: Merged, codes: _Agencies) -> None:
    new, by_id = {found.ids[code] for code in found.new}, inverse(found.ids)
    leading = {one.code: codes.leads[one.agency].id for one in load.seed.criteria}
    pairs = (
        (found.ids[one.code], codes.leads[other].id)
        for one in load.seed.criteria
        for other in one.cooperating
        if codes.leads[other].id != leading[one.code]  # two agencies may have become one
    )
    merge_links(
        load.connection,
        load.tally,
        task_cooperators,
        "Cơ quan phối hợp của",
        task_cooperators.c.task_id.in_(select(tasks.c.id).where(tasks.c.assessment_id == assessment_id)),
        pairs,
        is_new=lambda task, _agency: task in new,
        names=lambda task, agency: f"{by_id[task]}: {codes.name(agency)}",
    )


def _shares(load: _Load, assessment_id: int, found: Merged, codes: _Agencies) -> None:
    own = select(tasks.c.id, tasks.c.effective_due).where(tasks.c.assessment_id == assessment_id)
    due = dict(load.connection.execute(own).all())
    wanted = rows.share_rows(load.seed, found.ids, codes.leads)
    for row in wanted:
        row["effective_due"] = due[row["task_id"]]
    within = shares.c.task_id.in_(select(tasks.c.id).where(tasks.c.assessment_id == assessment_id))
    noun = replace(SHARES, facts={**SHARES.facts, "agency_id": ("đơn vị", codes.name)})
    merge(load.connection, load.tally, noun, within, wanted)


def _causes(load: _Load, assessment_id: int, found: Merged) -> None:
    within = causes.c.assessment_id == assessment_id
    merged = merge(load.connection, load.tally, CAUSES, within, rows.cause_rows(load.seed, assessment_id))
    own = cause_tasks.c.cause_id.in_(select(causes.c.id).where(within))
    _link_tasks(load, cause_tasks, "Nguyên nhân", own, merged, found, load.seed.causes)


def _measures(load: _Load, assessment_id: int, found: Merged, codes: _Agencies) -> None:
    within = measures.c.assessment_id == assessment_id
    merged = merge(load.connection, load.tally, MEASURES, within, rows.measure_rows(load.seed, assessment_id))
    own = select(measures.c.id).where(within)
    _link_tasks(
        load, measure_tasks, "Giải pháp", measure_tasks.c.measure_id.in_(own), merged, found, load.seed.measures
    )
    new, by_id = {merged.ids[code] for code in merged.new}, inverse(merged.ids)
    new_agencies = {codes.leads[code].id for code in codes.merged.new}
    merge_links(
        load.connection,
        load.tally,
        measure_agencies,
        "Giải pháp",
        measure_agencies.c.measure_id.in_(own),
        ((merged.ids[one.code], codes.leads[code].id) for one in load.seed.measures for code in one.agencies),
        is_new=lambda measure, agency: measure in new or agency in new_agencies,
        names=lambda measure, agency: f"{by_id[measure]} của {codes.name(agency)}",
        extra={"progress": "", "updated_at": None},
    )


def _link_tasks(
    load: _Load, table: Any, title: str, within: Any, merged: Merged, found: Merged, entries: Iterable[Any]
) -> None:
    new = {merged.ids[code] for code in merged.new}
    new_tasks = {found.ids[code] for code in found.new}
    by_id, tasks_by_id = inverse(merged.ids), inverse(found.ids)
    merge_links(
        load.connection,
        load.tally,
        table,
        title,
        within,
        ((merged.ids[one.code], found.ids[code]) for one in entries for code in rows.linked_tasks(load.seed, one)),
        is_new=lambda entry, task: entry in new or task in new_tasks,
        names=lambda entry, task: f"{by_id[entry]} với {tasks_by_id[task]}",
    )


def _record_created(load: _Load, assessment_id: int, found: Merged, work: Iterable[rows.Row]) -> None:
    """One `task.created` for each new task, in bulk, with every tracked column: figures of past days start from it."""
    owner = select(assessments.c.province_id).where(assessments.c.id == assessment_id).scalar_subquery()
    province_id = load.connection.execute(select(owner)).scalar_one()
    head = {
        "at": load.now,
        "province_id": province_id,
        "assessment_id": assessment_id,
        "entity": "task",
        "action": "task.created",
        "account_id": load.actor.account_id,
        "actor": load.actor.name,
        "on_behalf_of": load.actor.on_behalf_of,
        "before": {},
        "why": "",
    }
    made = [
        head | {"entity_id": found.ids[row["code"]], "entity_code": row["code"], "after": created_state(row)}
        for row in work
        if row["code"] in found.new
    ]
    if made:
        insert_rows(load.connection, event_table, made, "Nhật ký")


def _record(load: _Load, assessment_id: int, province_id: int, found: Merged) -> None:
    """One event for the load as a whole; none when it changed nothing."""
    added = Counter({name: count for name, count in load.tally.added.items() if count})
    if not added:
        return
    events.record(
        load.connection,
        load.actor,
        now=load.now,
        entity="assessment",
        entity_id=assessment_id,
        code=load.seed.assessment.code,
        action="assessment.loaded",
        after={"added": dict(added)},
        assessment_id=assessment_id,
        province_id=province_id,
    )
