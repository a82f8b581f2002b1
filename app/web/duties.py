"""Phần trách nhiệm and giải pháp: lists, and what an agency reports on them."""

from typing import Any, Final

from fastapi import APIRouter
from starlette.responses import Response

from app import measures, shares
from app.agencies import list_agencies
from app.core.access import Role
from app.errors import InvalidInput, Problem, StaleVersion
from app.text import by_name
from app.vietnamese import number_text
from app.web.forms import NOTHING_SENT, Sent
from app.web.visit import Signed, Visit

router = APIRouter(include_in_schema=False)

PER_PAGE: Final = 100
KINDS: Final = {"clearable": "Khắc phục được", "occurred": "Đã xảy ra, cần giải trình"}
STATES: Final = {"0": "Chưa xong", "1": "Đã xong"}
TEXTS: Final = {
    "reason": "Lý do tồn tại, hạn chế",
    "progress": "Tiến độ xử lý",
    "remedy": "Biện pháp khắc phục",
}
FIELDS: Final = {**TEXTS, "current": "Số liệu kỳ này", "resolved": "Đã khắc phục xong"}
"""What a share's form holds, and what it is called."""


@router.get("/shares")
async def list_shares(visit: Signed) -> Response:
    frame = await visit.frame()
    query = visit.request.query_params
    wanted = {name: query.get(name) or None for name in ("agency", "task")}
    state = query.get("done", "") if query.get("done", "") in STATES else ""
    found = await visit.read(
        shares.list_shares,
        assessment=frame["assessment"]["code"],
        **wanted,
        done={"0": False, "1": True}.get(state),
        limit=PER_PAGE,
        offset=visit.offset,
    )
    context: dict[str, Any] = {"found": found, "wanted": {**wanted, "done": state}, "agencies": await _agencies(visit)}
    return visit.page("shares/list.html", **frame, **context, KINDS=KINDS, STATES=STATES)


@router.get("/shares/{code}")
async def show_share(visit: Signed, code: str) -> Response:
    return await _share(visit, code)


@router.post("/shares/{code}")
async def post_share(visit: Signed, code: str) -> Response:
    sent = visit.sent
    try:
        version = sent.whole("version", "Phiên bản")
        if version is None:
            raise InvalidInput("Biểu mẫu thiếu phiên bản. Hãy xem lại nội dung rồi bấm lưu.", field="version")
        await visit.write(shares.update_share, code, await _share_change(visit, code), version=version)
    except StaleVersion:
        problem = StaleVersion(
            "Phần trách nhiệm này vừa được người khác cập nhật trong lúc bạn nhập, nên chưa ghi gì. "
            "Hãy xem hai bản bên dưới, giữ nội dung cần giữ trong biểu mẫu rồi bấm lưu lần nữa."
        )
        return await _share(visit, code, problem, typed=sent, stale=True)
    except Problem as problem:
        return await _share(visit, code, problem, typed=sent)
    return visit.to(f"/shares/{code}", "share-saved")


async def _share_change(visit: Visit, code: str) -> dict[str, Any]:
    """Only what the form holds: what has occurred cannot be ticked as resolved."""
    sent = visit.sent
    change: dict[str, Any] = {name: sent.text(name) for name in TEXTS if sent.has(name)}
    if sent.has("current"):
        change["current"] = sent.whole("current", FIELDS["current"])
    if sent.flag("resolved") or (await visit.read(shares.get_share, code))["kind"] == "clearable":
        change["resolved"] = sent.flag("resolved")
    return change


async def _share(
    visit: Visit, code: str, problem: Problem | None = None, *, typed: Sent | None = None, stale: bool = False
) -> Response:
    share = await visit.read(shares.get_details, code)
    return visit.page(
        "shares/share.html",
        **await visit.frame(),
        problem=problem,
        share=share,
        typed=typed,
        differing=_differing(share, typed) if stale and typed is not None else [],
        KINDS=KINDS,
        FIELDS=FIELDS,
    )


def _differing(share: dict[str, Any], typed: Sent) -> list[tuple[str, str, str]]:
    """(label, as it stands, as it was typed) of the texts and figures that differ."""
    stands = {**{name: share[name] for name in TEXTS}, "current": number_text(share["current"])}
    pairs = [(name, value, typed.text(name)) for name, value in stands.items()]
    return [(FIELDS[name], left, right) for name, left, right in pairs if left != right]


# Giải pháp


@router.get("/measures")
async def list_measures(visit: Signed) -> Response:
    frame = await visit.frame()
    query = visit.request.query_params
    wanted = {name: query.get(name) or None for name in ("agency", "task")}
    place = {"limit": PER_PAGE, "offset": visit.offset}
    found = await visit.read(measures.list_measures, assessment=frame["assessment"]["code"], **wanted, **place)
    context: dict[str, Any] = {"found": found, "wanted": wanted, "agencies": await _agencies(visit)}
    return visit.page("measures/list.html", **frame, **context)


@router.get("/measures/{code}")
async def show_measure(visit: Signed, code: str) -> Response:
    return await _measure(visit, code)


@router.post("/measures/{code}")
async def post_measure(visit: Signed, code: str) -> Response:
    try:
        await visit.write(measures.update_measure, code, visit.sent.text("progress"))
    except Problem as problem:
        return await _measure(visit, code, problem, typed=visit.sent)
    return visit.to(f"/measures/{code}", "measure-saved")


async def _measure(visit: Visit, code: str, problem: Problem | None = None, *, typed: Sent | None = None) -> Response:
    measure = await visit.read(measures.get_details, code)
    measure["agencies"] = by_name(measure["agencies"])
    context: dict[str, Any] = {"measure": measure, "sent": typed or NOTHING_SENT, "typed": typed is not None}
    return visit.page("measures/measure.html", **await visit.frame(), problem=problem, **context)


# Both


async def _agencies(visit: Visit) -> list[dict[str, Any]]:
    if visit.actor.role is Role.AGENCY:
        return []
    return by_name((await visit.read(list_agencies, limit=200, offset=0))["items"])
