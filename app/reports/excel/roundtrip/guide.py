"""The first sheet of a template: how to fill it in, in the officer's words."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from app.core.workdays import local_date
from app.reports.excel.book import BLUE, Book, lines_of
from app.reports.excel.marking import TITLE
from app.reports.excel.roundtrip.layout import FIGURES, GUIDE, REPORTS, SKIP
from app.vietnamese import day_text

_STEPS: Final = (
    (
        "Điền vào đâu",
        f"Trang “{REPORTS}”: mỗi dòng là một nhiệm vụ. Trang “{FIGURES}”: mỗi dòng là một số liệu mà công thức tính "
        "điểm dùng. Chỉ điền các ô màu vàng; ô màu xám do hệ thống ghi và được khóa.",
    ),
    (
        "Nội dung báo cáo",
        "Lý do tồn tại, hạn chế; tiến độ xử lý; biện pháp khắc phục; khó khăn, vướng mắc. Ba mục đầu bắt buộc khi nộp. "
        "Các ô đã có sẵn nội dung báo cáo gần nhất: sửa trực tiếp trên đó.",
    ),
    (
        "Chuyển trạng thái",
        "Để trống: giữ nguyên. “Đang khắc phục”: bắt đầu hoặc tiếp tục làm. “Chờ xác nhận (nộp)”: nộp báo cáo để "
        f"Sở Nội vụ xem xét. “{SKIP}”: bỏ qua cả dòng, dù đã sửa.",
    ),
    (
        "Số liệu và điểm",
        f"Tiêu chí có công thức: điền số liệu ở trang “{FIGURES}”, hệ thống tự tính điểm. Tiêu chí chưa có công thức: "
        "điền điểm tự chấm ở cột cuối. Tiêu chí điều tra xã hội học không nhận điểm. Số viết 94.511 hay 94511, "
        "0,84 hay 0.84 đều đọc được.",
    ),
    (
        "Để trống nghĩa là gì",
        "Xóa nội dung một ô chữ là xóa phần đó của báo cáo. Ô số để trống thì giữ số đã báo cáo. Dòng không sửa thì "
        "không thay đổi gì.",
    ),
    (
        "Nạp lại",
        "Lưu tệp (.xlsx), mở Khắc Phục, mục “Báo cáo bằng Excel”, chọn tệp. Hệ thống cho xem trước từng thay đổi; chỉ "
        "khi bấm “Áp dụng” mới ghi, và ghi tất cả hoặc không ghi gì.",
    ),
    (
        "Khi có lỗi",
        f"Tải lại chính tệp này có đánh dấu: ô lỗi tô đỏ, lý do ghi ở cột “{TITLE}”. Sửa rồi nạp lại; nội dung đã gõ "
        "không mất.",
    ),
    (
        "Không nên",
        "Không thêm, xóa, gộp ô; không đổi tên trang; không dùng công thức trong ô vàng; không đặt mật khẩu; không lưu "
        "dạng .xls, .ods, .csv hay .xlsm.",
    ),
)
_WIDTH: Final = 100


def write(book: Book, found: Mapping[str, Any], *, now: datetime) -> None:
    agency, assessment = found["agency"]["name"], found["assessment"]["name"]
    sheet = book.sheet(GUIDE, header=agency, footer=assessment)
    sheet.set_portrait()
    sheet.set_column(0, 0, 24)
    sheet.set_column(1, 1, _WIDTH)
    sheet.write_string(0, 0, "HƯỚNG DẪN ĐIỀN MẪU BÁO CÁO", book.look(bold=True, font_size=14, font_color=BLUE))
    about = f"{agency} · {assessment} · {len(found['items'])} nhiệm vụ · lập ngày {day_text(local_date(now))}"
    sheet.write_string(1, 0, about, book.look(italic=True, font_color="#55626F"))
    left, right = book.cell(bold=True, text_wrap=True), book.cell(text_wrap=True)
    for line, (title, text) in enumerate(_STEPS, 3):
        sheet.write_string(line, 0, title, left)
        sheet.write_string(line, 1, text, right)
        sheet.set_row(line, 8 + 15 * lines_of(text, _WIDTH))
    sheet.protect()
