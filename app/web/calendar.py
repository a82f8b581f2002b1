"""Calendar feeds: making and revoking one's own, and the address that calendar programs read."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from app import feeds
from app.api.exports import read_calendar
from app.errors import NotFound, Problem
from app.idents import read_count
from app.web.visit import Signed, Visit

router = APIRouter(include_in_schema=False)


@router.get("/account/calendar")
async def show_feeds(visit: Signed) -> Response:
    return await _page(visit)


@router.post("/account/calendar")
async def create_feed(visit: Signed) -> Response:
    """The new address is shown on this answer only."""
    try:
        token = await visit.write(feeds.create_feed)
    except Problem as problem:
        return await _page(visit, problem=problem)
    return await _page(visit, address=f"{visit.settings.base_url}/calendar/{token}.ics")


@router.post("/account/calendar/{feed_id}/revocation")
async def revoke_feed(visit: Signed, feed_id: str) -> Response:
    try:
        await visit.write(feeds.revoke_feed, read_count(feed_id, digits=9) or -1)
    except Problem as problem:
        return await _page(visit, problem=problem)
    return visit.to("/account/calendar", "feed-revoked")


@router.get("/calendar/{token}.ics")
async def read_feed(request: Request, token: str) -> Response:
    """What the account behind the token owes; the token is the only key, so nothing of it is cached or told."""
    state = request.app.state
    actor = await state.db.read(feeds.find_reader, token)
    if actor is None:
        raise NotFound("Địa chỉ lịch không đúng hoặc đã bị thu hồi.")
    body = await read_calendar(state.db, actor, None, base_url=state.settings.base_url, now=state.clock.now())
    return Response(body, media_type="text/calendar; charset=utf-8", headers={"Cache-Control": "private, no-store"})


async def _page(visit: Visit, *, problem: Problem | None = None, address: str | None = None) -> Response:
    found = await visit.read(feeds.list_feeds)
    return visit.page("account/feeds.html", problem=problem, feeds=found, address=address)
