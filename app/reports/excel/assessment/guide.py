"""The first sheet of an assessment's workbook: what goes where."""

from typing import Final

from app.reports.excel.assessment.tables import HEAD_SHEET, TABLES
from app.reports.excel.book import BLUE, Book, lines_of

_STEPS: Final = (
    (
        "Dùng để làm gì",
        "Đưa kết quả Chỉ số cải cách hành chính của một tỉnh, một năm vào Khắc Phục: mỗi tiêu chí chưa đạt điểm tối đa "
        "trở thành một nhiệm vụ khắc phục của cơ quan phụ trách.",
    ),
    (
        "Điền vào đâu",
        f"Trang “{HEAD_SHEET}” trước, rồi “Cơ quan”, “Nhóm điểm”, “Lĩnh vực”, “Tiêu chí”. Các trang khác điền khi báo "
        "cáo có số liệu. Mỗi dòng một mục; không đổi tên trang, không đổi chỗ cột.",
    ),
    (
        "Con số",
        "“Điểm” và “điểm tối đa” là số, tối đa 4 chữ số lẻ (0,8841). Cột ghi “in” chép đúng như báo cáo in, cả số lẻ "
        "bằng 0 (81,70). Ngày viết 01/07/2025. Hạn báo cáo là “trước ngày”: hạn cuối là hết ngày liền trước.",
    ),
    (
        "Danh sách trong một ô",
        "Mã hoặc số cách nhau bằng dấu chấm phẩy: SNV; STP. Dấu * là mọi cơ quan.",
    ),
    (
        "Công thức tính điểm",
        "Chỉ ghi công thức khi có căn cứ và công thức cho đúng điểm công bố; nếu không, chọn “Tự chấm điểm”. Tiêu chí "
        "điều tra xã hội học chọn “Theo khảo sát”.",
    ),
    (
        "Kiểm tra",
        "Nạp tệp ở mục “Nạp kỳ đánh giá”. Hệ thống cộng lại mọi con số, nêu từng lỗi với trang, dòng, cột; chỉ ghi khi "
        "không còn lỗi. Chỗ chính báo cáo in không khớp thì ghi ở trang “Ghi chú nguồn” và “Số không khớp”.",
    ),
    (
        "Nạp lại",
        "Nạp lại tệp đã sửa chỉ bổ sung phần còn thiếu, không ghi đè những gì đang có; chỗ khác nhau được liệt kê.",
    ),
)


def write(book: Book) -> None:
    sheet = book.sheet("Hướng dẫn", header="Kỳ đánh giá Chỉ số cải cách hành chính", footer="Khắc Phục")
    sheet.set_portrait()
    sheet.set_column(0, 0, 26)
    sheet.set_column(1, 1, 100)
    sheet.set_row(0, 22)
    sheet.write_string(0, 0, "HƯỚNG DẪN ĐIỀN MẪU KỲ ĐÁNH GIÁ", book.look(bold=True, font_size=14, font_color=BLUE))
    left, right = book.cell(bold=True, text_wrap=True), book.cell(text_wrap=True)
    rows = (*_STEPS, *((f"Trang “{table.sheet}”", table.advice) for table in TABLES))
    for line, (title, text) in enumerate(rows, 2):
        sheet.write_string(line, 0, title, left)
        sheet.write_string(line, 1, text, right)
        sheet.set_row(line, 5 + 15 * lines_of(text, 100))
