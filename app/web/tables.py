"""Every table as CSV, for people: the same rows as the page it is of, under the same filters."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date
from typing import Any

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from app import accounts, audit, evidence, measures, projections, reminders, shares, summaries, tasks
from app.agencies import list_contacts, list_holidays
from app.api.downloads import saved_as
from app.errors import InvalidInput, NotFound
from app.idents import read_count
from app.reports.tables import MOST_ROWS, TABLES, Style, as_csv
from app.web.forms import parse_day
from app.web.tasks import wanted_tasks
from app.web.visit import Signed, Visit

router = APIRouter(include_in_schema=False)

Rows = tuple[Sequence[Mapping[str, Any]], int]
"""The rows, and how many there are in all."""
ALL = {"limit": MOST_ROWS, "offset": 0}
OF_NO_ASSESSMENT = frozenset({"audit", "contacts", "accounts", "holidays"})
"""What there is before the first assessment too."""


@router.get("/csv/{name}")
async def get_table(visit: Signed, name: str) -> Response:
    if name not in TABLES:
        raise NotFound("Không có bảng này.")
    frame = await (visit.frame_if_any() if name in OF_NO_ASSESSMENT else visit.frame())
    assessment = frame["assessment"]["code"] if frame else "khac-phuc"
    rows, total = await GATHER[name](visit, assessment)
    body = await run_in_threadpool(as_csv, TABLES[name], rows, total=total, style=Style.PEOPLE)
    return csv_answer(body, f"{name}-{assessment}-{visit.today:%Y-%m-%d}.csv")


def csv_answer(body: bytes, filename: str) -> Response:
    headers = {**saved_as(filename), "Cache-Control": "no-store"}
    return Response(body, headers=headers, media_type="text/csv; charset=utf-8")


# What the address asks for


def _asked(visit: Visit, *names: str) -> dict[str, str | None]:
    return {name: visit.request.query_params.get(name) or None for name in names}


def _ticked(visit: Visit, name: str) -> bool | None:
    """yes/no of a filter; None where it is not asked for."""
    return {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}.get(
        visit.request.query_params.get(name, "")
    )


def _day(visit: Visit, name: str) -> date | None:
    return parse_day(visit.request.query_params.get(name, "").strip(), field=name, label="Ngày")


def _whole(page: Mapping[str, Any]) -> Rows:
    return page["items"], page.get("total", len(page["items"]))


async def _tasks(visit: Visit, assessment: str) -> Rows:
    return _whole(await visit.read(tasks.list_tasks, wanted_tasks(visit, assessment, limit=MOST_ROWS)))


def _projected(part: str) -> Callable[[Visit, str], Awaitable[Rows]]:
    async def gather(visit: Visit, assessment: str) -> Rows:
        found = await visit.read(projections.get_projection, assessment, as_of=_day(visit, "as_of"))
        return found[part], len(found[part])

    return gather


async def _agencies(visit: Visit, assessment: str) -> Rows:
    found = await visit.read(summaries.summarize, assessment, by="agency", as_of=_day(visit, "as_of"))
    return found["groups"], len(found["groups"])


async def _shares(visit: Visit, assessment: str) -> Rows:
    wanted = _asked(visit, "agency", "task")
    return _whole(
        await visit.read(shares.list_shares, assessment=assessment, done=_ticked(visit, "done"), **wanted, **ALL)
    )


async def _measures(visit: Visit, assessment: str) -> Rows:
    wanted = _asked(visit, "agency", "task")
    found = await visit.read(measures.list_measures, assessment=assessment, **wanted, **ALL)
    rows = [
        {**one, "agency": agency["code"], "agency_name": agency["name"], **_note(agency)}
        for one in found["items"]
        for agency in one["agencies"]
    ]
    return rows, max(len(rows), found["total"])


def _note(agency: Mapping[str, Any]) -> dict[str, Any]:
    return {"progress": agency.get("progress"), "updated_at": agency.get("updated_at")}


async def _evidence(visit: Visit, _assessment: str) -> Rows:
    wanted = _asked(visit, "q", "agency", "task")
    withdrawn = {"withdrawn": True, "standing": False}.get(visit.request.query_params.get("state", ""))
    return _whole(await visit.read(evidence.list_documents, withdrawn=withdrawn, **wanted, **ALL))


async def _extensions(visit: Visit, _assessment: str) -> Rows:
    state = visit.request.query_params.get("state")
    wanted = state if state in ("open", "granted", "refused") else None
    return _whole(await visit.read(tasks.list_requests, state=wanted, **_asked(visit, "task"), **ALL))


async def _audit(visit: Visit, _assessment: str) -> Rows:
    asked = _asked(visit, "entity", "action", "actor", "code")
    wanted = audit.Filter(
        entity=asked["entity"],
        action=asked["action"],
        actor=asked["actor"],
        code=asked["code"],
        since=_day(visit, "since"),
        until=_day(visit, "until"),
        limit=MOST_ROWS,
    )
    return _whole(await visit.read(audit.list_told, wanted))


async def _digests(visit: Visit, _assessment: str) -> Rows:
    wanted = _asked(visit, "recipient", "state")
    return _whole(
        await visit.read(reminders.list_digests, **wanted, first=_day(visit, "first"), last=_day(visit, "last"), **ALL)
    )


async def _deliveries(visit: Visit, assessment: str) -> Rows:
    digests, total = await _digests(visit, assessment)
    rows = [
        {**sent, "on": one["on"], "recipient_name": one["recipient_name"]}
        for one in digests
        for sent in one["deliveries"]
    ]
    return rows, max(len(rows), total)


async def _contacts(visit: Visit, _assessment: str) -> Rows:
    return _whole(await visit.read(list_contacts, **_asked(visit, "agency", "kind"), **ALL))


async def _accounts(visit: Visit, _assessment: str) -> Rows:
    wanted = _asked(visit, "role")
    return _whole(await visit.read(accounts.page_accounts, **wanted, active=_ticked(visit, "active"), **ALL))


async def _holidays(visit: Visit, _assessment: str) -> Rows:
    year = visit.request.query_params.get("year", "")
    known = read_count(year, digits=4)
    if year and (known is None or len(year) != 4):
        raise InvalidInput("Năm phải gồm bốn chữ số, ví dụ 2025.", field="year")
    return _whole(await visit.read(list_holidays, known))


async def _history(visit: Visit, assessment: str) -> Rows:
    return _whole(await visit.read(summaries.get_history, assessment))


GATHER: Mapping[str, Callable[[Visit, str], Awaitable[Rows]]] = {
    "tasks": _tasks,
    "fields": _projected("fields"),
    "groups": _projected("groups"),
    "criteria": _projected("criteria"),
    "agencies": _agencies,
    "shares": _shares,
    "measures": _measures,
    "evidence": _evidence,
    "extensions": _extensions,
    "audit": _audit,
    "digests": _digests,
    "deliveries": _deliveries,
    "contacts": _contacts,
    "accounts": _accounts,
    "holidays": _holidays,
    "history": _history,
}
