"""One's own account: password, signed-in browsers, calendar feed."""

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from app import accounts
from app.api.schemas import path_id
from app.errors import InvalidInput, NotFound, Problem
from app.web.browsers import in_words
from app.web.signin import check_repeated
from app.web.visit import Signed, Visit, caller_of, remember

router = APIRouter(include_in_schema=False)


@router.get("/account")
async def show_account(visit: Signed) -> Response:
    return await _page(visit)


@router.get("/account/password")
async def go_back(visit: Signed) -> Response:
    """The address that the form was sent to, opened again."""
    return visit.to("/account")


@router.post("/account/password")
async def change_password(visit: Signed) -> Response:
    """Every session of the account ends; this browser gets a new one, under a new token."""
    try:
        if not visit.sent.raw("current"):
            raise InvalidInput("Hãy nhập mật khẩu hiện tại.", field="current")
        check_repeated(visit.sent)
        changed = await accounts.change_password(
            visit.db,
            visit.session,
            visit.sent.raw("current"),
            visit.sent.raw("password"),
            caller=caller_of(visit.request),
            now=visit.now,
        )
    except Problem as problem:
        return await _page(visit, problem=problem)
    response = visit.to("/account", "password-changed")
    remember(response, changed, visit.settings)
    return response


@router.post("/account/sessions/others/end")
async def end_other_sessions(visit: Signed) -> Response:
    await visit.write(accounts.end_other_sessions, visit.session.id)
    return visit.to("/account", "sessions-ended")


@router.post("/account/sessions/{session_id}/end")
async def end_session(visit: Signed, session_id: str) -> Response:
    await visit.write(accounts.end_own_session, path_id(session_id))
    return visit.to("/account", "sessions-ended")


async def frame_if_any(visit: Visit) -> dict[str, Any]:
    """As `visit.frame`, but accounts come before the first assessment: empty while there is none."""
    try:
        return await visit.frame()
    except NotFound:
        return {}


def with_devices(sessions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Sessions with their browser in words, besides what it calls itself."""
    return [one | {"browser": in_words(one["device"])} for one in sessions]


async def _page(visit: Visit, problem: Problem | None = None) -> Response:
    sessions = with_devices(await visit.read(accounts.list_own_sessions))
    return visit.page("account.html", **await frame_if_any(visit), sessions=sessions, problem=problem)
