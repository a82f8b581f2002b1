"""Which part of a seed stands on which sheet, and in which column. Writing and reading both go by this page."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from app.assessments.seedfile.reading import Route
from app.reports.excel.assessment import words

FORMAT: Final = "khacphuc-ky-danh-gia"
VERSION: Final = "1"
GUIDE, HEAD_SHEET, MARKS = "Hướng dẫn", "Kỳ đánh giá", "_khacphuc"
HEAD: Final = 2
FIRST: Final = HEAD + 1


class Col(NamedTuple):
    """One value. `kind`: text, points (a score), printed (a figure exactly as printed), count, day, flag, words (one of
    `words`), codes, counts, figures or names (lists of them)."""

    label: str
    route: Route
    kind: str = "text"
    width: float = 16
    words: Mapping[str, str] = {}
    note: str = ""


class Table(NamedTuple):
    """One sheet of rows. `into`: where the list stands in the seed. With `parent` (the route of another list, and the
    key that names its entries) the list `into` stands inside the entry that the first column names."""

    sheet: str
    into: Route
    columns: tuple[Col, ...]
    advice: str
    parent: tuple[Route, str] | None = None


def _figure(name: str, title: str) -> tuple[Col, ...]:
    return (
        Col(f"Điểm {title}", (name, "score"), "printed", 11),
        Col(f"Tỷ lệ % {title}", (name, "rate"), "printed", 11),
        Col(f"Thứ hạng {title}", (name, "rank"), "count", 11),
    )


_TOTALS: Final = (
    *_figure("current", "năm nay"),
    *_figure("previous", "năm trước"),
    Col("Tăng, giảm điểm", ("change", "score"), "printed", 11),
    Col("Tăng, giảm tỷ lệ", ("change", "rate"), "printed", 11),
    Col("Tăng, giảm thứ hạng", ("change", "rank"), "count", 11),
)

WHERE: Final = Col("Chỗ trong báo cáo", ("where",), "text", 30, note="Phần, mục, bảng, chú thích của con số.")

HEAD_COLUMNS: Final = (
    Col("Mã tỉnh", ("province", "code"), note="Chữ thường không dấu, ví dụ soc-trang"),
    Col("Tên tỉnh", ("province", "name"), note="Ví dụ: Tỉnh Sóc Trăng"),
    Col("Mã kỳ đánh giá", ("assessment", "code"), note="Mã tỉnh và năm: soc-trang-2024"),
    Col("Tiền tố của mã", ("assessment", "code_prefix"), note="Đứng đầu mọi mã: ST-2024"),
    Col("Năm đánh giá", ("assessment", "year"), "count"),
    Col("Tên kỳ đánh giá", ("assessment", "name")),
    Col("Nguồn", ("assessment", "source"), note="Tên báo cáo, văn bản"),
    Col("Điểm chính xác", ("assessment", "published", "exact"), "points", note="100 trừ mọi điểm còn thiếu"),
    Col("Điểm công bố (như in)", ("assessment", "published", "printed"), "printed", note="Đúng như in, ví dụ 84,83"),
    Col("Tỷ lệ % (như in)", ("assessment", "published", "rate"), "printed"),
    Col("Thứ hạng", ("assessment", "published", "rank"), "count", note="Để trống nếu chưa công bố"),
    Col("Số tỉnh được xếp hạng", ("assessment", "published", "provinces"), "count"),
    Col("Năm trước", ("assessment", "previous", "year"), "count", note="Để trống cả bốn dòng nếu không có"),
    Col("Điểm năm trước", ("assessment", "previous", "score"), "printed"),
    Col("Tỷ lệ % năm trước", ("assessment", "previous", "rate"), "printed"),
    Col("Thứ hạng năm trước", ("assessment", "previous", "rank"), "count"),
    Col("Tăng, giảm điểm", ("assessment", "change", "score"), "printed"),
    Col("Tăng, giảm tỷ lệ", ("assessment", "change", "rate"), "printed"),
    Col("Tăng, giảm thứ hạng", ("assessment", "change", "rank"), "count"),
    Col("Ngày công bố", ("assessment", "announced_on"), "day"),
    Col(
        "Số, ký hiệu văn bản giao nhiệm vụ",
        ("assessment", "mandate", "number"),
        note="Để trống khi tỉnh chưa ban hành",
    ),
    Col("Ngày văn bản giao nhiệm vụ", ("assessment", "mandate", "date"), "day"),
    Col("Hạn báo cáo (trước ngày)", ("assessment", "due_before"), "day", note="Hạn cuối là hết ngày liền trước"),
    Col("Chỗ trong báo cáo", ("assessment", "where")),
)

_CRITERION_CODE: Final = Col("Mã tiêu chí", ("",), "text", 16)

TABLES: Final = (
    Table(
        "Quyết định công bố",
        ("assessment", "decisions"),
        (
            Col("Số, ký hiệu", ("number",), width=18),
            Col("Ngày", ("date",), "day", 12),
            Col("Cơ quan ban hành", ("issuer",), width=24),
            Col("Về việc", ("about",), width=70),
        ),
        "Các quyết định công bố chỉ số; để trống nếu không có.",
    ),
    Table(
        "Cơ quan",
        ("agencies",),
        (
            Col("Mã", ("code",), width=12, note="Chữ hoa không dấu và số: SNV"),
            Col("Tên cơ quan, đơn vị", ("name",), width=60),
            Col("Cơ quan thường trực", ("coordinator",), "flag", 14, words.FLAGS, "Đúng một cơ quan ghi Có"),
        ),
        "Mọi cơ quan, đơn vị có mặt ở các trang khác.",
    ),
    Table(
        "Tên cũ",
        ("former_names",),
        (
            Col("Mã cơ quan", ("",), width=12),
            Col("Tên cũ", ("name",), width=60),
            Col("Dùng đến ngày", ("until",), "day", 14),
        ),
        "Tên trước đây của cơ quan; bỏ trống ngày nếu nguồn không cho biết.",
        (("agencies",), "code"),
    ),
    Table(
        "Hai phần điểm",
        ("kinds",),
        (
            Col("Phần điểm", ("kind",), "words", 20, words.KINDS),
            Col("Tên", ("name",), width=34),
            Col("Điểm tối đa", ("max",), "points", 10),
            *_TOTALS,
            Col("Số tiêu chí (lời văn)", ("stated", "criteria"), "count", 10),
            Col("Bị 0 điểm (lời văn)", ("stated", "zero"), "count", 10),
            Col("Đạt một phần (lời văn)", ("stated", "partial"), "count", 10),
            Col("Dưới 80% (lời văn)", ("stated", "below_80_percent"), "count", 10),
            Col("Điểm (lời văn)", ("stated", "score"), "printed", 10),
            Col("Điểm thiếu (lời văn)", ("stated", "short"), "printed", 10),
            Col("Chỗ của lời văn", ("stated", "where"), width=24),
            WHERE,
        ),
        "Tổng của phần tự chấm và phần điều tra xã hội học như báo cáo in; không bắt buộc.",
    ),
    Table(
        "Nhóm điểm",
        ("groups",),
        (
            Col("Nhóm", ("code",), "words", 24, words.GROUPS),
            Col("Tên", ("name",), width=44),
            Col("Điểm tối đa", ("max",), "points", 10),
            Col("Lĩnh vực chứa cả nhóm", ("field",), "count", 12),
            *_TOTALS,
            WHERE,
        ),
        "Nhóm điểm của kỳ đánh giá với điểm tối đa.",
    ),
    Table(
        "Lĩnh vực",
        ("fields",),
        (
            Col("Số", ("number",), "count", 6),
            Col("Lĩnh vực", ("name",), width=56),
            Col("Điểm tối đa", ("max",), "points", 10),
            Col("Cơ quan phụ trách", ("lead",), width=12),
            *_TOTALS,
            WHERE,
        ),
        "Các lĩnh vực với số in của năm nay và năm trước.",
    ),
    Table(
        "Cộng theo lĩnh vực",
        ("subtotals",),
        (
            Col("Mục", ("section",), width=12),
            Col("Phần điểm", ("kind",), "words", 20, words.KINDS),
            Col("Lĩnh vực", ("field",), "count", 9),
            Col("Điểm tối đa (in)", ("max",), "printed", 11),
            Col("Điểm đạt (in)", ("score",), "printed", 11),
            Col("Điểm thiếu (in)", ("short",), "printed", 11),
            WHERE,
        ),
        "Dòng cộng đứng trên các tiêu chí của một lĩnh vực trong bảng của báo cáo; không bắt buộc.",
    ),
    Table(
        "Tiêu chí",
        ("criteria",),
        (
            Col("Mã", ("code",), width=16, note="Tiền tố-TC-01 (tự chấm), tiền tố-KS-01 (khảo sát)"),
            Col("Số", ("number",), "count", 6),
            Col("Phần điểm", ("kind",), "words", 18, words.KINDS),
            Col("Nhóm", ("group",), "words", 22, words.GROUPS),
            Col("Lĩnh vực", ("field",), "count", 8),
            Col("Tên tiêu chí, tiêu chí thành phần", ("name",), width=56),
            Col("Điểm tối đa", ("max",), "points", 10),
            Col("Điểm đạt", ("score",), "points", 10),
            Col("Điểm thiếu (in)", ("short_printed",), "printed", 10),
            Col("Cơ quan phụ trách", ("agency",), width=12),
            Col("Tên cũ trong báo cáo", ("former_agency",), width=26),
            Col(
                "Cơ quan phối hợp", ("cooperating",), "codes", 18, note="Mã cách nhau dấu ; — dấu * là mọi cơ quan khác"
            ),
            Col("Căn cứ giao", ("assignment_basis",), "words", 16, words.BASES),
            Col("Công thức", ("rule", "kind"), "words", 16, words.RULES),
            Col("Mức tin cậy", ("rule", "confidence"), "words", 16, words.CONFIDENCES),
            Col("Căn cứ của công thức", ("rule", "citation"), width=40),
            Col("Số liệu là tổng số", ("rule", "total"), width=14, note="Chỉ cho công thức “Đếm có trọng số”"),
            Col("Số liệu ngoài phạm vi", ("rule", "refused"), "codes", 14),
            WHERE,
        ),
        "Mỗi tiêu chí chưa đạt điểm tối đa là một dòng, và thành một nhiệm vụ khắc phục.",
    ),
    Table(
        "Số liệu của công thức",
        ("rule", "inputs"),
        (
            _CRITERION_CODE,
            Col("Tên máy", ("name",), width=22, note="Chữ thường không dấu và gạch dưới: services_used"),
            Col("Số liệu", ("label",), width=50),
            Col("Đơn vị tính", ("unit",), width=14),
            Col("Số công bố", ("published",), "figure", 14),
            Col("Không bắt buộc", ("optional",), "flag", 14, words.FLAGS),
        ),
        "Các số liệu mà công thức của tiêu chí dùng.",
        (("criteria",), "code"),
    ),
    Table(
        "Thành phần công thức",
        ("rule", "terms"),
        (
            _CRITERION_CODE,
            Col("Điểm", ("points",), "points", 10),
            Col("Tử số, hoặc số đếm", ("numerator",), width=22),
            Col("Mẫu số", ("denominator",), width=22, note="Để trống cho công thức “Đếm có trọng số”"),
        ),
        "Điểm × tử số / mẫu số của từng thành phần; hoặc điểm của mỗi đơn vị đếm được.",
        (("criteria",), "code"),
    ),
    Table(
        "Số liệu khác",
        ("facts",),
        (
            _CRITERION_CODE,
            Col("Số liệu", ("label",), width=60),
            Col("Giá trị (như báo cáo ghi)", ("value",), width=50),
            WHERE,
        ),
        "Con số đã biết mà không công thức nào dùng.",
        (("criteria",), "code"),
    ),
    Table(
        "Nguyên nhân",
        ("causes",),
        (
            Col("Mã", ("code",), width=16),
            Col("Mục", ("section",), width=12),
            Col("Nguyên nhân (tóm lược)", ("text",), width=80),
            Col("Lĩnh vực", ("fields",), "counts", 12, note="Số cách nhau dấu ;"),
            Col("Tiêu chí", ("criteria",), "codes", 30, note="Mã cách nhau dấu ;"),
            WHERE,
        ),
        "Nguyên nhân theo báo cáo, gắn với lĩnh vực hoặc tiêu chí.",
    ),
    Table(
        "Giải pháp",
        ("measures",),
        (
            Col("Mã", ("code",), width=16),
            Col("Mục", ("section",), width=12),
            Col("Giải pháp (tóm lược)", ("text",), width=80),
            Col("Cơ quan", ("agencies",), "codes", 18, note="Mã cách nhau dấu ; — dấu * là mọi cơ quan"),
            Col("Tên cũ trong báo cáo", ("former_agency",), width=26),
            Col("Lĩnh vực", ("fields",), "counts", 12, note="Số cách nhau dấu ;"),
            Col("Tiêu chí", ("criteria",), "codes", 30, note="Mã cách nhau dấu ;"),
            WHERE,
        ),
        "Giải pháp mà báo cáo giao, gắn với lĩnh vực hoặc tiêu chí.",
    ),
    Table(
        "Danh sách trách nhiệm",
        ("share_lists",),
        (
            Col("Khóa", ("key",), width=28, note="Chữ thường không dấu, ví dụ ho-so-tre-hen"),
            Col("Tiêu chí", ("task",), width=16),
            Col("Loại", ("kind",), "words", 16, words.SHARES),
            Col("Nội dung", ("what",), width=60),
            Col("Đơn vị tính", ("unit",), width=12),
            Col("Danh sách đầy đủ", ("complete",), "flag", 12, words.FLAGS),
            Col("Tổng số báo cáo in", ("total",), "count", 12),
            WHERE,
        ),
        "Mỗi chú thích của báo cáo quy trách nhiệm cho nhiều đơn vị là một dòng.",
    ),
    Table(
        "Phần trách nhiệm",
        ("shares",),
        (
            Col("Khóa của danh sách", ("",), width=28),
            Col("Mã", ("code",), width=18),
            Col("Cơ quan, đơn vị", ("agency",), width=14),
            Col("Tên đúng như in", ("printed_as",), width=34),
            Col("Các tên cũ", ("former_agencies",), "names", 50, note="Cách nhau dấu ;"),
            Col("Số lượng", ("quantity",), "count", 10, note="Để trống nếu báo cáo không chia"),
        ),
        "Phần của từng đơn vị trong danh sách ở trang trước.",
        (("share_lists",), "key"),
    ),
    Table(
        "Mốc so sánh",
        ("benchmarks",),
        (
            Col("Mốc", ("label",), width=44),
            Col("Loại", ("kind",), "words", 18, words.BENCHMARKS),
            Col("Năm", ("year",), "count", 8),
            Col("Điểm", ("score",), "points", 10),
            Col("Thứ hạng", ("rank",), "count", 10),
            Col("Số tỉnh đạt ngưỡng", ("provinces",), "count", 10),
            Col("Nguồn", ("source",), width=60),
            Col("Địa chỉ", ("address",), width=50),
        ),
        "Ngưỡng, trung bình, tỉnh khác; mỗi mốc kèm nguồn.",
    ),
    Table(
        "Tổng, hiệu in",
        ("printed_sums",),
        (
            Col("Mã", ("code",), width=34),
            Col("Nội dung", ("label",), width=60),
            Col("Các số cộng", ("plus",), "figures", 24, note="Cách nhau dấu ;"),
            Col("Các số trừ", ("minus",), "figures", 24, note="Cách nhau dấu ;"),
            Col("Kết quả in", ("printed",), "printed", 12),
            WHERE,
        ),
        "Phép cộng, trừ mà báo cáo in, để tính lại; không bắt buộc.",
    ),
    Table(
        "Tỷ lệ in",
        ("printed_rates",),
        (
            Col("Mã", ("code",), width=34),
            Col("Nội dung", ("label",), width=60),
            Col("Phần", ("part",), "count", 12),
            Col("Toàn bộ", ("whole",), "count", 12),
            Col("Tỷ lệ in (%)", ("printed",), "printed", 12),
            WHERE,
        ),
        "Tỷ lệ phần trăm mà báo cáo in kèm hai số đếm; không bắt buộc.",
    ),
    Table(
        "Chỉ số liên quan",
        ("related_indexes",),
        (
            Col("Mã", ("code",), width=16),
            Col("Nhóm", ("group",), "words", 22, words.GROUPS),
            Col("Tên", ("name",), width=44),
            Col("Tỷ lệ % (in)", ("rate",), "printed", 11),
            Col("Thứ hạng", ("rank",), "count", 10),
            Col("Tăng, giảm điểm", ("change", "score"), "printed", 11),
            Col("Tăng, giảm tỷ lệ", ("change", "rate"), "printed", 11),
            Col("Tăng, giảm thứ hạng", ("change", "rank"), "count", 11),
            WHERE,
        ),
        "Chỉ số công bố riêng mà cũng nằm trong một nhóm điểm (SIPAS); không bắt buộc.",
    ),
    Table(
        "Ghi chú nguồn",
        ("source_notes",),
        (
            Col("Mã", ("code",), width=34),
            Col("Mâu thuẫn của báo cáo", ("title",), width=70),
            Col("Giữ thế nào, vì sao", ("kept",), width=70),
        ),
        "Chỗ báo cáo tự mâu thuẫn; giải thích các số không khớp.",
    ),
    Table(
        "Số không khớp",
        ("mismatches",),
        (
            Col("Mã ghi chú", ("",), width=34),
            Col("Tên phép kiểm tra", ("check",), width=44, note="Như thông báo lỗi nêu"),
            Col("Báo cáo ghi", ("printed",), width=20),
            Col("Đối chiếu ra", ("computed",), width=20),
        ),
        "Phép kiểm tra mà chính báo cáo không khớp, đúng như thông báo lỗi ghi.",
        (("source_notes",), "code"),
    ),
    Table(
        "Trích dẫn",
        ("quotes",),
        (
            Col("Mã ghi chú", ("",), width=34),
            Col("Trích", ("text",), width=80),
            WHERE,
        ),
        "Hai trích dẫn trái nhau trở lên cho mâu thuẫn mà máy không tự tính được.",
        (("source_notes",), "code"),
    ),
)
SHEETS: Final = (HEAD_SHEET, *(table.sheet for table in TABLES), MARKS)
