"""The annex of the report: each agency with its tasks and shares, and the units that only answer for shares."""

from collections.abc import Sequence

from docx.document import Document as Doc
from docx.table import Table

from app.reports.word import layout
from app.reports.word.layout import CAPTION, CELL, CELL_HEAD, CELL_MID, ITEM, PLAIN, add, add_grid, add_row, add_rule
from app.reports.word.scaffold import add_loop_row, spread, start_each_page_with_rows


def add_annex(document: Doc) -> None:
    add(document, "Phụ lục", PLAIN, bold=True, size=14)
    add(document, "BÁO CÁO GIẢI TRÌNH, TIẾN ĐỘ CỦA TỪNG CƠ QUAN, ĐƠN VỊ", PLAIN, bold=True, size=14)
    add(
        document,
        "(Kèm theo Báo cáo số        /{{ symbol }} ngày       tháng {{ month }} năm {{ year }} của {{ issuer }})",
        PLAIN,
        italic=True,
    )
    add_rule(document, 60, layout.LANDSCAPE, after=6)
    add(document, "{%p for agency in annex_agencies %}", ITEM)
    add(document, "{{ agency.number }}. {{ agency.name }}", "Heading 2", before=10)
    add(
        document,
        "{{ agency.tasks }} nhiệm vụ, còn thiếu {{ agency.short }} điểm; đã được xác nhận tăng "
        "{{ agency.verified_gain }} điểm, dự kiến tăng {{ agency.expected_gain }} điểm; {% if "
        "agency.has_overdue %}{{ agency.overdue }} nhiệm vụ quá hạn{% else %}không có nhiệm vụ quá hạn{% endif %}.",
        keep=True,
    )
    _add_tasks(document)
    add(document, "{%p if agency.shares %}", ITEM)
    add(document, "Phần trách nhiệm của {{ agency.name }}", CAPTION)
    _add_shares(document, "agency.shares")
    add(document, "{%p endif %}", ITEM)
    add(document, "{%p endfor %}", ITEM)
    add(document, "{%p if other_agencies %}", ITEM)
    add(document, "Các đơn vị khác có phần trách nhiệm", "Heading 2", before=12)
    _add_others(document)
    add(document, "{%p endif %}", ITEM)
    spread(document)  # no document ends with a table


TEXTS = {
    "reason": "Lý do tồn tại, hạn chế",
    "progress": "Tiến độ xử lý",
    "remedy": "Biện pháp khắc phục",
    "difficulties": "Khó khăn, vướng mắc",
}


def _add_tasks(document: Doc) -> None:
    head = ("STT", "Nhiệm vụ khắc phục", "Thời hạn, trạng thái", "Điểm đạt, dự kiến", "Báo cáo giải trình")
    table = add_grid(document, (11, 62, 41, 29, 109), lines=True)
    add_row(table, head, [CELL_HEAD] * 5, head=True)
    start_each_page_with_rows(table, 1)
    add_loop_row(table, "{%tr for one in agency.criteria %}", lambda: _add_task(table), "{%tr endfor %}")


def _add_task(table: Table) -> None:
    name = "{{ one.name }}{% if one.cooperating %} (phối hợp: {{ one.cooperating }}){% endif %}"
    texts = ("{{ one.number }}", name, "{{ one.due }}", "{{ one.got }}/{{ one.max }}", "{%p if one.reported %}")
    cells = add_row(table, texts, (CELL_MID, CELL, CELL_MID, CELL_MID, CELL)).cells
    add(cells[1], "{{ one.code }}", CELL, italic=True, size=10)
    add(cells[2], '{{ one.status }}{% if one.percent != "0" %} ({{ one.percent }}%){% endif %}', CELL_MID, bold=True)
    add(cells[3], "dự kiến {{ one.expected }}", CELL_MID)
    for key, label in TEXTS.items():
        add(cells[4], f"{{%p if one.{key} %}}", CELL)
        add(cells[4], f"**{label}:** {{{{ one.{key} }}}}", CELL)
        add(cells[4], "{%p endif %}", CELL)
    add(cells[4], "{%p else %}", CELL)
    add(cells[4], "{{ one.note }}", CELL)
    add(cells[4], "{%p endif %}", CELL)
    add(cells[4], "{%p for said in one.directions %}", CELL)
    add(cells[4], "**Ý kiến chỉ đạo:** {{ said }}", CELL)
    add(cells[4], "{%p endfor %}", CELL)


SHARE_WIDTHS = (11, 75, 30, 30, 30, 76)
SHARE_HEAD = ("STT", "Nội dung", "Số lượng theo báo cáo", "Số liệu kỳ này", "Tình trạng", "Giải trình, biện pháp")
SHARE_STYLES = (CELL_MID, CELL, CELL_MID, CELL_MID, CELL_MID, CELL)
SHARE_KEYS = ("number", "what", "quantity", "current", "state", "answer")


def _add_shares(document: Doc, shares: str) -> None:
    table = add_grid(document, SHARE_WIDTHS, lines=True)
    add_row(table, SHARE_HEAD, [CELL_HEAD] * 6, head=True)
    start_each_page_with_rows(table, 1)
    texts = [f"{{{{ share.{key} }}}}" for key in SHARE_KEYS]
    add_loop_row(
        table,
        f"{{%tr for share in {shares} %}}",
        lambda: _add_share(table, texts),
        "{%tr endfor %}",
    )


def _add_share(table: Table, texts: Sequence[str]) -> None:
    add_row(table, texts, SHARE_STYLES)


def _add_others(document: Doc) -> None:
    """One table for all of them, a line with the unit's name above its shares."""
    table = add_grid(document, SHARE_WIDTHS, lines=True)
    add_row(table, SHARE_HEAD, [CELL_HEAD] * 6, head=True)
    start_each_page_with_rows(table, 1)
    texts = [f"{{{{ share.{key} }}}}" for key in SHARE_KEYS]

    def add_unit() -> None:
        add_row(table, ("{{ unit.name }}", *[""] * 5), [CELL] * 6, bold=True, span=(0, 5))
        table.rows[-1].cells[0].paragraphs[0].paragraph_format.keep_with_next = True
        add_loop_row(table, "{%tr for share in unit.shares %}", lambda: _add_share(table, texts), "{%tr endfor %}")

    add_loop_row(table, "{%tr for unit in other_agencies %}", add_unit, "{%tr endfor %}")
