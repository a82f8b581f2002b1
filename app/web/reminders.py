"""Nhắc việc: what is sent and why, what a day would bring, what became of each message, and sending now."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from app import outbox, reminders
from app.agencies import Reachable, list_agencies
from app.api.downloads import saved_as
from app.api.schemas import path_id
from app.core.access import Permission
from app.core.workdays import local_date
from app.errors import Problem
from app.outbox.channels import choose
from app.telling.words import DELIVERY_STATES
from app.text import alphabetical, by_name
from app.vietnamese import number_text
from app.web.forms import parse_day
from app.web.visit import Signed, Visit

router = APIRouter(include_in_schema=False)

PER_PAGE = 30
MOST_LISTED = 200
"""Items shown of one letter or for one reason; with thousands of tasks nobody reads more."""
CHANNELS = {"email": "thư điện tử", "webhook": "webhook", "folder": "thư mục outbox"}
KINDS = {"due": "Đến hạn", "escalation": "Đôn đốc", "review": "Chờ xác nhận"}
COUNTED = {
    "due": "nhiệm vụ đến hạn",
    "share": "phần trách nhiệm",
    "escalation": "nhiệm vụ cần đôn đốc",
    "review": "báo cáo chờ xác nhận",
}
RESENDABLE = ("dead", "unreachable", "sent")
LEADERSHIP = "leadership"


@router.get("/reminders")
async def show_reminders(visit: Signed) -> Response:
    return await _overview(visit)


@router.post("/reminders/run")
async def run_now(visit: Signed) -> Response:
    try:
        plan = await visit.write(reminders.run_now)
    except Problem as problem:
        return await _overview(visit, problem)
    return visit.to("/reminders", "reminders-run" if plan["digests"] else "reminders-run-empty")


@router.get("/reminders/preview")
async def show_preview(visit: Signed) -> Response:
    """Who gets what on a day, who gets nothing and why. Nothing is sent."""
    frame = await visit.frame()
    state = await visit.read(reminders.get_state)
    try:
        day = _asked_day(visit, "on") or next_day(state, today=visit.today)
        plan = await visit.read(reminders.preview, on=day)
    except Problem as problem:
        typed = visit.request.query_params.get("on", "")
        return visit.page("reminders/preview.html", **frame, problem=problem, typed=typed, plan=None)
    names = await _names(visit)
    return visit.page(
        "reminders/preview.html",
        **frame,
        typed=f"{day:%d/%m/%Y}",
        plan=plan | {"digests": sorted(plan["digests"], key=lambda one: alphabetical(one["recipient_name"]))},
        reached=await _reached(visit, day),
        briefs={one["recipient"]: brief(one["items"]) for one in plan["digests"]},
        reasons=by_reason(plan["silent"], names),
        names=names,
        KINDS=KINDS,
        CHANNELS=CHANNELS,
        MOST_LISTED=MOST_LISTED,
    )


@router.get("/reminders/preview/letter")
async def show_planned_letter(visit: Signed) -> Response:
    recipient, day, drawn = await _planned(visit)
    reached = (await _reached(visit, day)).get(recipient, [])
    frame = await visit.frame()
    return visit.page(
        "reminders/letter.html", **frame, drawn=drawn, day=day, recipient=recipient, reached=reached, CHANNELS=CHANNELS
    )


@router.get("/reminders/preview/letter.eml")
async def download_planned_letter(visit: Signed) -> Response:
    recipient, day, drawn = await _planned(visit)
    return _eml(visit, drawn, f"nhac-viec-{day}-{recipient.replace('/', '-')}")


@router.get("/reminders/{digest_id}")
async def show_digest(visit: Signed, digest_id: str) -> Response:
    return await _digest(visit, path_id(digest_id))


@router.get("/reminders/{digest_id}/letter.eml")
async def download_letter(visit: Signed, digest_id: str) -> Response:
    drawn = await visit.read(reminders.draw_digest, path_id(digest_id), base_url=visit.settings.base_url)
    if drawn is None:
        return await _digest(visit, path_id(digest_id))
    return _eml(visit, drawn, f"nhac-viec-{path_id(digest_id)}")


@router.post("/reminders/{digest_id}/deliveries/{delivery_id}/resend")
async def resend(visit: Signed, digest_id: str, delivery_id: str) -> Response:
    """`again` says that a message that was sent already is to be sent once more."""
    try:
        done = await visit.write(outbox.resend, path_id(delivery_id), again=visit.sent.flag("again"))
    except Problem as problem:
        return await _digest(visit, path_id(digest_id), problem)
    return visit.to(f"/reminders/{done['digest']}", "delivery-requeued")


# Pages


async def _overview(visit: Visit, problem: Problem | None = None) -> Response:
    frame = await visit.frame()
    state = await visit.read(reminders.get_state)
    wanted = {
        name: visit.request.query_params.get(name, "").strip() for name in ("recipient", "state", "first", "last")
    }
    try:
        found = await _log(visit, wanted)
    except Problem as error:
        problem, found = problem or error, None
    return visit.page(
        "reminders/overview.html",
        problem=problem,
        **frame,
        state=state,
        undelivered=await visit.read(outbox.count_undelivered),
        ways=outbox.ways_out(visit.settings, demo=_is_demo(visit)),
        preview_day=next_day(state, today=visit.today),
        found=found,
        wanted=wanted,
        recipients=await _recipients(visit),
        may_run=visit.actor.may(Permission.REMINDER_RUN) and visit.actor.province_id is not None,
        **_words(),
    )


async def _log(visit: Visit, wanted: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = await visit.read(
        reminders.list_digests,
        recipient=wanted["recipient"] or None,
        state=wanted["state"] if wanted["state"] in DELIVERY_STATES else None,
        first=parse_day(wanted["first"], field="first", label="Từ ngày"),
        last=parse_day(wanted["last"], field="last", label="Đến ngày"),
        limit=PER_PAGE,
        offset=visit.offset,
    )
    return found


async def _digest(visit: Visit, digest_id: int, problem: Problem | None = None) -> Response:
    digest = await visit.read(reminders.get_digest, digest_id)
    for item in digest["items"]:
        item["days_left"] = (item["effective_due"] - digest["on"]).days
    drawn = await visit.read(reminders.draw_digest, digest_id, base_url=visit.settings.base_url)
    return visit.page(
        "reminders/digest.html",
        problem=problem,
        **await visit.frame(),
        digest=digest,
        drawn=drawn,
        names=await _names(visit),
        may_run=visit.actor.may(Permission.REMINDER_RUN) and visit.actor.province_id is not None,
        KINDS=KINDS,
        **_words(),
    )


def _words() -> dict[str, Any]:
    return {"CHANNELS": CHANNELS, "DELIVERY_STATES": DELIVERY_STATES, "RESENDABLE": RESENDABLE}


def _eml(visit: Visit, drawn: reminders.Drawn, name: str) -> Response:
    body = drawn.eml(sender=visit.settings.mail_from, now=visit.now)
    headers = {**saved_as(f"{name}.eml"), "Cache-Control": "no-store"}
    return Response(body, headers=headers, media_type="message/rfc822")


# What the address asks for, and what stands around it


def _asked_day(visit: Visit, name: str) -> date | None:
    return parse_day(visit.request.query_params.get(name, "").strip(), field=name, label="Ngày")


async def _planned(visit: Visit) -> tuple[str, date, reminders.Drawn]:
    recipient = visit.request.query_params.get("recipient", "")[:200]
    day = _asked_day(visit, "on") or visit.today
    drawn = await visit.read(reminders.draw_planned, recipient, on=day, base_url=visit.settings.base_url)
    return recipient, day, drawn


def next_day(state: Mapping[str, Any], *, today: date) -> date:
    """The local day of the next run; of today where there is none to come."""
    return min((local_date(one["next_run_at"]) for one in state["provinces"]), default=today)


async def _reached(visit: Visit, day: date) -> dict[str, list[dict[str, Any]]]:
    """By recipient: who is written to on that day, and which way the letter would take as things are set today."""
    found = await visit.read(reminders.list_addressees, on=day)
    return {recipient: [_way(visit, one) for one in contacts] for recipient, contacts in found.items()}


def _way(visit: Visit, contact: Reachable) -> dict[str, Any]:
    route = choose(contact.email, contact.webhook_url, visit.settings, demo=_is_demo(visit))
    return {
        "name": contact.name,
        "channel": route.channel if route else None,
        "address": (route.address if route else contact.webhook_url) or contact.email or "",
    }


def _is_demo(visit: Visit) -> bool:
    return bool(visit.request.app.state.clock.demo)


def by_reason(silent: Iterable[Mapping[str, Any]], names: Mapping[str, str]) -> list[dict[str, Any]]:
    """Recipients and subjects that get nothing, for each reason; recipients first and by name."""
    grouped: dict[tuple[bool, str], list[Mapping[str, Any]]] = {}
    for one in sorted(silent, key=lambda one: _alphabetical(one.get("recipient", ""), names)):
        grouped.setdefault(("code" in one, one["why"]), []).append(one)
    return [
        {"subjects": subjects, "why": why, "items": items}
        for (subjects, why), items in sorted(grouped.items(), key=lambda pair: pair[0][0])
    ]


def _alphabetical(recipient: str, names: Mapping[str, str]) -> tuple[Any, ...]:
    return alphabetical(names.get(recipient, recipient))


def brief(items: Sequence[Mapping[str, Any]]) -> str:
    """What a letter holds: "5 nhiệm vụ, 2 phần trách nhiệm"."""
    counted = Counter("share" if one["subject"] == "share" else one["kind"] for one in items)
    return ", ".join(f"{number_text(counted[kind])} {what}" for kind, what in COUNTED.items() if counted[kind])


async def _names(visit: Visit) -> dict[str, str]:
    """What recipients are called, however the preview spells them."""
    rows = (await visit.read(list_agencies, limit=1_000, offset=0))["items"]
    named = {one["code"]: one["name"] for one in rows} | {
        f"{one['province']}/{one['code']}": one["name"] for one in rows
    }
    leaders = {f"{one['province']}/{LEADERSHIP}": "Lãnh đạo Ủy ban nhân dân" for one in rows}
    return {LEADERSHIP: "Lãnh đạo Ủy ban nhân dân", **leaders, **named}


async def _recipients(visit: Visit) -> list[tuple[str, str]]:
    rows = (await visit.read(list_agencies, limit=1_000, offset=0))["items"]
    return [(LEADERSHIP, "Lãnh đạo Ủy ban nhân dân"), *((one["code"], one["name"]) for one in by_name(rows))]
