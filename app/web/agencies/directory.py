"""The list of agencies, one agency, and its name."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from app import agencies, summaries
from app.core.access import Permission
from app.core.workflow import OPEN
from app.errors import Problem
from app.telling.words import CONTACT_KINDS
from app.web.agencies.place import find, go_to, path_to, province_of
from app.web.visit import Signed, Visit

router = APIRouter(include_in_schema=False)

PER_PAGE = 100
STATES = {"active": "Đang hoạt động", "succeeded": "Đã có cơ quan kế thừa", "all": "Tất cả"}
ORDER_STATES = {"pending": "Chờ đến ngày", "applied": "Đã thực hiện", "cancelled": "Đã hủy"}


@router.get("/agencies")
async def list_agencies(visit: Signed) -> Response:
    frame = await visit.frame_if_any()
    query = visit.request.query_params
    state = query.get("state") if query.get("state") in STATES else "active"
    found = await visit.read(
        agencies.list_agencies,
        province=province_of(visit),
        active={"active": True, "succeeded": False}.get(state or ""),
        limit=PER_PAGE,
        offset=visit.offset,
    )
    return visit.page(
        "agencies/list.html",
        **frame,
        found=found,
        state=state,
        STATES=STATES,
        provinces=await _provinces(visit),
        province=province_of(visit),
        figures=await _figures(visit, frame.get("assessment")),
        unreached={one["code"] for one in await visit.read(agencies.list_without_contacts)},
        orders=await _orders(visit, state="pending"),
        ORDER_STATES=ORDER_STATES,
        path_to=partial(path_to, visit=visit),
        **_rights(visit),
    )


@router.get("/agencies/new")
async def show_new(visit: Signed) -> Response:
    visit.actor.require(Permission.AGENCY_EDIT)
    return await _new(visit)


@router.post("/agencies/new")
async def create(visit: Signed) -> Response:
    sent = visit.sent
    try:
        made = await visit.write(
            agencies.create_agency,
            code=sent.text("code").upper(),
            name=sent.text("name"),
            province=sent.optional("province"),
            coordinator=sent.flag("coordinator"),
        )
    except Problem as problem:
        return await _new(visit, problem)
    return go_to(path_to(made, visit=visit), "agency-created", visit=visit)


@router.get("/agencies/{code}")
async def show_agency(visit: Signed, code: str) -> Response:
    return await show(visit, await find(visit, code))


@router.post("/agencies/{code}/name")
async def rename(visit: Signed, code: str) -> Response:
    sent = visit.sent
    try:
        until = sent.day("until", "Ngày cuối dùng tên cũ")
        renamed = await visit.write(
            agencies.rename_agency, code, name=sent.text("name"), until=until, province=province_of(visit)
        )
    except Problem as problem:
        return await show(visit, await find(visit, code), problem)
    return go_to(path_to(renamed, visit=visit), "agency-renamed", visit=visit)


async def show(visit: Visit, agency: Mapping[str, Any], problem: Problem | None = None) -> Response:
    """An agency's page, also after something about it failed."""
    frame = await visit.frame_if_any()
    rights = _rights(visit)
    unreached = {one["code"] for one in await visit.read(agencies.list_without_contacts)}
    return visit.page(
        "agencies/one.html",
        problem=problem,
        **frame,
        agency=agency,
        sent=visit.sent,
        figures=(await _figures(visit, frame.get("assessment"))).get((agency["province"], agency["code"])),
        contacts=await _contacts(visit, agency) if rights["may_contact"] else [],
        reached=agency["code"] not in unreached,
        orders=await _orders(visit, agency=str(agency["id"])),
        CONTACT_KINDS=CONTACT_KINDS,
        ORDER_STATES=ORDER_STATES,
        path_to=partial(path_to, visit=visit),
        **rights,
    )


# Inside


def _rights(visit: Visit) -> dict[str, Any]:
    may = visit.actor.may
    return {
        "may_contact": may(Permission.CONTACT_EDIT),
        "may_edit": may(Permission.AGENCY_EDIT),
        "may_succeed": may(Permission.AGENCY_SUCCEED),
        "may_merge": may(Permission.PROVINCE_SUCCEED) and visit.actor.province_id is None,
    }


async def _new(visit: Visit, problem: Problem | None = None) -> Response:
    return visit.page(
        "agencies/new.html",
        problem=problem,
        **await visit.frame_if_any(),
        sent=visit.sent,
        provinces=await _provinces(visit),
    )


async def _provinces(visit: Visit) -> list[dict[str, Any]]:
    return list((await visit.read(agencies.list_provinces))["items"])


async def _figures(visit: Visit, assessment: Mapping[str, Any] | None) -> dict[tuple[str, str], dict[str, Any]]:
    """Tasks and points of the assessment by (province, code) of the agency that leads them."""
    if assessment is None:
        return {}
    found = await visit.read(summaries.summarize, assessment["code"], by="agency")
    home = assessment["province"]["code"]
    return {(home, one["key"]): one | {"open": sum(one["by_status"][key] for key in OPEN)} for one in found["groups"]}


async def _contacts(visit: Visit, agency: Mapping[str, Any]) -> list[dict[str, Any]]:
    found = await visit.read(
        agencies.list_contacts, agency=agency["code"], province=agency["province"], limit=200, offset=0
    )
    return with_stand_ins(found["items"], await active_contacts(visit))


async def active_contacts(visit: Visit) -> list[dict[str, Any]]:
    """Everybody who may stand in for somebody."""
    return list((await visit.read(agencies.list_contacts, active=True, limit=2_000, offset=0))["items"])


def with_stand_ins(items: list[dict[str, Any]], active: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Contacts with the names of who gets their letters meanwhile; those at work first."""
    names = {one["id"]: one["name"] for one in active}
    told = [one | {"stand_in_name": names.get(one["stand_in"])} for one in items]
    return sorted(told, key=lambda one: (not one["active"], one["id"]))


async def _orders(visit: Visit, **wanted: Any) -> list[dict[str, Any]]:
    return list((await visit.read(agencies.list_orders, limit=50, offset=0, **wanted))["items"])
