"""Tài liệu, biểu mẫu: the files people take away, and the Word templates that two of them are made from."""

from datetime import date
from typing import Final

from fastapi import APIRouter
from starlette.responses import Response

from app.api.documents import attachment, in_turn
from app.api.evidence_form import read_form
from app.api.uploads import check_viruses
from app.core.access import Permission, Role
from app.core.workdays import local_date
from app.errors import Conflict, InvalidInput, NotFound, Problem
from app.reports.word import making, templates
from app.reports.word.checking import Checked, check_template
from app.reports.word.package import LARGEST, check_size
from app.reports.word.tags import TAGS
from app.web.forms import parse_day
from app.web.visit import CSRF_HEADER, Signed, Uploading, Visit

router = APIRouter(include_in_schema=False)

CSV: Final = {
    "tasks": "Nhiệm vụ",
    "criteria": "Điểm theo tiêu chí",
    "fields": "Điểm theo lĩnh vực",
    "groups": "Điểm theo nhóm",
    "agencies": "Tiến độ theo cơ quan",
    "shares": "Phần trách nhiệm",
    "measures": "Giải pháp",
    "evidence": "Tài liệu kiểm chứng",
    "extensions": "Đề nghị gia hạn",
    "history": "Diễn biến theo ngày",
}
"""Tables that everybody may take away; those of the coordinator's own pages are linked there."""


@router.get("/documents")
async def show_documents(visit: Signed) -> Response:
    return await _shown(visit)


async def _shown(visit: Visit, problem: Problem | None = None, kind: str = "") -> Response:
    """The page; `problem` of an upload of that kind stands beside its form."""
    frame = await visit.frame()
    in_use: list[templates.Template] = []
    if visit.actor.may(Permission.ASSESSMENT_EDIT):
        in_use = await visit.read(templates.list_templates)
    return visit.page(
        "documents.html",
        **frame,
        problem=problem,
        refused=kind,
        in_use=in_use,
        reads_all=visit.actor.may(Permission.EXPECTED_READ_ALL),
        works=visit.actor.role in (Role.AGENCY, Role.COORDINATOR),
        CSV=CSV,
        TAGS=TAGS,
    )


# Word files


@router.get("/documents/report.docx")
async def get_report(visit: Signed) -> Response:
    frame = await visit.frame()
    as_of = _day(visit)
    material = await visit.read(making.gather_report, frame["assessment"]["code"], as_of=as_of)
    return attachment(await in_turn(lambda: making.make_report(material, made_at=visit.now)))


def _day(visit: Visit) -> date | None:
    given = visit.request.query_params.get("as_of", "").strip()
    found = parse_day(given[:40], field="as_of", label="Ngày lấy số liệu")
    if found is not None and found > local_date(visit.now):
        raise InvalidInput("Ngày lấy số liệu phải là hôm nay hoặc một ngày đã qua.", field="as_of")
    return found


@router.get("/documents/letters")
async def show_letters(visit: Signed) -> Response:
    frame = await visit.frame()
    visit.actor.require(Permission.EXPECTED_READ_ALL)
    problem: Problem | None = None
    owing, issuer = [], None
    try:
        material = await visit.read(making.gather_letters, frame["assessment"]["code"])
        owing, issuer = list(material.owing), material.dossier.issuer
    except Conflict as found:
        problem = found
    return visit.page("letters.html", **frame, problem=problem, owing=owing, issuer=issuer)


@router.get("/documents/letters.zip")
async def get_letters(visit: Signed) -> Response:
    frame = await visit.frame()
    material = await visit.read(making.gather_letters, frame["assessment"]["code"])
    made = await in_turn(lambda: making.make_letters_zip(material, made_at=visit.now))
    return attachment(made, "application/zip")


@router.get("/documents/letters/{agency}.docx")
async def get_letter(visit: Signed, agency: str) -> Response:
    frame = await visit.frame()
    material = await visit.read(making.gather_letters, frame["assessment"]["code"], agency=agency)
    (letter,) = await in_turn(lambda: making.make_letters(material, made_at=visit.now))
    return attachment(letter)


# Templates


@router.get("/documents/templates/{kind}.docx")
async def get_template(visit: Signed, kind: str) -> Response:
    """The one in use, to be edited in Word."""
    visit.actor.require(Permission.ASSESSMENT_EDIT)
    found = await visit.read(templates.get_template, kind)
    return attachment(making.File(found.filename, found.content))


@router.get("/documents/templates/{kind}/built-in.docx")
async def get_built_in(visit: Signed, kind: str) -> Response:
    visit.actor.require(Permission.ASSESSMENT_EDIT)
    found = templates.built_in_template(kind)
    return attachment(making.File(f"mau-goc-{found.filename}", found.content))


@router.post("/documents/templates/{kind}")
async def post_template(visit: Uploading, kind: str) -> Response:
    visit.actor.require(Permission.ASSESSMENT_EDIT)
    async with read_form(visit.request) as form:
        visit.check_csrf(visit.request.headers.get(CSRF_HEADER) or form.texts.get("csrf", [None])[0])
        _check_kind(kind)
        try:
            if form.file is None:
                raise InvalidInput("Hãy chọn tệp mẫu .docx.", field="file")
            filename, content = form.file.filename or "", await form.file.read(LARGEST + 1)
            check_size(content)
            await check_viruses(visit, filename, content)
            await _replace(visit, kind, filename, content)
        except Problem as problem:
            return await _shown(visit, problem, kind)
    return visit.to("/documents", "template-replaced")


async def _replace(visit: Visit, kind: str, filename: str, content: bytes) -> None:
    """Filled in once with what is in the database, before it takes the other's place."""
    frame = await visit.frame()
    material = await visit.read(making.gather_sample, frame["assessment"]["code"], kind)

    def check() -> Checked:
        return check_template(kind, filename, content, making.sample_job(material), made_at=visit.now)

    await visit.write(templates.replace_template, await in_turn(check))


@router.post("/documents/templates/{kind}/reset")
async def post_reset(visit: Signed, kind: str) -> Response:
    _check_kind(kind)
    await visit.write(templates.reset_template, kind)
    return visit.to("/documents", "template-reset")


def _check_kind(kind: str) -> None:
    if kind not in templates.FILES:
        raise NotFound("Không có loại mẫu văn bản này.")
