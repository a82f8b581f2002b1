"""Sáp nhập tỉnh: a province with its assessments passes to another, agency by agency."""

from collections.abc import Mapping

from fastapi import APIRouter
from starlette.responses import Response

from app import agencies
from app.agencies import ProvinceOrder
from app.core.access import Permission
from app.errors import Forbidden, InvalidInput, Problem
from app.telling import moved_parts
from app.web.agencies.place import standing
from app.web.agencies.succession import read_order
from app.web.forms import Sent
from app.web.visit import Signed, Visit

router = APIRouter(include_in_schema=False)

NEW = "new"
"""Chosen where the province to come is not known here yet."""


@router.get("/agencies/merger")
async def show_form(visit: Signed) -> Response:
    _check_may(visit)
    return await _form(visit)


@router.post("/agencies/merger")
async def order(visit: Signed) -> Response:
    """`act` preview: say what would move, and write nothing. Otherwise give the order."""
    _check_may(visit)
    old = visit.sent.text("old")
    try:
        wanted = _wanted(visit.sent)
        if visit.sent.text("act") == "preview":
            return await _form(visit, moved=await visit.write(agencies.foresee_merger, old, wanted), wanted=wanted)
        done = await visit.write(agencies.succeed_province, old, wanted)
    except Problem as problem:
        return await _form(visit, problem)
    visit.request.app.state.keys.forget()
    return visit.to("/agencies", "succession-applied" if done["moved"] is not None else "succession-ordered")


def _check_may(visit: Visit) -> None:
    visit.actor.require(Permission.PROVINCE_SUCCEED)
    if visit.actor.province_id is not None:
        raise Forbidden("Chỉ quản trị viên của toàn hệ thống được sáp nhập tỉnh.")


def _wanted(sent: Sent) -> ProvinceOrder:
    is_new = sent.text("heir") == NEW
    stated = read_order(sent, sent.text("successor") if is_new else sent.text("heir"))
    name = sent.optional("successor_name")
    if is_new and name is None:
        raise InvalidInput("Hãy ghi tên tỉnh mới.", field="successor_name")
    return ProvinceOrder(
        successor=stated["successor"],
        effective_from=stated["effective_from"],
        reason=sent.text("reason"),
        mapping={old: new.upper() for old, new in sent.starting("map.").items() if new},
        successor_name=name if is_new else None,
        leadership_moves=sent.flag("leadership_moves"),
    )


async def _form(
    visit: Visit,
    problem: Problem | None = None,
    *,
    moved: Mapping[str, int] | None = None,
    wanted: ProvinceOrder | None = None,
) -> Response:
    provinces = [one for one in (await visit.read(agencies.list_provinces))["items"] if one["active"]]
    known = {one["code"]: one for one in provinces}
    query = visit.request.query_params
    old = known.get(visit.sent.text("old") or query.get("old", "")) or (provinces[0] if provinces else None)
    heir = visit.sent.text("heir") or query.get("heir", "")
    heirs = [one for one in provinces if old is None or one["code"] != old["code"]]
    if heir != NEW and heir not in {one["code"] for one in heirs}:
        heir = NEW
    return visit.page(
        "agencies/merger.html",
        problem=problem,
        **await visit.frame_if_any(),
        provinces=provinces,
        old=old,
        heirs=heirs,
        heir=heir,
        NEW=NEW,
        agencies=await standing(visit, old["code"]) if old else [],
        targets=await standing(visit, heir) if heir != NEW else [],
        names={one["code"]: one["name"] for one in provinces},
        sent=visit.sent,
        moving=moved_parts(moved) if moved is not None else None,
        wanted=wanted,
        at_once=wanted is not None and wanted.effective_from <= visit.today,
        typed=_typed(visit.sent),
    )


def _typed(sent: Sent) -> dict[str, str]:
    return sent.starting("map.")
