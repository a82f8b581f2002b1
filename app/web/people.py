"""Accounts, password links and keys, for administrators."""

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from app import accounts
from app.agencies import list_agencies, list_provinces
from app.api.schemas import path_id
from app.core.access import Permission, Role
from app.errors import InvalidInput, Problem
from app.text import by_name
from app.web.account import with_devices
from app.web.visit import Signed, Visit

router = APIRouter(include_in_schema=False)

PER_PAGE = 50
LONGEST_DAYS = 3650
STATES = {"": None, "active": True, "off": False}


@router.get("/accounts")
async def list_accounts(visit: Signed) -> Response:
    query = visit.request.query_params
    role, state = query.get("role", ""), query.get("state", "active")
    wanted = {
        "role": role if role in set(Role) else None,
        "active": STATES.get(state, True),
        "q": query.get("q", "")[:200].strip() or None,
    }
    found = await visit.read(
        accounts.page_accounts,
        **wanted,
        limit=PER_PAGE,
        offset=visit.offset,
    )
    return visit.page("accounts/list.html", **await visit.frame_if_any(), found=found, wanted=wanted, now=visit.now)


@router.get("/accounts/new")
async def show_new(visit: Signed) -> Response:
    visit.actor.require(Permission.ACCOUNT_EDIT)
    return await _new(visit)


@router.post("/accounts")
async def create_account(visit: Signed) -> Response:
    sent = visit.sent
    agency = sent.optional("agency")
    # An agency is chosen together with its province: codes are unique only within one.
    province, _, code = agency.rpartition("/") if agency else (sent.text("province"), "", None)
    try:
        made = await visit.write(
            accounts.create_account,
            name=sent.text("name")[:200].lower(),
            display_name=_bounded(sent.text("display_name")),
            role=sent.text("role"),
            province=province or None,
            agency=code,
            drafts_only=sent.flag("drafts_only"),
        )
    except Problem as problem:
        return await _new(visit, problem)
    return visit.to(f"/accounts/{made['id']}", "account-created")


@router.get("/accounts/{account_id}")
async def show_account(visit: Signed, account_id: str) -> Response:
    return await _one(visit, account_id)


@router.post("/accounts/{account_id}")
async def change_account(visit: Signed, account_id: str) -> Response:
    changes: dict[str, Any] = {
        "display_name": visit.sent.text("display_name"),
        "drafts_only": visit.sent.flag("drafts_only"),
    }
    return await _change(visit, account_id, changes, "account-changed")


@router.post("/accounts/{account_id}/active")
async def switch_account(visit: Signed, account_id: str) -> Response:
    visit.actor.require(Permission.ACCOUNT_EDIT)
    try:
        active = visit.sent.switch("active")
    except Problem as problem:
        return await _one(visit, account_id, problem=problem)
    return await _change(visit, account_id, {"active": active}, "account-opened" if active else "account-closed")


@router.get("/accounts/{account_id}/{act}")
async def go_back(visit: Signed, account_id: str, act: str) -> Response:
    """The address that a form was sent to, opened again: what was shown there once is gone."""
    return visit.to(f"/accounts/{path_id(account_id)}")


@router.post("/accounts/{account_id}/link")
async def create_link(visit: Signed, account_id: str) -> Response:
    """The answer itself shows the link: it is told once and kept nowhere that a redirect could find it."""
    try:
        made = await visit.write(accounts.create_link, path_id(account_id))
    except Problem as problem:
        return await _one(visit, account_id, problem=problem)
    return await _one(visit, account_id, link=f"{visit.settings.base_url}{made.path}", until=made.expires_at)


@router.post("/accounts/{account_id}/keys")
async def create_key(visit: Signed, account_id: str) -> Response:
    try:
        days = visit.sent.whole("days", "Số ngày hiệu lực")
        if days is not None and not 1 <= days <= LONGEST_DAYS:
            raise InvalidInput("Số ngày hiệu lực từ 1 đến 3.650; để trống: đến khi thu hồi.", field="days")
        label = _bounded(visit.sent.text("label"), field="label")
        issued = await visit.write(accounts.create_key, path_id(account_id), label=label, days=days)
    except Problem as problem:
        return await _one(visit, account_id, problem=problem)
    return await _one(visit, account_id, key=issued.key)


@router.post("/accounts/{account_id}/keys/{key_id}/revocation")
async def revoke_key(visit: Signed, account_id: str, key_id: str) -> Response:
    await visit.write(accounts.revoke_key, path_id(key_id))
    visit.request.app.state.keys.forget()
    return visit.to(f"/accounts/{path_id(account_id)}", "key-revoked")


@router.post("/accounts/{account_id}/unlock")
async def unlock(visit: Signed, account_id: str) -> Response:
    await visit.write(accounts.unlock, path_id(account_id))
    return visit.to(f"/accounts/{path_id(account_id)}", "account-unlocked")


@router.post("/accounts/{account_id}/second-factor/removal")
async def remove_second_factor(visit: Signed, account_id: str) -> Response:
    try:
        await visit.write(accounts.remove_second_factor, path_id(account_id), visit.sent.raw("reason"))
    except Problem as problem:
        return await _one(visit, account_id, problem=problem)
    return visit.to(f"/accounts/{path_id(account_id)}", "second-factor-removed")


@router.post("/accounts/{account_id}/sessions/end")
async def end_sessions(visit: Signed, account_id: str) -> Response:
    await visit.write(accounts.end_sessions, path_id(account_id))
    return visit.to(f"/accounts/{path_id(account_id)}", "sessions-ended")


# Inside


async def _change(visit: Visit, account_id: str, changes: dict[str, Any], done: str) -> Response:
    try:
        await visit.write(accounts.change_account, path_id(account_id), changes)
    except Problem as problem:
        return await _one(visit, account_id, problem=problem)
    visit.request.app.state.keys.forget()  # what a key may do is remembered for seconds
    return visit.to(f"/accounts/{path_id(account_id)}", done)


async def _one(visit: Visit, account_id: str, problem: Problem | None = None, **secret: Any) -> Response:
    """Everything about one account; `secret` is what was just made and is shown this once."""
    ident = path_id(account_id)
    account = await visit.read(accounts.get_account, ident)
    return visit.page(
        "accounts/one.html",
        **await visit.frame_if_any(),
        account=account,
        keys=(await visit.read(accounts.page_keys, account=ident, limit=200, offset=0))["items"],
        sessions=with_devices(await visit.read(accounts.list_sessions, ident)),
        problem=problem,
        sent=visit.sent,
        now=visit.now,
        **{"link": None, "until": None, "key": None, **secret},
    )


async def _new(visit: Visit, problem: Problem | None = None) -> Response:
    provinces = (await visit.read(list_provinces))["items"]
    standing = [one for one in provinces if one["succeeded_by"] is None]
    agencies: list[dict[str, Any]] = []
    for province in standing:
        page = await visit.read(list_agencies, province=province["code"], active=True, limit=200, offset=0)
        agencies += by_name(page["items"])
    return visit.page(
        "accounts/new.html",
        **await visit.frame_if_any(),
        provinces=standing,
        agencies=[(f"{one['province']}/{one['code']}", _named(one, standing)) for one in agencies],
        problem=problem,
        sent=visit.sent,
    )


def _named(agency: dict[str, Any], provinces: list[dict[str, Any]]) -> str:
    """With its province where there are several."""
    name = f"{agency['name']} ({agency['code']})"
    if len(provinces) < 2:
        return name
    return f"{name}, {next(one['name'] for one in provinces if one['code'] == agency['province'])}"


def _bounded(text: str, field: str = "display_name") -> str:
    if len(text) > 200:
        raise InvalidInput("Chỉ nhận tối đa 200 ký tự.", field=field)
    return text
