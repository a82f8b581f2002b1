"""One signed letter behind many tasks: the form, its file, and the reports that are handed in along with it."""

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from fastapi import APIRouter
from pydantic_core import from_json, to_json
from starlette.datastructures import UploadFile
from starlette.responses import Response

from app import evidence, idempotency, tasks, uploads
from app.api.evidence_files import fingerprint, kept_if_committed, receive, store_of
from app.api.evidence_form import read_form
from app.core.access import Actor, Permission
from app.core.workflow import REPORTABLE
from app.db import Connection
from app.errors import Conflict, IdempotencyMismatch, Problem
from app.text import compose
from app.web.forms import Sent
from app.web.visit import CSRF_HEADER, Signed, Uploading, Visit

router = APIRouter(include_in_schema=False)

SENT_BEFORE: Final = (
    "Biểu mẫu này đã được gửi trước đó với nội dung khác, và tài liệu ấy đã được ghi (xem danh sách tài liệu). "
    "Nếu muốn ghi thêm một tài liệu nữa, hãy bấm gửi lần nữa."
)
MOST_SHOWN: Final = 500
"""How many tasks one can tick from."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What the form asks for: a document, and the reports to hand in with it as (task, version, update)."""

    document: evidence.Document
    submissions: Sequence[tuple[str, int, tasks.Update]]


@router.get("/evidence/new")
async def show_form(visit: Signed) -> Response:
    visit.actor.require(Permission.EVIDENCE_ADD)
    asked = [compose(code) for code in visit.request.query_params.getlist("task")][: evidence.MOST_TASKS]
    return await _form(visit, Sent({"tasks": asked, "key": [_new_key()]}))


@router.post("/evidence/new")
async def post_form(visit: Uploading) -> Response:
    visit.actor.require(Permission.EVIDENCE_ADD)
    async with read_form(visit.request) as form:
        visit.check_csrf(visit.request.headers.get(CSRF_HEADER) or form.texts.get("csrf", [None])[0])
        sent = Sent({name: [one.replace("\r\n", "\n") for one in given] for name, given in form.texts.items()})
        key = sent.text("key") or _new_key()
        try:
            made = await _enter(visit, sent, form.file, key)
        except IdempotencyMismatch:
            again = Sent({**sent.values, "key": [_new_key()]})
            return await _form(visit, again, Conflict(SENT_BEFORE), had_file=form.file is not None)
        except Problem as problem:
            return await _form(visit, sent, problem, had_file=form.file is not None)
    results = {"sent": key} if made["results"] else {}
    return visit.to(f"/evidence/{made['id']}", "evidence-added", **results)


async def results_of(visit: Visit, key: str) -> list[dict[str, Any]]:
    """What became of the reports that this account handed in with a form; empty for an unknown key."""
    answer = await visit.read(idempotency.find_answer, key)
    found = from_json(answer) if answer else {}
    return list(found.get("results", ())) if isinstance(found, dict) else []


async def _enter(visit: Visit, sent: Sent, file: UploadFile | None, key: str) -> dict[str, Any]:
    entry = _read_entry(sent)
    upload = await receive(visit, file)
    async with kept_if_committed(visit, upload):
        stamp = _stamp(entry, upload)
        made: dict[str, Any] = await visit.write(_once, entry, upload, store_of(visit), key, stamp)
    return made


def _once(
    connection: Connection,
    actor: Actor,
    entry: Entry,
    upload: evidence.Upload | None,
    store: evidence.Store,
    key: str,
    stamp: str,
    *,
    now: datetime,
) -> dict[str, Any]:
    """A form that is sent twice, by a double click or a reload, enters one document and says the same again."""

    def work() -> bytes:
        made = evidence.add(connection, actor, entry.document, upload, store, now=now)
        results = tasks.record_updates(connection, actor, entry.submissions, describe=_described, now=now)
        return to_json({"id": made["id"], "results": [_result(one) for one in results["items"]]})

    answer = idempotency.once(connection, actor, key, stamp, work, status=303, now=now)
    told: dict[str, Any] = from_json(answer.body)
    return told


def _described(problem: Problem, _code: str) -> dict[str, str]:
    return {"detail": problem.detail}


def _result(one: Mapping[str, Any]) -> dict[str, Any]:
    return {"code": one["code"], "ok": one["ok"], "why": "" if one["ok"] else one["problem"]["detail"]}


def _read_entry(sent: Sent) -> Entry:
    document = evidence.Document(
        number=sent.text("number"),
        tasks=sent.many("tasks"),
        title=one_line(sent.text("title")),
        issued_on=sent.day("issued_on", "Ngày ban hành"),
        signer=sent.text("signer"),
        period=sent.text("period"),
    )
    if not sent.flag("submit"):
        return Entry(document, ())
    # Only tasks that the page offered to hand in carry the version of their report.
    versions = {code: sent.whole(f"version.{code}", "Phiên bản") for code in dict.fromkeys(document.tasks)}
    submits = tasks.Update(status="submitted")
    return Entry(document, [(code, seen, submits) for code, seen in versions.items() if seen is not None])


def one_line(text: str) -> str:
    """A title fills several lines of its field; it has none itself."""
    return " ".join(text.split())


def _stamp(entry: Entry, upload: evidence.Upload | None) -> str:
    """What a form says, to tell one that is sent again from one that was changed."""
    submitted = to_json([code for code, _version, _update in entry.submissions])
    return hashlib.sha256(b"/evidence/new\n" + fingerprint(entry.document, upload) + submitted).hexdigest()


async def _form(visit: Visit, sent: Sent, problem: Problem | None = None, *, had_file: bool = False) -> Response:
    frame = await visit.frame()
    provable = await list_provable(visit, frame["assessment"]["code"], also=sent.many("tasks"))
    known = {task["code"] for task in provable}
    return visit.page(
        "evidence/new.html",
        **frame,
        problem=problem,
        sent=sent,
        provable=provable[:MOST_SHOWN],
        hidden=max(0, len(provable) - MOST_SHOWN),
        strange=[code for code in sent.many("tasks") if code not in known],
        had_file=had_file,
        limit=visit.settings.evidence_limit,
        limit_text=evidence.limit_text(visit.settings.evidence_limit),
        LONGEST=evidence.LONGEST,
        ACCEPTED=uploads.ACCEPTED,
        EXTENSIONS=",".join(f".{one}" for kind in uploads.KINDS for one in kind.extensions),
    )


async def list_provable(visit: Visit, assessment: str, *, also: Sequence[str] = ()) -> list[dict[str, Any]]:
    """What one can tick. `work` says of tasks that owe a report what it lacks; None for all others."""
    found = await visit.read(evidence.list_provable, assessment=assessment, also=list(also))
    led = next((task["agency_code"] for task in found if task["leads"]), None)
    work: dict[str, Any] = {}
    if led is not None:
        wanted = tasks.Filter(assessment=assessment, agency=led, statuses=tuple(REPORTABLE), limit=MOST_SHOWN)
        work = {one["code"]: one for one in (await visit.read(tasks.list_work, wanted))["items"]}
    chosen = set(also)
    # What was named in the address stands first: nobody looks for it.
    ordered = sorted(found, key=lambda task: task["code"] not in chosen)
    return [{**task, "work": work.get(task["code"])} for task in ordered]


def _new_key() -> str:
    return secrets.token_urlsafe(18)
