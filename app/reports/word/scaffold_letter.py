"""The template of the urging letter (công văn đôn đốc), paragraph by paragraph."""

from docx.document import Document as Doc
from docx.table import Table

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
)
from app.reports.word.scaffold import add_foot, add_head, add_loop_row, start_each_page_with_rows


def fill(document: Doc) -> None:
    add_head(document, "V/v đôn đốc báo cáo giải trình, khắc phục tiêu chí chưa đạt điểm tối đa năm {{ index_year }}")
    add(document, "Kính gửi: {{ recipient }}", PLAIN, before=14, after=10)
    _add_reason(document)
    _add_tasks(document)
    _add_shares(document)
    _add_request(document)
    add_foot(
        document,
        ("- Như trên;", "- {{ addressee }} (để báo cáo);", "- Lãnh đạo {{ issuer }};", "- Lưu: VT, CCHC."),
    )


def _add_reason(document: Doc) -> None:
    add(
        document,
        "Căn cứ {% if mandate %}{{ mandate }} về giao nhiệm vụ khắc phục và {% endif %}kết quả {{ index_name }}, "
        "{{ issuer }} được giao theo dõi, đôn đốc các cơ quan, đơn vị báo cáo giải trình và khắc phục những tiêu chí "
        "chưa đạt điểm tối đa.",
    )
    add(document, "{%p if tasks %}", ITEM)
    add(
        document,
        "Qua theo dõi đến ngày {{ as_of }}, {{ recipient }} còn {{ count }} nhiệm vụ chưa nộp báo cáo, tương ứng "
        '{{ points }} điểm còn thiếu{% if overdue != "00" %}, trong đó {{ overdue }} nhiệm vụ đã quá hạn'
        "{% endif %}{% if shares %}; ngoài ra còn {{ share_count }} phần trách nhiệm của đơn vị chưa giải trình xong"
        "{% endif %}. Cụ thể như sau:",
    )
    add(document, "{%p else %}", ITEM)
    add(
        document,
        "Qua theo dõi đến ngày {{ as_of }}, {{ recipient }} còn {{ share_count }} phần trách nhiệm của đơn vị chưa "
        "giải trình xong. Cụ thể như sau:",
    )
    add(document, "{%p endif %}", ITEM)


def _add_tasks(document: Doc) -> None:
    add(document, "{%p if tasks %}", ITEM)
    add(document, "Nhiệm vụ chưa nộp báo cáo", CAPTION)
    table = add_grid(document, (11, 58, 17, 41, 38), lines=True)
    head = ("STT", "Nhiệm vụ khắc phục", "Điểm còn thiếu", "Thời hạn", "Nội dung còn thiếu")
    add_row(table, head, [CELL_HEAD] * 5, head=True)
    add_loop_row(
        table,
        "{%tr for task in tasks %}",
        lambda: _add_task(table),
        "{%tr endfor %}",
    )
    start_each_page_with_rows(table, 1)
    add(document, "{%p endif %}", ITEM)


def _add_task(table: Table) -> None:
    texts = ("{{ task.number }}", "{{ task.name }}", "{{ task.points }}", "{{ task.due }}")
    row = add_row(table, (*texts, "{{ task.missing }}"), (CELL_MID, CELL, CELL_MID, CELL_MID, CELL))
    add(row.cells[3], "({{ task.left }})", CELL_MID)


def _add_shares(document: Doc) -> None:
    add(document, "{%p if shares %}", ITEM)
    add(document, "Phần trách nhiệm của đơn vị", CAPTION)
    table = add_grid(document, (11, 52, 23, 41, 38), lines=True)
    head = ("STT", "Nội dung", "Số lượng theo báo cáo", "Thời hạn", "Nội dung còn thiếu")
    add_row(table, head, [CELL_HEAD] * 5, head=True)
    add_loop_row(
        table,
        "{%tr for share in shares %}",
        lambda: _add_share(table),
        "{%tr endfor %}",
    )
    start_each_page_with_rows(table, 1)
    add(document, "{%p endif %}", ITEM)


def _add_share(table: Table) -> None:
    texts = ("{{ share.number }}", "{{ share.what }}", "{{ share.quantity }}", "{{ share.due }}")
    row = add_row(table, (*texts, "{{ share.missing }}"), (CELL_MID, CELL, CELL_MID, CELL_MID, CELL))
    add(row.cells[3], "({{ share.left }})", CELL_MID)


def _add_request(document: Doc) -> None:
    add(
        document,
        "Để kịp thời tổng hợp, báo cáo {{ addressee }}, {{ issuer }} đề nghị {{ recipient }}:",
        before=8,
        keep=True,
    )
    add(document, "{%p if tasks %}", ITEM)
    add(
        document,
        "1. Chỉ đạo rà soát, khắc phục và gửi báo cáo giải trình đối với từng nhiệm vụ nêu trên, gồm lý do tồn tại, "
        "hạn chế; tiến độ xử lý; biện pháp khắc phục; kèm số liệu và tài liệu kiểm chứng.",
    )
    add(document, "{%p else %}", ITEM)
    add(
        document,
        "1. Giải trình lý do, biện pháp khắc phục và cập nhật số liệu kỳ này đối với từng phần trách nhiệm nêu trên.",
    )
    add(document, "{%p endif %}", ITEM)
    add(
        document,
        "2. Thời hạn: {% if next_due %}trước ngày {{ next_due }} đối với nội dung chưa đến hạn{% endif %}"
        "{% if next_due and has_overdue %}; {% endif %}{% if has_overdue %}chậm nhất ngày {{ reply_by }} đối với nội "
        "dung đã quá hạn, đồng thời nêu rõ lý do chậm{% endif %}.",
    )
    add(
        document,
        "3. Trường hợp có khó khăn, vướng mắc hoặc cần gia hạn, kịp thời nêu rõ lý do, thời gian đề nghị và gửi về "
        "{{ issuer }} để xem xét, quyết định.",
    )
    add(
        document,
        "{% if contact %}Thông tin cần trao đổi, xin liên hệ {{ contact.name }}, {{ issuer }}"
        "{% if contact.email %} (thư điện tử: {{ contact.email }}){% endif %}. {% endif %}"
        "{{ issuer }} đề nghị {{ recipient }} quan tâm, phối hợp thực hiện./.",
        BODY,
        keep=True,
        after=12,
    )
