"""Đầu mối liên hệ: who an agency's reminders go to, and the leadership's; absence and stand-ins."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from app import agencies
from app.agencies import NewContact
from app.api.schemas import path_id
from app.core.access import Permission
from app.errors import Problem
from app.telling.words import CONTACT_KINDS
from app.web.agencies.directory import active_contacts, with_stand_ins
from app.web.agencies.place import go_to, path_to, province_of
from app.web.forms import Sent
from app.web.visit import Signed, Visit

router = APIRouter(include_in_schema=False)

LEADERSHIP = "/agencies/leadership"


@router.get(LEADERSHIP)
async def show_leadership(visit: Signed) -> Response:
    """Whom the leadership's letters go to."""
    found = await visit.read(agencies.list_contacts, kind="leadership", limit=200, offset=0)
    contacts = with_stand_ins(found["items"], await active_contacts(visit))
    return visit.page(
        "agencies/leadership.html", **await visit.frame_if_any(), contacts=contacts, CONTACT_KINDS=CONTACT_KINDS
    )


@router.get("/agencies/contacts/new")
async def show_new(visit: Signed) -> Response:
    visit.actor.require(Permission.CONTACT_EDIT)
    return await _new(visit)


@router.post("/agencies/contacts/new")
async def create(visit: Signed) -> Response:
    agency = visit.request.query_params.get("agency") or None
    try:
        stated = _stated(visit.sent)
        kind = visit.sent.text("kind") if agency else "leadership"
        province = province_of(visit) or visit.sent.optional("province")
        new = NewContact(**{**stated, "kind": kind}, agency=agency, province=province)
        made = await visit.write(agencies.create_contact, new)
    except Problem as problem:
        return await _new(visit, problem)
    return await _saved(visit, made, "contact-created")


@router.get("/agencies/contacts/{contact_id}")
async def show_contact(visit: Signed, contact_id: str) -> Response:
    return await _form(visit, await visit.read(agencies.get_contact, path_id(contact_id)))


@router.post("/agencies/contacts/{contact_id}")
async def change(visit: Signed, contact_id: str) -> Response:
    standing = await visit.read(agencies.get_contact, path_id(contact_id))
    try:
        changes = _stated(visit.sent)
        if standing["agency"] is not None:
            changes["kind"] = visit.sent.text("kind")
        if visit.sent.flag("new_secret"):
            changes["webhook_secret"] = None
        changed = await visit.write(agencies.change_contact, path_id(contact_id), changes)
    except Problem as problem:
        return await _form(visit, standing, problem)
    return await _saved(visit, changed, "contact-changed")


@router.post("/agencies/contacts/{contact_id}/active")
async def switch(visit: Signed, contact_id: str) -> Response:
    """Write to this contact no more (`active` 0), or again."""
    visit.actor.require(Permission.CONTACT_EDIT)
    wake = visit.sent.switch("active")
    try:
        if wake:
            changed = await visit.write(agencies.change_contact, path_id(contact_id), {"active": True})
        else:
            changed = await visit.write(agencies.deactivate_contact, path_id(contact_id))
    except Problem as problem:
        return await _form(visit, await visit.read(agencies.get_contact, path_id(contact_id)), problem)
    return go_to(_home(visit, changed), "contact-on" if wake else "contact-off", visit=visit)


# Inside


def _stated(sent: Sent) -> dict[str, Any]:
    return {
        "name": sent.text("name"),
        "email": sent.optional("email"),
        "webhook_url": sent.optional("webhook_url"),
        "absent_from": sent.day("absent_from", "Vắng từ ngày"),
        "absent_until": sent.day("absent_until", "Vắng đến hết ngày"),
        "stand_in": sent.whole("stand_in", "Người nhận thay"),
    }


def _home(visit: Visit, contact: Mapping[str, Any]) -> str:
    """The page that a contact is listed on."""
    if contact["agency"] is None:
        return LEADERSHIP
    return path_to({**contact["agency"], "province": contact["province"]}, visit=visit)


async def _saved(visit: Visit, contact: Mapping[str, Any], done: str) -> Response:
    """Back to the list; a secret that was made is shown first, this once."""
    if contact["webhook_secret"] is None:
        return go_to(_home(visit, contact), done, visit=visit)
    return visit.page("agencies/secret.html", **await visit.frame_if_any(), contact=contact, home=_home(visit, contact))


async def _new(visit: Visit, problem: Problem | None = None) -> Response:
    code = visit.request.query_params.get("agency")
    agency = await visit.read(agencies.get_agency, code, province=province_of(visit)) if code else None
    home = path_to(agency, visit=visit) if agency else LEADERSHIP
    return await _render(visit, None, agency, home, problem)


async def _form(visit: Visit, contact: Mapping[str, Any], problem: Problem | None = None) -> Response:
    return await _render(visit, contact, contact["agency"], _home(visit, contact), problem)


async def _render(
    visit: Visit,
    contact: Mapping[str, Any] | None,
    agency: Mapping[str, Any] | None,
    home: str,
    problem: Problem | None,
) -> Response:
    others = [one for one in await active_contacts(visit) if contact is None or one["id"] != contact["id"]]
    provinces = (await visit.read(agencies.list_provinces))["items"]
    return visit.page(
        "agencies/contact.html",
        problem=problem,
        **await visit.frame_if_any(),
        contact=contact,
        agency=agency,
        home=home,
        sent=visit.sent,
        others=[(one["id"], f"{one['name']} ({_where(one)})") for one in others],
        provinces=[one for one in provinces if one["active"]] if visit.actor.province_id is None else [],
        kinds=[(key, CONTACT_KINDS[key]) for key in ("officer", "head")],
        hosts=sorted(visit.settings.allowed_webhook_hosts),
    )


def _where(contact: Mapping[str, Any]) -> str:
    return str(contact["agency"]["name"]) if contact["agency"] else CONTACT_KINDS["leadership"]
