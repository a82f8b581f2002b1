"""From a workbook to an assessment in the database: read, lint, try, load."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection

from app.assessments.defaults import Default, find_province_default
from app.assessments.lint import check_seed
from app.assessments.load import LoadResult, load_assessment
from app.assessments.seedfile import Document, Seed, read_seed
from app.core.access import Actor, Permission
from app.db import savepoint
from app.errors import SeedInvalid
from app.reports.excel import marking, uploads
from app.reports.excel.assessment.reading import SheetDocument, as_findings, read_workbook
from app.reports.excel.assessment.tables import HEAD, HEAD_SHEET, TABLES
from app.reports.excel.assessment.words import BASES, BENCHMARKS, CONFIDENCES, GROUPS, KINDS, RULES, SHARES
from app.reports.excel.book import INPUT
from app.reports.excel.safe import open_package
from app.reports.excel.sheets import Fault

KIND: Final = "assessment"
_MARKED: Final = {
    HEAD_SHEET: marking.Table(HEAD, 3, f"FF{INPUT.removeprefix('#')}"),
    **{table.sheet: marking.Table(HEAD, len(table.columns)) for table in TABLES},
}


@dataclass(frozen=True)
class Draft:
    """What a workbook says. `seed` is None where it cannot even be read as an assessment; `findings` are the linter's,
    errors first: level, place, message, check. `faults` are the errors with their cells; `size`: bytes of the workbook,
    unpacked."""

    seed: Seed | None
    findings: Sequence[Mapping[str, str]]
    faults: Sequence[Fault]
    size: int

    @property
    def good(self) -> bool:
        return self.seed is not None and not self.errors

    @property
    def errors(self) -> list[Mapping[str, str]]:
        return [one for one in self.findings if one["level"] == "error"]


class _Undone(Exception):
    pass


def read_draft(content: bytes, filename: str) -> Draft:
    """FileRefused and TooLarge for what is not this template; everything else is a finding."""
    document, faults = read_workbook(content, filename)
    try:
        seed = read_seed(document)
    except SeedInvalid as problem:
        return _beside(faults, [_unreadable(line, document) for line in problem.extra["errors"]], document)
    if faults:
        return _beside(faults, [], document)
    found = [{**asdict(one), "message": in_words(one.message, document)} for one in check_seed(seed)]
    return _draft(seed, found, document)


def _beside(faults: Sequence[Fault], errors: Sequence[Mapping[str, str]], document: SheetDocument) -> Draft:
    """Cells that cannot be taken, and what else is wrong in other rows: people then mend all of it at once."""
    rows = {one._replace(column=None).place for one in faults}
    others = [one for one in errors if one["place"].partition(", cột ")[0] not in rows]
    draft = _draft(None, others, document)
    return Draft(None, [*as_findings(faults), *others], [*faults, *draft.faults], document.size)


def _draft(seed: Seed | None, findings: Sequence[Mapping[str, str]], document: SheetDocument) -> Draft:
    errors = [one for one in findings if one["level"] == "error"]
    wanted = {one["place"] for one in errors}
    cells = {cell.place: cell for cell in document.cells.values() if cell.place in wanted} if errors else {}
    nowhere = Fault(HEAD_SHEET, None, None, "")
    faults = [cells.get(one["place"], nowhere)._replace(what=one["message"]) for one in errors]
    return Draft(seed, findings, faults, document.size)


def mark(content: bytes, draft: Draft) -> bytes:
    """The uploaded workbook with its errors marked; what belongs to no cell stands in the first row of the first sheet.
    FileRefused as `marking.mark`."""
    return marking.mark(open_package(content, "tep.xlsx"), marking.marks_for(_MARKED, draft.faults))


def keep(connection: Connection, actor: Actor, filename: str, content: bytes, *, now: datetime) -> int:
    actor.require(Permission.AGENCY_EDIT)
    return uploads.keep(connection, actor, KIND, filename, content, now=now)


def load(connection: Connection, actor: Actor, draft: Draft, *, now: datetime) -> LoadResult:
    """Load what is missing. SeedInvalid when the linter found an error; Forbidden, Conflict as `load_assessment`."""
    if draft.seed is None or not draft.good:
        raise SeedInvalid(told(draft), extra={"findings": draft.findings})
    return load_assessment(connection, actor, draft.seed, now=now)


@dataclass(frozen=True)
class Foreseen:
    """What loading would do, and which assessment everybody of the province sees `before` and `after` it until they
    choose another."""

    loaded: LoadResult
    before: Default | None
    after: Default


def try_load(connection: Connection, actor: Actor, draft: Draft, *, now: datetime) -> LoadResult:
    """What `load` would do; nothing is kept."""
    return foresee(connection, actor, draft, now=now).loaded


def foresee(connection: Connection, actor: Actor, draft: Draft, *, now: datetime) -> Foreseen:
    """As `try_load`, with what changes for those who do not look."""
    found: Foreseen | None = None
    try:
        with savepoint(connection, "try_load"):
            before = _default(connection, draft)
            loaded = load(connection, actor, draft, now=now)
            after = _default(connection, draft)
            assert after is not None
            found = Foreseen(loaded, before, after)
            raise _Undone
    except _Undone:
        assert found is not None
        return found


def _default(connection: Connection, draft: Draft) -> Default | None:
    return None if draft.seed is None else find_province_default(connection, draft.seed.province.code)


def load_upload(connection: Connection, actor: Actor, ident: int, draft: Draft, *, now: datetime) -> LoadResult:
    """The same for a kept upload, which is then marked as applied."""
    loaded = load(connection, actor, draft, now=now)
    if uploads.get(connection, actor, KIND, ident, now=now).applied_at is None:
        uploads.mark_applied(connection, actor, KIND, ident, now=now)
    return loaded


def told(draft: Draft) -> str:
    """The first errors, one a line."""
    lines = [f"{one['place']}: {one['message']}" if one["place"] else one["message"] for one in draft.errors]
    more = [f"… và {len(lines) - 20} lỗi khác."] if len(lines) > 20 else []
    return "\n".join([*lines[:20], *more]) or "Tệp không có kỳ đánh giá nào."


def as_json(draft: Draft, loaded: LoadResult | None, *, dry_run: bool) -> dict[str, Any]:
    return {
        "assessment": None if draft.seed is None else draft.seed.assessment.code,
        "dry_run": dry_run,
        "added": {} if loaded is None else dict(loaded.added),
        "unchanged": {} if loaded is None else dict(loaded.unchanged),
        "different": [] if loaded is None else list(loaded.different),
        "findings": list(draft.findings),
    }


# The seed's own messages speak of keys; a workbook has sheets and columns


_WORDS: Final[Mapping[str, str]] = {**BASES, **BENCHMARKS, **CONFIDENCES, **GROUPS, **KINDS, **RULES, **SHARES}
_NAMES: Final[Mapping[str, str]] = {
    "coordinator: true": "“Cơ quan thường trực” = Có",
    "code_prefix": "“Tiền tố của mã”",
    "former_names": "trang “Tên cũ”",
    "source_notes": "trang “Ghi chú nguồn”",
    "mismatches": "trang “Số không khớp”",
    "quotes": "dòng ở trang “Trích dẫn”",
    "rule.inputs": "trang “Số liệu của công thức”",
    "rule.terms": "trang “Thành phần công thức”",
    "rule.classes": "trang “Thành phần công thức”",
    "rule.confidence": "“Mức tin cậy”",
    "rule.citation": "“Căn cứ của công thức”",
    "rule.kind": "“Công thức”",
    "agencies": "trang “Cơ quan”",
    "groups": "trang “Nhóm điểm”",
    "fields": "trang “Lĩnh vực”",
    "criteria": "trang “Tiêu chí”",
    "group": "“Nhóm”",
    "kind": "“Phần điểm”",
    "lead": "“Cơ quan phụ trách”",
}
_QUOTED: Final = re.compile(f"`({'|'.join(_WORDS)})`")
_KEYS: Final = re.compile(
    rf"(?<![\w:.-])`?({'|'.join(re.escape(key) for key in sorted(_NAMES, key=len, reverse=True))})`?(?![\w\[-]|\.\w)"
)
_NOTE: Final = re.compile(r"thêm vào source_notes một mục có check: (\S+)")
_POINTS: Final = re.compile(r"(?<![\w.])(\d+)\.(\d{4})(?![\w.]*\w)")
_TICKS: Final = re.compile(r"`([^`]+)`")
_ENTRY: Final = re.compile(r"\b([a-z_]+)\[(\d+)\]")
_FORM: Final[Mapping[str, str]] = {
    "thiếu khóa này; bổ sung.": "chưa điền; hãy điền giá trị.",
    "danh sách đang trống; bổ sung ít nhất một mục.": "trang này chưa có dòng nào; hãy điền ít nhất một dòng.",
}


def in_words(message: str, document: Document) -> str:
    """Names of checks ("kind-score:survey") stay: people copy them."""
    message = _NOTE.sub(
        r"thêm một dòng ở trang “Ghi chú nguồn” và một dòng ở trang “Số không khớp”, phép kiểm tra \1", message
    )
    message = _ENTRY.sub(lambda match: document.place((match[1], int(match[2]))) or match[0], message)
    message = _POINTS.sub(r"\1,\2", message)
    message = _QUOTED.sub(lambda match: f"“{_WORDS[match[1]]}”", message)
    message = _KEYS.sub(lambda match: _NAMES[match[1]], message)
    return _TICKS.sub(r"“\1”", message)


def _unreadable(line: str, document: Document) -> dict[str, str]:
    """A line of SeedInvalid, "place: what to do", as a finding."""
    place, _, message = line.partition(": ")
    message = _FORM.get(message, message)
    return {"level": "error", "place": place, "message": in_words(message, document), "check": "form"}
