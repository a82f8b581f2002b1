"""One's own account: password, second factor, signed-in browsers, calendar feed."""

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from app import accounts
from app.api.schemas import path_id
from app.errors import InvalidInput, Problem
from app.web.browsers import in_words
from app.web.forms import Sent
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
        current = present_password(visit.sent)
        check_repeated(visit.sent)
        changed = await accounts.change_password(
            visit.db,
            visit.session,
            current,
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


def present_password(sent: Sent) -> str:
    """Raises `InvalidInput` when it is left out."""
    if not sent.raw("current"):
        raise InvalidInput("Hãy nhập mật khẩu hiện tại.", field="current")
    return sent.raw("current")


def with_devices(sessions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Sessions with their browser in words, besides what it calls itself."""
    return [one | {"browser": in_words(one["device"])} for one in sessions]


async def _page(visit: Visit, problem: Problem | None = None) -> Response:
    sessions = with_devices(await visit.read(accounts.list_own_sessions))
    factor = await visit.db.read(accounts.get_second_factor, visit.session, now=visit.now)
    return visit.page("account.html", **await visit.frame_if_any(), sessions=sessions, factor=factor, problem=problem)
