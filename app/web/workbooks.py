"""The Excel round trip of an agency's reports, the summary workbook, and the import of an assessment from Excel."""

from collections.abc import Mapping
from typing import Any, Final

from fastapi import APIRouter
from starlette.responses import Response

from app.api.evidence_form import read_form
from app.api.schemas import path_id
from app.api.workbook_files import download, file_of, in_thread
from app.assessments import nouns
from app.core.access import Permission
from app.errors import Problem
from app.reports.excel import summary, uploads
from app.reports.excel.assessment import example, importing
from app.reports.excel.assessment import template as assessment_template
from app.reports.excel.reading import read_once
from app.reports.excel.roundtrip import carrying, flow, marking, template
from app.reports.excel.roundtrip.filled import Filled, read_filled
from app.tasks.reportable import list_reportable
from app.web.defaults import import_changes
from app.web.visit import CSRF_HEADER, Signed, Uploading, Visit

router = APIRouter(include_in_schema=False)

TITLES: Final[Mapping[str, str]] = {
    one.name: one.title
    for one in (
        nouns.PROVINCES,
        nouns.ASSESSMENTS,
        nouns.AGENCIES,
        nouns.FORMER_NAMES,
        nouns.FIELDS,
        nouns.CRITERIA,
        nouns.TASKS,
        nouns.SHARES,
        nouns.CAUSES,
        nouns.MEASURES,
        nouns.BENCHMARKS,
    )
}
"""What a load counts, in words; links between those are not counted for people."""
MOST_FAULTS: Final = 200
"""Of a workbook, on its page; the marked workbook has them all."""


@router.get("/documents/summary.xlsx")
async def get_summary(visit: Signed) -> Response:
    frame = await visit.frame()
    found = await visit.read(summary.gather, frame["assessment"]["code"])
    content = await in_thread(summary.write_summary, found, now=visit.now)
    return download(content, summary.filename(found.assessment, now=visit.now))


# Báo cáo bằng Excel


@router.get("/workbook")
async def show_workbook(visit: Signed) -> Response:
    return await _start(visit)


@router.get("/workbook/template.xlsx")
async def get_template(visit: Signed) -> Response:
    frame = await visit.frame()
    found = await visit.read(template.gather_template, frame["assessment"]["code"])
    content = await in_thread(template.write_template, found, now=visit.now)
    return download(content, template.filename(found, now=visit.now))


@router.post("/workbook")
async def post_workbook(visit: Uploading) -> Response:
    """Read at once, so that what is no template at all is refused here; then kept for its preview."""
    visit.actor.require(Permission.TASK_REPORT)
    try:
        filename, content = await _sent(visit)
        filled = await in_thread(read_once, read_filled, content, filename)
        await visit.read(carrying.check_own, filled)
        ident = await visit.write(flow.keep, filename, content)
    except Problem as problem:
        return await _start(visit, problem)
    return visit.to(f"/workbook/{ident}")


@router.get("/workbook/{ident}")
async def show_preview(visit: Signed, ident: str) -> Response:
    return await _preview(visit, path_id(ident))


@router.get("/workbook/{ident}/marked.xlsx")
async def get_marked(visit: Signed, ident: str) -> Response:
    upload, filled = await _kept(visit, path_id(ident))
    found = await visit.write(carrying.preview, filled)
    return download(await in_thread(marking.mark, upload.content, filled, found), f"danh-dau-{upload.filename}")


@router.post("/workbook/{ident}/apply")
async def apply_workbook(visit: Signed, ident: str) -> Response:
    number = path_id(ident)
    try:
        _, filled = await _kept(visit, number)
        done = await visit.write(flow.apply_upload, number, filled)
    except Problem as problem:
        return await _preview(visit, number, problem)
    return visit.to(f"/workbook/{number}", "workbook-applied" if done.before is None else "workbook-nothing")


async def _start(visit: Visit, problem: Problem | None = None) -> Response:
    visit.actor.require(Permission.TASK_REPORT)
    frame = await visit.frame()
    found = await visit.read(list_reportable, frame["assessment"]["code"])
    return visit.page(
        "workbooks/start.html",
        problem=problem,
        **frame,
        count=len(found["items"]),
        agency=found["agency"],
        recent=await visit.read(uploads.list_recent, flow.KIND),
    )


async def _preview(visit: Visit, ident: int, problem: Problem | None = None) -> Response:
    visit.actor.require(Permission.TASK_REPORT)
    upload, filled = await _kept(visit, ident)
    found = await visit.write(carrying.preview, filled) if upload.applied_at is None else None
    return visit.page(
        "workbooks/preview.html",
        problem=problem,
        **await visit.frame(),
        upload=upload,
        found=found,
        faults=found.faults[:MOST_FAULTS] if found else [],
    )


async def _kept(visit: Visit, ident: int) -> tuple[uploads.Upload, Filled]:
    upload = await visit.read(uploads.get, flow.KIND, ident)
    return upload, await in_thread(read_once, read_filled, upload.content, upload.filename)


async def _sent(visit: Visit) -> tuple[str, bytes]:
    async with read_form(visit.request) as form:
        visit.check_csrf(visit.request.headers.get(CSRF_HEADER) or form.texts.get("csrf", [None])[0])
        return await file_of(visit, form)


# Nạp kỳ đánh giá


@router.get("/import")
async def show_import(visit: Signed) -> Response:
    return await _import_start(visit)


@router.get("/import/template.xlsx")
async def get_import_template(visit: Signed) -> Response:
    visit.actor.require(Permission.AGENCY_EDIT)
    content = await in_thread(assessment_template.write_template, {}, now=visit.now)
    return download(content, "mau-ky-danh-gia.xlsx")


@router.get("/import/example.xlsx")
async def get_import_example(visit: Signed) -> Response:
    visit.actor.require(Permission.AGENCY_EDIT)
    data = await in_thread(example.load)
    return download(await in_thread(assessment_template.write_template, data, now=visit.now), "vi-du-ky-danh-gia.xlsx")


@router.post("/import")
async def post_import(visit: Uploading) -> Response:
    visit.actor.require(Permission.AGENCY_EDIT)
    try:
        filename, content = await _sent(visit)
        await in_thread(read_once, importing.read_draft, content, filename)
        ident = await visit.write(importing.keep, filename, content)
    except Problem as problem:
        return await _import_start(visit, problem)
    return visit.to(f"/import/{ident}")


@router.get("/import/{ident}")
async def show_draft(visit: Signed, ident: str) -> Response:
    return await _draft_page(visit, path_id(ident))


@router.get("/import/{ident}/marked.xlsx")
async def get_marked_import(visit: Signed, ident: str) -> Response:
    visit.actor.require(Permission.AGENCY_EDIT)
    upload, draft = await _draft(visit, path_id(ident))
    return download(await in_thread(importing.mark, upload.content, draft), f"danh-dau-{upload.filename}")


@router.post("/import/{ident}/apply")
async def apply_import(visit: Signed, ident: str) -> Response:
    number = path_id(ident)
    try:
        _, draft = await _draft(visit, number)
        loaded = await visit.write(importing.load_upload, number, draft)
    except Problem as problem:
        return await _draft_page(visit, number, problem)
    return visit.to("/assessment", "assessment-imported", assessment=loaded.code)


async def _import_start(visit: Visit, problem: Problem | None = None) -> Response:
    visit.actor.require(Permission.AGENCY_EDIT)
    recent = await visit.read(uploads.list_recent, importing.KIND)
    return visit.page("workbooks/import.html", problem=problem, **await visit.frame_if_any(), recent=recent)


async def _draft(visit: Visit, ident: int) -> tuple[uploads.Upload, importing.Draft]:
    upload = await visit.read(uploads.get, importing.KIND, ident)
    return upload, await in_thread(read_once, importing.read_draft, upload.content, upload.filename)


async def _draft_page(visit: Visit, ident: int, problem: Problem | None = None) -> Response:
    visit.actor.require(Permission.AGENCY_EDIT)
    upload, draft = await _draft(visit, ident)
    foreseen = None
    if draft.good:
        try:
            foreseen = await visit.write(importing.foresee, draft)
        except Problem as found:
            problem = problem or found
    loaded = None if foreseen is None else foreseen.loaded
    return visit.page(
        "workbooks/draft.html",
        problem=problem,
        **await visit.frame_if_any(),
        upload=upload,
        draft=draft,
        loaded=loaded,
        changes=import_changes(draft.seed, foreseen) if draft.seed and foreseen else [],
        counts=_counts(loaded),
        levels={"error": "Lỗi", "warning": "Cảnh báo", "ok": "Khớp"},
    )


def _counts(loaded: Any) -> list[tuple[str, int, int]]:
    if loaded is None:
        return []
    return [
        (title, loaded.added.get(name, 0), loaded.unchanged.get(name, 0))
        for name, title in TITLES.items()
        if name in loaded.added or name in loaded.unchanged
    ]
