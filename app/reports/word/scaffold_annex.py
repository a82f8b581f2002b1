"""The annex of the report: each agency with its tasks and shares, and the units that only answer for shares."""

from collections.abc import Sequence

from docx.document import Document as Doc
from docx.table import Table

from app.reports.word import layout
from app.reports.word.layout import CAPTION, CELL, CELL_HEAD, CELL_MID, ITEM, PLAIN, add, add_grid, add_row, add_rule
from app.reports.word.scaffold import add_loop_row, start_each_page_with_rows


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


def _add_tasks(document: Doc) -> None:
    head = (
        "STT",
        "Nhiệm vụ khắc phục",
        "Thời hạn, trạng thái",
        "Điểm đạt, dự kiến",
        "Lý do tồn tại, hạn chế",
        "Tiến độ xử lý",
        "Biện pháp khắc phục",
        "Khó khăn, vướng mắc",
    )
    table = add_grid(document, (11, 57, 29, 23, 33, 33, 33, 33), lines=True)
    add_row(table, head, [CELL_HEAD] * 8, head=True)
    start_each_page_with_rows(table, 1)
    name = "{{ one.name }}{% if one.cooperating %} (phối hợp: {{ one.cooperating }}){% endif %}"
    state = '{{ one.status }}{% if one.percent != "0" %} ({{ one.percent }}%){% endif %}'

    texts = ("{{ one.number }}", name, "{{ one.due }}", "{{ one.got }}/{{ one.max }}")
    styles = (CELL_MID, CELL, CELL_MID, CELL_MID, *[CELL] * 4)

    def add_reported() -> None:
        told = [f"{{{{ one.{key} }}}}" for key in ("reason", "progress", "remedy", "difficulties")]
        add_row(table, (*texts, *told), styles)
        _add_details(table, state)

    def add_silent() -> None:
        add_row(table, (*texts, "{{ one.note }}", "", "", ""), styles, span=(4, 7))
        _add_details(table, state)

    def add_either() -> None:
        add_loop_row(table, "{%tr if one.reported %}", add_reported, "{%tr else %}")
        add_silent()
        layout.add_tag_row(table, "{%tr endif %}")

    add_loop_row(table, "{%tr for one in agency.criteria %}", add_either, "{%tr endfor %}")


def _add_details(table: Table, state: str) -> None:
    """The code and directions of the leadership under the name, the status under the date, scores under scores."""
    cells = table.rows[-1].cells
    add(cells[1], "{{ one.code }}", CELL, italic=True, size=10)
    add(cells[2], state, CELL_MID, bold=True)
    add(cells[3], "dự kiến {{ one.expected }}", CELL_MID)
    add(cells[1], "{%p for said in one.directions %}", CELL)
    add(cells[1], "Ý kiến chỉ đạo: {{ said }}", CELL, size=10)
    add(cells[1], "{%p endfor %}", CELL)


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
