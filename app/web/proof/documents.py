"""The documents that are there: the list, one document, its file, and what its agency may still do about it."""

from typing import Any, Final

from fastapi import APIRouter
from starlette.responses import Response

from app import evidence
from app.agencies import list_agencies
from app.api.evidence_files import send_file
from app.core.access import Permission, Role
from app.errors import InvalidInput, NotFound, Problem
from app.idents import as_id
from app.text import by_name
from app.web.forms import NOTHING_SENT
from app.web.proof.entering import list_provable, one_line, results_of
from app.web.visit import Signed, Visit

router = APIRouter(include_in_schema=False)

PER_PAGE: Final = 50
STATES: Final = {"standing": "Đang dùng", "withdrawn": "Đã rút"}


@router.get("/evidence")
async def list_documents(visit: Signed) -> Response:
    frame = await visit.frame()
    query = visit.request.query_params
    state = query.get("state", "")
    wanted: dict[str, Any] = {
        "q": query.get("q", "")[:200] or None,
        "agency": query.get("agency") or None,
        "task": query.get("task") or None,
        "withdrawn": {"standing": False, "withdrawn": True}.get(state),
    }
    found = await visit.read(evidence.list_documents, **wanted, limit=PER_PAGE, offset=visit.offset)
    agencies: list[Any] = []
    if visit.actor.role is not Role.AGENCY:
        agencies = by_name((await visit.read(list_agencies, limit=200, offset=0))["items"])
    wanted["state"] = state if state in STATES else ""
    may_add = visit.actor.may(Permission.EVIDENCE_ADD)
    context: dict[str, Any] = {"found": found, "wanted": wanted, "agencies": agencies, "may_add": may_add}
    return visit.page("evidence/list.html", **frame, **context, STATES=STATES)


@router.get("/evidence/{ident}")
async def show_document(visit: Signed, ident: str) -> Response:
    return await _shown(visit, _read_id(ident))


@router.get("/evidence/{ident}/file")
async def get_file(visit: Signed, ident: str) -> Response:
    return await send_file(visit, _read_id(ident))


@router.post("/evidence/{ident}/tasks")
async def post_tasks(visit: Signed, ident: str) -> Response:
    evidence_id, codes = _read_id(ident), visit.sent.many("tasks")
    try:
        if not codes:
            raise InvalidInput("Hãy chọn ít nhất một nhiệm vụ.", field="tasks")
        await visit.write(evidence.link, evidence_id, codes)
    except Problem as problem:
        return await _shown(visit, evidence_id, problem, deed="link")
    return visit.to(f"/evidence/{evidence_id}", "evidence-linked")


@router.post("/evidence/{ident}/correction")
async def post_correction(visit: Signed, ident: str) -> Response:
    evidence_id, sent = _read_id(ident), visit.sent
    try:
        change = {
            **{name: one_line(sent.text(name)) for name in evidence.LONGEST if sent.has(name)},
            **({"issued_on": sent.day("issued_on", "Ngày ban hành")} if sent.has("issued_on") else {}),
        }
        await visit.write(evidence.correct, evidence_id, change)
    except Problem as problem:
        return await _shown(visit, evidence_id, problem, deed="correct")
    return visit.to(f"/evidence/{evidence_id}", "evidence-corrected")


@router.post("/evidence/{ident}/withdrawal")
async def post_withdrawal(visit: Signed, ident: str) -> Response:
    evidence_id = _read_id(ident)
    try:
        await visit.write(evidence.withdraw, evidence_id, visit.sent.text("reason"))
    except Problem as problem:
        return await _shown(visit, evidence_id, problem, deed="withdraw")
    return visit.to(f"/evidence/{evidence_id}", "evidence-withdrawn")


async def _shown(visit: Visit, evidence_id: int, problem: Problem | None = None, *, deed: str = "") -> Response:
    """The document's page; after a refused `deed` with what was typed in that form."""
    document = await visit.read(evidence.get_details, evidence_id)
    frame = await visit.frame()
    provable: list[Any] = []
    if document["own"] and document["withdrawn_at"] is None:
        linked = set(document["tasks"])
        offered = await list_provable(visit, frame["assessment"]["code"], also=visit.sent.many("tasks"))
        provable = [task for task in offered if task["code"] not in linked]
    return visit.page(
        "evidence/document.html",
        **frame,
        problem=problem,
        document=document,
        provable=provable,
        sent=visit.sent if deed else NOTHING_SENT,
        deed=deed,
        results=await results_of(visit, visit.request.query_params.get("sent", "")),
        LONGEST=evidence.LONGEST,
    )


def _read_id(ident: str) -> int:
    if not (ident.isascii() and ident.isdigit()):
        raise NotFound("Không có tài liệu này.")
    return as_id(ident)
