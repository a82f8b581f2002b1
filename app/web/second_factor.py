"""Turning one's second factor on and off, and its recovery codes. Open also to whoever must turn it on first."""

from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from fastapi import APIRouter
from starlette.responses import Response

from app import accounts
from app.errors import InvalidInput, Problem
from app.web.account import present_password
from app.web.visit import Enrolling, Visit, caller_of

router = APIRouter(include_in_schema=False)

ISSUER = "Khắc Phục"
NO_CODE = "Hãy nhập mã."
RENEWAL = "renewal-code"
"""Of the two fields for a code on one page."""


@router.get("/account/second-factor")
async def show_second_factor(visit: Enrolling) -> Response:
    return await _page(visit)


@router.get("/account/second-factor/{act}")
async def go_back(visit: Enrolling, act: str) -> Response:
    """The address that a form was sent to, opened again: what was shown there once is gone."""
    return visit.to("/account/second-factor")


@router.post("/account/second-factor")
async def begin(visit: Enrolling) -> Response:
    try:
        current = present_password(visit.sent)
        await accounts.begin_second_factor(
            visit.db, visit.session, current, caller=caller_of(visit.request), now=visit.now
        )
    except Problem as problem:
        return await _page(visit, problem)
    return visit.to("/account/second-factor")


@router.post("/account/second-factor/confirmation")
async def confirm(visit: Enrolling) -> Response:
    """The answer itself shows the recovery codes: they are told once, and no redirect could find them again."""
    try:
        told = await visit.db.write(accounts.confirm_second_factor, visit.session, _code(visit), now=visit.now)
    except Problem as problem:
        return await _page(visit, problem)
    enrolled = replace(visit, session=visit.session._replace(second_factor=True))
    return await _recovery(enrolled, told, first=True)


@router.post("/account/second-factor/recovery-codes")
async def renew(visit: Enrolling) -> Response:
    try:
        told = await accounts.renew_recovery_codes(
            visit.db, visit.session, _code(visit, RENEWAL), caller=caller_of(visit.request), now=visit.now
        )
    except Problem as problem:
        problem.rename(lambda _field: RENEWAL)
        return await _page(visit, problem)
    return await _recovery(visit, told, first=False)


@router.post("/account/second-factor/off")
async def turn_off(visit: Enrolling) -> Response:
    try:
        current = present_password(visit.sent)
        await accounts.turn_off_second_factor(
            visit.db, visit.session, current, _code(visit), caller=caller_of(visit.request), now=visit.now
        )
    except Problem as problem:
        return await _page(visit, problem)
    return visit.to("/account/second-factor", "second-factor-off")


# Inside


def _code(visit: Visit, name: str = "code") -> str:
    if not visit.sent.raw(name):
        raise InvalidInput(NO_CODE, field=name)
    return visit.sent.raw(name)


async def _page(visit: Visit, problem: Problem | None = None) -> Response:
    factor: accounts.SecondFactor = await visit.db.read(accounts.get_second_factor, visit.session, now=visit.now)
    shown: dict[str, Any] = _shown(visit, factor.secret) if factor.secret else {}
    frame = await visit.frame_if_any()
    return visit.page("account/second_factor.html", **frame, factor=factor, **shown, problem=problem)


async def _recovery(visit: Visit, told: list[str], *, first: bool) -> Response:
    shown: dict[str, Any] = {"codes": told, "first": first, "account": visit.session.account}
    return visit.page("account/recovery_codes.html", **await visit.frame_if_any(), **shown)


def _shown(visit: Visit, secret: str) -> dict[str, str]:
    """The secret as a picture for the app to read, as an address that opens the app, and as a key to type."""
    import segno  # a megabyte that the server holds only once somebody sets an app up

    host = urlsplit(visit.settings.base_url).hostname
    uri = accounts.authenticator_uri(secret, account=f"{visit.session.account}@{host}", issuer=ISSUER)
    picture = segno.make(uri, error="m").svg_data_uri(scale=5)
    return {"uri": uri, "picture": picture, "key": accounts.in_fours(secret)}
