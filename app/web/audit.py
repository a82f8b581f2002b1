"""Nhật ký: who did what, when, on whose behalf, and what became of each value."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from app import audit
from app.core.access import Permission
from app.errors import Problem
from app.telling import ACTIONS, ENTITIES, changes, sentence
from app.web.forms import parse_day
from app.web.visit import Signed, Visit

router = APIRouter(include_in_schema=False)

PER_PAGE = 50
FILTERS = ("entity", "action", "actor", "code", "since", "until")
PAGES = {"task": "/tasks", "share": "/shares", "measure": "/measures", "agency": "/agencies"}
"""Where what an event is about can be looked at, by its code."""


@router.get("/audit")
async def show_audit(visit: Signed) -> Response:
    visit.actor.require(Permission.AUDIT_READ)
    frame = await visit.frame_if_any()
    typed = {name: visit.request.query_params.get(name, "").strip()[:200] for name in FILTERS}
    problem, found = None, None
    try:
        found = await visit.read(audit.list_told, _wanted(visit, typed))
    except Problem as error:
        problem = error
    return visit.page(
        "audit.html",
        problem=problem,
        **frame,
        found=found,
        typed=typed,
        ENTITIES=ENTITIES,
        actions=_actions(typed["entity"]),
        sentence=sentence,
        changes=changes,
        path_of=path_of,
    )


def path_of(event: Mapping[str, Any]) -> str | None:
    """The page of what an event is about; None where it has none."""
    if event["entity"] in PAGES:
        return f"{PAGES[event['entity']]}/{event['code']}"
    if event["entity"] == "contact":
        return f"/agencies/contacts/{event['entity_id']}"
    return None


def _wanted(visit: Visit, typed: Mapping[str, str]) -> audit.Filter:
    return audit.Filter(
        **{name: typed[name] or None for name in ("entity", "action", "actor", "code")},
        since=parse_day(typed["since"], field="since", label="Từ ngày"),
        until=parse_day(typed["until"], field="until", label="Đến ngày"),
        limit=PER_PAGE,
        offset=visit.offset,
    )


def _actions(entity: str) -> list[tuple[str, str]]:
    """Those of the chosen kind of thing, in the order of the table; evidence is logged with its task."""
    known = {"task": ("task.", "evidence."), "reminder_run": ("reminder.",)}.get(entity, (f"{entity}.",))
    return [(action, words) for action, words in ACTIONS.items() if not entity or action.startswith(known)]
