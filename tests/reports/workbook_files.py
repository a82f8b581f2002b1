"""Workbooks as people and troublemakers make them: filled in with a spreadsheet program, or changed part by part."""

import io
import subprocess
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from openpyxl import load_workbook

from app.reports.excel.roundtrip.layout import FIGURES, FIRST, REPORTS, figure_column, report_column
from app.reports.excel.roundtrip.template import gather_template, write_template
from tests.conftest import World
from tests.programs import SOFFICE, require

ASSESSMENT = "soc-trang-2024"


def template(world: World, who: str = "SKHCN") -> bytes:
    found = world.read(gather_template, world.actor(who), ASSESSMENT)
    return write_template(found, now=world.now)


def filled(
    content: bytes,
    reports: Mapping[str, Mapping[str, Any]] | None = None,
    figures: Mapping[tuple[str, str], Any] | None = None,
) -> bytes:
    """The template with cells typed into: reports by code and column, figures by code and input."""
    book = load_workbook(io.BytesIO(content))
    for code, cells in (reports or {}).items():
        row = row_of(book[REPORTS], code)
        for key, value in cells.items():
            book[REPORTS].cell(row, report_column(key) + 1).value = value
    for (code, name), value in (figures or {}).items():
        sheet = book[FIGURES]
        row = next(
            cells[0].row
            for cells in sheet.iter_rows(min_row=FIRST + 1)
            if cells[0].value == code and cells[figure_column("input")].value == name
        )
        sheet.cell(row, figure_column("value") + 1).value = value
    return saved(book)


def row_of(sheet: Any, code: str) -> int:
    """Counted from 1, as openpyxl does."""
    return next(cells[0].row for cells in sheet.iter_rows(min_row=FIRST + 1, max_col=1) if cells[0].value == code)


def saved(book: Any) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def edited(content: bytes, change: Callable[[Any], None]) -> bytes:
    book = load_workbook(io.BytesIO(content))
    change(book)
    return saved(book)


def repacked(content: bytes, changes: Mapping[str, Callable[[bytes], bytes]], **added: bytes) -> bytes:
    """The zip with some parts changed and others added (`__` in a name is a slash)."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            part = old.read(name)
            new.writestr(name, changes[name](part) if name in changes else part)
        for name, part in added.items():
            new.writestr(name.replace("__", "/"), part)
    return out.getvalue()


def converted(content: bytes, folder: Path, kind: str = "xlsx") -> bytes:
    """Opened and saved by LibreOffice."""
    office = require(SOFFICE, "LibreOffice")
    source = folder / "in" / "book.xlsx"
    source.parent.mkdir()
    source.write_bytes(content)
    profile = f"-env:UserInstallation=file://{folder}/profile"
    subprocess.run(
        [office, profile, "--headless", "--convert-to", kind, "--outdir", str(folder / "out"), str(source)],
        check=True,
        capture_output=True,
        timeout=120,
    )
    return (folder / "out" / f"book.{kind}").read_bytes()
