"""From what was gathered and the template in use to files. Gathering needs a connection; making only computes."""

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from io import BytesIO
from typing import Final

from sqlalchemy import Connection

from app.core.access import Actor
from app.errors import Conflict, FileRefused
from app.reports.word.apart import Job, render_apart, seconds_for
from app.reports.word.checking import fault_text
from app.reports.word.content import report_content
from app.reports.word.dossier import Dossier, gather_dossier
from app.reports.word.letters import Owing, find_owing, letter_content, list_owing
from app.reports.word.package import check_finished
from app.reports.word.pictures import draw_charts
from app.reports.word.rendering import TemplateFault, render
from app.reports.word.templates import Template, built_in_template, get_template
from app.text import fold

MEDIA_TYPE: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@dataclass(frozen=True, slots=True)
class Material:
    """What a document is made from. `owing`: for letters, one each."""

    dossier: Dossier
    template: Template
    owing: Sequence[Owing] = ()


@dataclass(frozen=True, slots=True)
class File:
    name: str
    content: bytes


# Gathering


def gather_report(
    connection: Connection, actor: Actor, ident: str, *, as_of: date | None = None, now: datetime
) -> Material:
    """Errors: those of `gather_dossier`."""
    dossier = gather_dossier(connection, actor, ident, as_of=as_of, now=now)
    return Material(dossier, _template(connection, actor, dossier, "report", now=now))


def gather_letters(
    connection: Connection, actor: Actor, ident: str, *, agency: str | None = None, now: datetime
) -> Material:
    """The letter to `agency` (a code), or to everybody who owes something. Errors: also those of `find_owing`."""
    dossier = gather_dossier(connection, actor, ident, now=now)
    owing = list_owing(dossier) if agency is None else [find_owing(dossier, agency)]
    return Material(dossier, _template(connection, actor, dossier, "urging_letter", now=now), owing)


def _template(connection: Connection, actor: Actor, dossier: Dossier, kind: str, *, now: datetime) -> Template:
    return get_template(connection, actor, kind, province=dossier.assessment["province"]["code"], now=now)


# Making: takes tenths of a second or, with an edited template, seconds; call it from a thread


def make_report(material: Material, *, made_at: datetime) -> File:
    """Conflict when the province's own template no longer fits."""
    (content,) = _filled(material.template, [report_job(material.dossier)], made_at=made_at)
    return File(f"bao-cao-{_stem(material.dossier)}.docx", content)


def make_letters(material: Material, *, made_at: datetime) -> list[File]:
    """One for each that owes something. Conflict when the province's own template no longer fits."""
    jobs = [letter_job(material.dossier, one) for one in material.owing]
    made = _filled(material.template, jobs, made_at=made_at) if jobs else []
    stem = _stem(material.dossier)
    return [File(f"don-doc-{one.code}-{stem}.docx", content) for one, content in zip(material.owing, made, strict=True)]


def make_letters_zip(material: Material, *, made_at: datetime) -> File:
    """All letters in one archive. Conflict when nobody owes anything."""
    if not material.owing:
        raise Conflict("Không có cơ quan nào còn nhiệm vụ quá hạn hoặc sắp đến hạn để đôn đốc.")
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:  # documents are compressed already
        for one in make_letters(material, made_at=made_at):
            archive.writestr(zipfile.ZipInfo(one.name, _zip_day(material.dossier)), one.content)
    return File(f"don-doc-{_stem(material.dossier)}.zip", packed.getvalue())


def report_job(dossier: Dossier) -> Job:
    return report_content(dossier), draw_charts(dossier)


def letter_job(dossier: Dossier, owing: Owing) -> Job:
    return letter_content(dossier, owing), {}


def sample_job(material: Material) -> Job:
    """Real content to try a template with; a letter needs somebody to write to, whoever it is."""
    if material.template.kind == "report":
        return report_job(material.dossier)
    owing = material.owing or [Owing("", "Cơ quan, đơn vị", material.dossier.tasks[:5], material.dossier.shares[:5])]
    return letter_job(material.dossier, owing[0])


def gather_sample(connection: Connection, actor: Actor, ident: str, kind: str, *, now: datetime) -> Material:
    """What a new template of that kind is tried with. NotFound for an unknown kind."""
    if kind == "urging_letter":
        return gather_letters(connection, actor, ident, now=now)
    built_in_template(kind)
    return gather_report(connection, actor, ident, now=now)


def _filled(template: Template, jobs: Sequence[Job], *, made_at: datetime) -> list[bytes]:
    """What people uploaded is filled in apart; our own templates do not loop for ever. No document leaves unchecked:
    an edited template may choose by day what it brings."""
    try:
        if template.built_in:
            made = [render(template.content, content, pictures, made_at=made_at) for content, pictures in jobs]
        else:
            made = render_apart(template.content, jobs, made_at=made_at, seconds=seconds_for(len(jobs)))
        for one in made:
            check_finished(one)
    except TemplateFault as fault:
        raise _unusable(template, fault_text(fault, jobs[0][0])) from None
    except FileRefused as refused:
        raise _unusable(template, refused.detail) from None
    return made


def _unusable(template: Template, why: str) -> Conflict:
    return Conflict(
        f"Mẫu “{template.filename}” đang dùng không dựng được văn bản. {why} "
        "Hãy sửa mẫu rồi tải lên lại, hoặc dùng lại mẫu gốc ở trang Tài liệu, biểu mẫu."
    )


def _stem(dossier: Dossier) -> str:
    return f"{fold(dossier.assessment['code']).replace(' ', '-')}-{dossier.day.isoformat()}"


def _zip_day(dossier: Dossier) -> tuple[int, int, int, int, int, int]:
    return max(dossier.day.year, 1980), dossier.day.month, dossier.day.day, 8, 0, 0
