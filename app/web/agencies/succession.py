"""Kế thừa nhiệm vụ: an agency's work passes to another from a day on; first in words, then as an order."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from app import agencies
from app.api.schemas import path_id
from app.core.access import Permission
from app.errors import InvalidInput, Problem
from app.telling import moved_parts
from app.web.agencies.directory import show
from app.web.agencies.place import find, go_to, path_to, province_of, standing
from app.web.forms import Sent
from app.web.visit import Signed, Visit

router = APIRouter(include_in_schema=False)

NOBODY = "none"
"""Chosen where the work falls to the coordinator. No agency has such a code: theirs are capitals."""


@router.post("/agencies/orders/{order_id}/cancellation")
async def cancel(visit: Signed, order_id: str) -> Response:
    order = await visit.read(agencies.get_order, path_id(order_id))
    agency = None
    if order["agency"]:
        agency = await visit.read(agencies.get_agency, order["agency"]["code"], province=order["province"]["code"])
    try:
        await visit.write(agencies.cancel_succession, path_id(order_id))
    except Problem as problem:
        if agency is None:
            raise
        return await show(visit, agency, problem)
    return go_to(path_to(agency, visit=visit) if agency else "/agencies", "succession-cancelled", visit=visit)


@router.get("/agencies/{code}/succession")
async def show_form(visit: Signed, code: str) -> Response:
    visit.actor.require(Permission.AGENCY_SUCCEED)
    return await _form(visit, await find(visit, code))


@router.post("/agencies/{code}/succession")
async def order(visit: Signed, code: str) -> Response:
    """`act` preview: say what would move, and write nothing. Otherwise give the order."""
    agency = await find(visit, code)
    try:
        wanted = read_order(visit.sent, _successor(visit.sent))
        if visit.sent.text("act") == "preview":
            moved = await visit.write(agencies.foresee_succession, code, **wanted, province=province_of(visit))
            return await _form(visit, agency, foreseen=moved, wanted=wanted)
        done = await visit.write(
            agencies.succeed_agency, code, **wanted, reason=visit.sent.text("reason"), province=province_of(visit)
        )
    except Problem as problem:
        return await _form(visit, agency, problem)
    visit.request.app.state.keys.forget()  # keys of moved accounts now act for the successor
    done_key = "succession-applied" if done["moved"] is not None else "succession-ordered"
    return go_to(path_to(agency, visit=visit), done_key, visit=visit)


def _successor(sent: Sent) -> str | None:
    """None where the coordinator is to take over; that has to be chosen, not left out."""
    chosen = sent.text("successor")
    if not chosen:
        raise InvalidInput("Hãy chọn cơ quan kế thừa.", field="successor")
    return None if chosen == NOBODY else chosen


def read_order(sent: Sent, successor: str | None) -> dict[str, Any]:
    """Raises `InvalidInput`."""
    day = sent.day("effective_from", "Từ ngày")
    if day is None:
        raise InvalidInput("Hãy ghi ngày bắt đầu kế thừa, ví dụ 01/07/2025.", field="effective_from")
    return {"successor": successor, "effective_from": day}


async def _form(
    visit: Visit,
    agency: Mapping[str, Any],
    problem: Problem | None = None,
    *,
    foreseen: Mapping[str, int] | None = None,
    wanted: Mapping[str, Any] | None = None,
) -> Response:
    others = [one for one in await standing(visit, agency["province"]) if one["code"] != agency["code"]]
    day: date | None = wanted["effective_from"] if wanted else None
    return visit.page(
        "agencies/succession.html",
        problem=problem,
        **await visit.frame_if_any(),
        agency=agency,
        others=others,
        NOBODY=NOBODY,
        names={one["code"]: one["name"] for one in others},
        sent=visit.sent,
        home=path_to(agency, visit=visit),
        here=path_to(agency, "/succession", visit=visit),
        moving=moved_parts(foreseen) if foreseen is not None else None,
        wanted=wanted,
        at_once=day is not None and day <= visit.today,
    )
