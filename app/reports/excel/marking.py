"""An uploaded workbook given back with its faults marked: red cells with a note, the reason in a column of its own,
nothing that was typed lost."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

from app.apart import run_apart
from app.errors import FileRefused
from app.reports.excel.safe import Package
from app.reports.excel.sheets import Fault

SECONDS: Final = 10
TITLE: Final = "Lỗi (hệ thống ghi)"
LONGEST: Final = 8_000
_WORKER: Final = Path(__file__).with_name("marking_worker.py")


class Table(NamedTuple):
    """A sheet that is marked: the row of its head, the column that takes the reasons (both from 0), and the colour of
    its inputs, "" for none."""

    head: int
    column: int
    fill: str = ""


@dataclass
class Marks:
    """What to do to a workbook; places count from 0."""

    tables: dict[str, dict[str, str | int]]
    writes: list[tuple[str, int, int, str | float | None]] = field(default_factory=list)
    """(sheet, row, column, value) to bring up to date."""
    notes: list[tuple[str, int, int, str]] = field(default_factory=list)
    """(sheet, row, column, text) of cells that become red."""
    reasons: list[tuple[str, int, str]] = field(default_factory=list)


def marks_for(tables: Mapping[str, Table], faults: Iterable[Fault]) -> Marks:
    """Marks of earlier faults are taken away in every table. A fault of a whole sheet is told in its first row."""
    made = Marks({name: {**table._asdict(), "title": TITLE} for name, table in tables.items()})
    told: dict[tuple[str, int], dict[str, None]] = {}
    for fault in faults:
        table = tables.get(fault.sheet)
        if table is None:
            continue
        row = table.head + 1 if fault.row is None else fault.row
        if fault.column is not None and fault.column < table.column:
            made.notes.append((fault.sheet, row, fault.column, fault.what))
        if row > table.head:
            told.setdefault((fault.sheet, row), {})[f"{fault.head}: {fault.what}" if fault.head else fault.what] = None
    made.reasons = [(sheet, row, "\n".join(said)[:LONGEST]) for (sheet, row), said in told.items()]
    return made


def mark(package: Package, marks: Marks) -> bytes:
    """The marked workbook. FileRefused when that takes too long or too much, or cannot be done at all."""
    given = json.dumps(asdict(marks)).encode() + b"\n" + package.content
    made = run_apart(_WORKER, given=given, seconds=SECONDS)
    if made is None:
        raise _refusal()
    return made


def _refusal() -> FileRefused:
    return FileRefused(
        "Tệp quá lớn hoặc có thành phần lạ nên không đánh dấu được. Hãy sửa theo danh sách lỗi trên trang, hoặc chép "
        "nội dung sang mẫu mới tải rồi nạp lại.",
        field="file",
    )
