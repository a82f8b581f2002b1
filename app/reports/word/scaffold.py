"""Makes the two built-in templates: `python -m app.reports.word.scaffold` writes them into app/reports/templates/.

They are committed, so that people can open them in Word; a test compares them with what this makes.
"""

import zipfile
from collections.abc import Callable
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Final

from docx.document import Document as Doc
from docx.oxml.ns import qn
from docx.shared import Pt
from docx.table import Table

from app.reports.word import layout
from app.reports.word.layout import CELL, PLAIN, add, add_grid, add_row, add_rule, add_tag_row, made
from app.reports.word.templates import FILES, FOLDER
from app.settings import ROOT

_ZIP_DAY: Final = (1980, 1, 1, 0, 0, 0)
_MADE: Final = datetime(2025, 1, 1)  # noqa: DTZ001  # document properties are naive UTC


def make_template(kind: str) -> bytes:
    """A built-in template, the same bytes each time on one machine."""
    from app.reports.word import scaffold_letter, scaffold_report

    fill: Callable[[Doc], None] = {"report": scaffold_report.fill, "urging_letter": scaffold_letter.fill}[kind]
    document = layout.new_document()
    layout.number_pages(document)
    fill(document)
    _set_properties(document)
    saved = BytesIO()
    document.save(saved)
    return _steady(saved.getvalue())


def _set_properties(document: Doc) -> None:
    properties = document.core_properties
    properties.author = properties.last_modified_by = "{{ issuer }}"
    properties.title, properties.language = "{{ index_name }}", "vi-VN"
    properties.comments = properties.keywords = properties.subject = ""
    properties.created = properties.modified = _MADE
    properties.last_modified_by = "Khắc Phục"


def _steady(packed: bytes) -> bytes:
    """The same parts without the time of packing."""
    steady = BytesIO()
    with zipfile.ZipFile(BytesIO(packed)) as source, zipfile.ZipFile(steady, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            target.writestr(zipfile.ZipInfo(name, _ZIP_DAY), source.read(name), zipfile.ZIP_DEFLATED)
    return steady.getvalue()


# What both documents share


def add_head(document: Doc, symbol_note: str = "") -> None:
    """Who issues it, its number, the national title, place and date; `symbol_note`: V/v of an official letter."""
    left, right = 66.0, layout.PORTRAIT - 66.0
    table = add_grid(document, (left, right), lines=False)
    row = add_row(table, ("{{ parent }}", "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"), (PLAIN, PLAIN))
    for cell, bold in zip(row.cells, (None, True), strict=True):
        for run in cell.paragraphs[0].runs:
            run.bold, run.font.size = bold, Pt(13)
    issuer, motto = row.cells
    add(issuer, "{{ issuer_upper }}", PLAIN, bold=True, size=13)
    add_rule(issuer, 14, left)
    add(motto, "Độc lập - Tự do - Hạnh phúc", PLAIN, bold=True, size=14)
    add_rule(motto, 61, right)
    dated = "{{ place }}, ngày       tháng {{ month }} năm {{ year }}"
    number, place = add_row(table, ("Số:           /{{ symbol }}", dated), (PLAIN, PLAIN)).cells
    for cell, italic in ((number, None), (place, True)):
        cell.paragraphs[0].paragraph_format.space_before = Pt(6)
        for run in cell.paragraphs[0].runs:
            run.italic, run.font.size = italic, Pt(14 if italic else 13)
    if symbol_note:
        add(number, symbol_note, PLAIN, size=12, before=6)


def add_foot(document: Doc, recipients: tuple[str, ...]) -> None:
    """Nơi nhận at the left, at the right the office that signs, with room for signature and name."""
    left = 82.0
    table = add_grid(document, (left, layout.PORTRAIT - left), lines=False)
    row = add_row(table, ("", ""), (PLAIN, PLAIN))
    to, signed = row.cells
    add(to, "Nơi nhận:", PLAIN, bold=True, italic=True, size=12, align=layout.START)
    for line in recipients:
        add(to, line, PLAIN, size=11, align=layout.START)
    add(signed, "GIÁM ĐỐC", PLAIN, bold=True, size=14)
    for _ in range(5):
        add(signed, "", PLAIN, size=14)
    for cell in row.cells:
        first = cell.paragraphs[0]
        if not first.text and len(cell.paragraphs) > 1:
            first._p.getparent().remove(first._p)


def spread(document: Doc) -> None:
    """A gap that belongs to no paragraph style: between the last table and what follows."""
    paragraph = add(document, "", PLAIN)
    paragraph.paragraph_format.line_spacing = Pt(8)


def add_fullwidth_note(document: Doc, text: str) -> None:
    add(document, text, CELL, italic=True, size=12, before=3, after=6, align=layout.JUSTIFY)


def start_each_page_with_rows(table: Table, rows: int) -> None:
    """Keep the first `rows` with what follows, so that no page ends with a heading of a table alone."""
    for row in table.rows[:rows]:
        for paragraph in row._tr.iter(qn("w:p")):
            properties = paragraph.get_or_add_pPr()
            if properties.find(qn("w:keepNext")) is None:
                style = properties.find(qn("w:pStyle"))
                mark = made("w:keepNext")
                if style is not None:
                    style.addnext(mark)
                else:
                    properties.insert(0, mark)


def add_loop_row(table: Table, opening: str, add_rows: Callable[[], object], closing: str) -> None:
    """Rows between the tag that opens a loop or a choice and the one that closes it."""
    add_tag_row(table, opening)
    add_rows()
    add_tag_row(table, closing)


def write_all(folder: Path = FOLDER) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / name for name in FILES.values()]
    for kind, path in zip(FILES, paths, strict=True):
        path.write_bytes(make_template(kind))
    return paths


if __name__ == "__main__":
    for written in write_all():
        print(written.relative_to(ROOT))  # noqa: T201  # a command of its own
