"""The template of the report, section by section; tables 1.2.1 and 1.2.2 keep the form of the report of 2024."""

from collections.abc import Sequence

from docx.document import Document as Doc

from app.reports.word import layout
from app.reports.word.layout import (
    BODY,
    CAPTION,
    CELL,
    CELL_HEAD,
    CELL_MID,
    ITEM,
    PLAIN,
    add,
    add_grid,
    add_row,
    add_rule,
)
from app.reports.word.scaffold import (
    add_foot,
    add_fullwidth_note,
    add_head,
    add_loop_row,
    spread,
    start_each_page_with_rows,
)
from app.reports.word.scaffold_annex import add_annex

FIGURES = ("max", "published", "floor", "expected", "ceiling")
FIGURE_NAMES = ("Điểm tối đa", "Điểm công bố", "Đã xác nhận", "Điểm dự kiến", "Tối đa có thể")


def fill(document: Doc) -> None:
    add_head(document)
    _add_title(document)
    _add_scores(document)
    _add_progress(document)
    layout.next_section(document, landscape=True)
    _add_fields(document)
    _add_criteria(document)
    layout.next_section(document, landscape=False)
    _add_late(document)
    _add_proposals(document)
    add_foot(
        document,
        ("- Như trên;", "- Các cơ quan, đơn vị có nhiệm vụ;", "- Lãnh đạo {{ issuer }};", "- Lưu: VT, CCHC."),
    )
    layout.next_section(document, landscape=True, restart=True)
    add_annex(document)


def _add_title(document: Doc) -> None:
    add(document, "BÁO CÁO", PLAIN, bold=True, size=14, before=18)
    add(document, "Kết quả khắc phục các tiêu chí chưa đạt điểm tối đa", PLAIN, bold=True, size=14)
    add(document, "của {{ index_name }}", PLAIN, bold=True, size=14)
    add_rule(document, 50, layout.PORTRAIT)
    add(document, "Kính gửi: {{ addressee }}", PLAIN, before=10, after=10)
    add(document, "{%p for basis in bases %}", ITEM)
    add(document, "Căn cứ {{ basis }}{% if loop.last %},{% else %};{% endif %}", italic=True, after=3)
    add(document, "{%p endfor %}", ITEM)
    add(
        document,
        "{{ issuer }} báo cáo {{ addressee }} kết quả khắc phục các tiêu chí, tiêu chí thành phần chưa đạt điểm tối đa "
        "(số liệu tính đến ngày {{ as_of }}) như sau:",
    )


# I


def _add_scores(document: Doc) -> None:
    add(document, "I. KẾT QUẢ CHUNG", "Heading 1")
    add(document, "1. Điểm số", "Heading 2")
    add(
        document,
        "{{ index_name }} được công bố đạt {{ total.published }}/{{ total.max }} điểm, xếp hạng "
        "{{ rank.published }}/{{ rank.provinces }} tỉnh, thành phố. Còn {{ total.short }} điểm chưa đạt ở "
        "{{ counts.tasks }} tiêu chí, tiêu chí thành phần, gồm: {{ gap.controllable }} điểm đánh giá, thẩm định; "
        "{{ gap.socio_economic }} điểm tác động đến phát triển kinh tế - xã hội; {{ gap.survey }} điểm điều tra xã hội "
        "học.",
    )
    add(
        document,
        "Đến nay, điểm đã được xác nhận là **{{ total.floor }}** ({{ total.verified_change }}); điểm dự kiến theo báo "
        "cáo của các cơ quan là **{{ total.expected }}** ({{ total.expected_change }}); mức tối đa có thể là "
        "{{ total.ceiling }}. Điểm dự kiến giả định công thức và các tiêu chí khác giữ nguyên; "
        "điểm điều tra xã hội học chỉ thay đổi theo kỳ khảo sát sau.",
    )
    add(document, "{%p for mark in benchmarks %}", ITEM)
    add(
        document,
        "- So với {{ mark.label }}, mốc {{ mark.score }} điểm: điểm công bố {{ mark.published }}, điểm dự kiến "
        "{{ mark.expected }}{% if loop.last %}.{% else %};{% endif %}",
        ITEM,
    )
    add(document, "{%p endfor %}", ITEM)
    add(
        document,
        "Nếu các tỉnh, thành phố khác giữ nguyên điểm, mức dự kiến tương ứng với thứ hạng {{ rank.expected }} trên "
        "{{ rank.provinces }} tỉnh, thành phố.",
    )
    _add_chart(document, "total", "Biểu đồ điểm và các mốc so sánh")
    _add_figures(
        document,
        "Điểm theo nhóm thành phần",
        ("Nhóm", *FIGURE_NAMES),
        (65, 20, 20, 20, 20, 20),
        "group in groups",
        ("{{ group.name }}", *(f"{{{{ group.{name} }}}}" for name in FIGURES)),
        ("Tổng cộng", *(f"{{{{ total.{name} }}}}" for name in FIGURES)),
    )


def _add_figures(
    document: Doc,
    caption: str,
    head: Sequence[str],
    widths: Sequence[float],
    loop: str,
    row: Sequence[str],
    total: Sequence[str],
    *,
    names: int = 0,
) -> None:
    """A table of numbers with a bold line of totals; `names`: which column holds the names."""
    add(document, caption, CAPTION)
    table = add_grid(document, widths, lines=True)
    add_row(table, head, [CELL_HEAD] * len(head), head=True)
    styles = [CELL if column == names else CELL_MID for column in range(len(head))]
    add_loop_row(
        table,
        f"{{%tr for {loop} %}}",
        lambda: add_row(table, row, styles),
        "{%tr endfor %}",
    )
    add_row(table, total, styles, bold=True)
    start_each_page_with_rows(table, 1)
    spread(document)


def _add_chart(document: Doc, name: str, caption: str) -> None:
    add(document, f"{{%p if charts.{name} %}}", ITEM)
    add(document, caption, CAPTION)
    add(document, f"{{{{ charts.{name} }}}}", PLAIN, after=6)
    add(document, "{%p endif %}", ITEM)


def _add_progress(document: Doc) -> None:
    add(document, "2. Tình hình thực hiện nhiệm vụ", "Heading 2")
    add(
        document,
        "{{ counts.tasks }} nhiệm vụ khắc phục được giao cho {{ counts.agencies }} cơ quan phụ trách, thời hạn báo cáo "
        "giải trình trước ngày {{ due_before }}. Đến nay có {{ counts.statuses }}; "
        "{% if counts.has_overdue %}**{{ counts.overdue }} nhiệm vụ quá hạn**{% else %}không có nhiệm vụ quá hạn"
        "{% endif %}.{% if counts.has_submitted %} Báo cáo nộp lần đầu: {{ counts.on_time }} đúng hạn, "
        "{{ counts.late }} sau hạn.{% endif %} Tỷ lệ hoàn thành tính theo điểm đạt {{ counts.completion }}.",
    )
    names = ("assigned", "in_progress", "submitted", "returned", "accepted", "closed", "overdue")
    keys = ("name", "tasks", *names, "short", "expected_gain")
    _add_figures(
        document,
        "Tiến độ theo cơ quan phụ trách",
        (
            "Cơ quan",
            "Nhiệm vụ",
            "Đã giao",
            "Đang khắc phục",
            "Chờ xác nhận",
            "Yêu cầu bổ sung",
            "Đã xác nhận",
            "Kết thúc",
            "Quá hạn",
            "Điểm còn thiếu",
            "Tăng dự kiến",
        ),
        (33, 16, 12, 14, 13, 13.5, 13, 12, 11, 14, 13.5),
        "agency in agencies",
        [f"{{{{ agency.{key} }}}}" for key in keys],
        [f"{{{{ agencies_total.{key} }}}}" for key in keys],
    )
    _add_chart(document, "agencies", "Biểu đồ điểm còn thiếu theo cơ quan phụ trách")
    _add_chart(document, "trend", "Biểu đồ diễn biến điểm theo ngày")


# II


def _add_fields(document: Doc) -> None:
    add(document, "II. KẾT QUẢ KHẮC PHỤC THEO LĨNH VỰC, TIÊU CHÍ", "Heading 1")
    add(document, "1. {{ index_name }}", "Heading 2")
    add(document, "1.1. Kết quả theo từng lĩnh vực", "Heading 3")
    _add_chart(document, "fields", "Biểu đồ tỷ lệ điểm theo lĩnh vực")
    _add_figures(
        document,
        "Điểm theo lĩnh vực",
        ("TT", "Lĩnh vực", "Điểm tối đa", "Điểm công bố", "Tỷ lệ đạt", "Đã xác nhận", "Điểm dự kiến", "Tối đa có thể"),
        (12, 108, 22, 22, 22, 22, 22, 22),
        "field in fields",
        ("{{ field.number }}", "{{ field.name }}", *_of("field")),
        ("", "Tổng cộng", *_of("total")),
        names=1,
    )


def _of(name: str) -> list[str]:
    keys = ("max", "published", "rate", "floor", "expected", "ceiling")
    return [f"{{{{ {name}.{key} }}}}" for key in keys]


def _add_criteria(document: Doc) -> None:
    add(document, "1.2. Những tiêu chí, tiêu chí thành phần còn hạn chế", "Heading 3")
    add(document, "1.2.1. Đối với nội dung điểm tự chấm", "Heading 3")
    add(
        document,
        "Đạt {{ appraised.whole_got }}/{{ appraised.whole_max }} điểm, còn {{ appraised.short }} điểm chưa đạt ở "
        "{{ appraised.count }} tiêu chí, tiêu chí thành phần: {{ appraised.zero }} không đạt điểm, "
        "{{ appraised.partial }} chưa đạt điểm tối đa.",
    )
    _add_criteria_table(document, "appraised")
    add(document, "1.2.2. Đối với nội dung điểm điều tra xã hội học", "Heading 3", before=12)
    add(
        document,
        "Đạt {{ survey.whole_got }}/{{ survey.whole_max }} điểm, còn {{ survey.short }} điểm chưa đạt ở "
        "{{ survey.count }} tiêu chí, tiêu chí thành phần.",
    )
    _add_criteria_table(document, "survey")
    add_fullwidth_note(
        document,
        "Ghi chú: điểm điều tra xã hội học chỉ thay đổi theo kỳ khảo sát sau, nên điểm dự kiến bằng điểm đạt được. Nội "
        "dung báo cáo của từng cơ quan được nêu đầy đủ ở Phụ lục.",
    )


def _add_criteria_table(document: Doc, kind: str) -> None:
    head = (
        "STT",
        "Nội dung",
        "Điểm tối đa",
        "Điểm đạt được",
        "Điểm chưa đạt",
        "Cơ quan phụ trách tham mưu",
        "Trạng thái",
        "Điểm dự kiến",
        "Biện pháp khắc phục, tiến độ",
    )
    table = add_grid(document, (16, 62, 15, 17, 17, 34, 23, 17, 51), lines=True)
    add_row(table, head, [CELL_HEAD] * 9, head=True)
    styles = (CELL_MID, CELL, CELL_MID, CELL_MID, CELL_MID, CELL, CELL_MID, CELL_MID, CELL)
    sums = ("max", "got", "short")

    def add_criterion() -> None:
        keys = ("number", "name", *sums, "agency", "status", "expected", "remedy")
        add_row(table, [f"{{{{ one.{key} }}}}" for key in keys], styles)

    def add_group() -> None:
        texts = ["{{ part.number }}", "{{ part.name }}", *(f"{{{{ part.{key} }}}}" for key in sums), "", ""]
        add_row(table, [*texts, "{{ part.expected }}", ""], styles, bold=True)
        for cell in table.rows[-1].cells:
            cell.paragraphs[0].paragraph_format.keep_with_next = True
        add_loop_row(table, "{%tr for one in part.criteria %}", add_criterion, "{%tr endfor %}")

    add_loop_row(table, f"{{%tr for part in {kind}.groups %}}", add_group, "{%tr endfor %}")
    texts = ["", "Tổng cộng", *(f"{{{{ {kind}.{key} }}}}" for key in sums), "", ""]
    add_row(table, [*texts, f"{{{{ {kind}.expected }}}}", ""], styles, bold=True)
    start_each_page_with_rows(table, 1)


# III, IV


def _add_late(document: Doc) -> None:
    add(document, "III. NHIỆM VỤ QUÁ HẠN; KHÓ KHĂN, VƯỚNG MẮC", "Heading 1")
    add(document, "1. Nhiệm vụ quá hạn", "Heading 2")
    add(document, "{%p if late_tasks %}", ITEM)
    _add_late_table(document)
    add(document, "{%p else %}", ITEM)
    add(document, "Đến ngày {{ as_of }} không có nhiệm vụ quá hạn.")
    add(document, "{%p endif %}", ITEM)
    add(document, "2. Khó khăn, vướng mắc do các cơ quan báo cáo", "Heading 2")
    add(document, "{%p for one in difficulties %}", ITEM)
    add(document, "- {{ one.agency }} ({{ one.name }}): {{ one.text }}", ITEM)
    add(document, "{%p else %}", ITEM)
    add(document, "Các cơ quan chưa báo cáo khó khăn, vướng mắc.")
    add(document, "{%p endfor %}", ITEM)


def _add_late_table(document: Doc) -> None:
    table = add_grid(document, (10, 64, 32, 41, 18), lines=True)
    head = ("STT", "Nhiệm vụ", "Cơ quan phụ trách", "Thời hạn", "Điểm còn thiếu")
    add_row(table, head, [CELL_HEAD] * 5, head=True)
    start_each_page_with_rows(table, 1)

    def add_task() -> None:
        texts = ("{{ loop.index }}", "{{ one.name }}", "{{ one.agency }}", "{{ one.due }}", "{{ one.points }}")
        row = add_row(table, texts, (CELL_MID, CELL, CELL, CELL_MID, CELL_MID))
        add(row.cells[3], "({{ one.left }})", CELL_MID)

    add_loop_row(table, "{%tr for one in late_tasks %}", add_task, "{%tr endfor %}")
    spread(document)


def _add_proposals(document: Doc) -> None:
    add(document, "IV. KIẾN NGHỊ, ĐỀ XUẤT", "Heading 1")
    add(document, "{%p if late_agencies %}", ITEM)
    add(
        document,
        "- Đề nghị {{ addressee }} chỉ đạo {{ late_agencies }} khẩn trương báo cáo giải trình và khắc phục các nhiệm "
        "vụ quá hạn nêu tại mục III.1.",
        ITEM,
    )
    add(document, "{%p endif %}", ITEM)
    add(document, "{%p if next_best %}", ITEM)
    add(document, "- Tập trung vào những nhiệm vụ còn tăng được nhiều điểm nhất:", ITEM)
    add(document, "{%p for one in next_best %}", ITEM)
    add(
        document,
        "+ {{ one.name }} ({{ one.agency }}): {{ one.points }} điểm{% if loop.last %}.{% else %};{% endif %}",
        ITEM,
    )
    add(document, "{%p endfor %}", ITEM)
    add(document, "{%p endif %}", ITEM)
    add(document, "- [{{ issuer }} bổ sung kiến nghị, đề xuất khác.]", ITEM, italic=True)
    add(
        document,
        "Trên đây là kết quả khắc phục các tiêu chí chưa đạt điểm tối đa của {{ index_name }}, {{ issuer }} kính trình "
        "{{ addressee }} xem xét, chỉ đạo./.",
        BODY,
        before=6,
        after=12,
        keep=True,
    )
