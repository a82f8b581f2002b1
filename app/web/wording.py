"""What a domain error says, for people at a page: the API's names of fields and headers mean nothing to them."""

import re
from typing import Final

_NAMES: Final = (
    "comment",
    "cooperating",
    "decision",
    "measurements",
    "number",
    "percent",
    "period",
    "progress",
    "reason",
    "remedy",
    "signer",
    "target",
    "tasks",
    "text",
    "title",
)
_IN_BRACKETS: Final = re.compile(rf" \((?:[a-z]+(?:_[a-z0-9]+)+|{'|'.join(_NAMES)}|status = [a-z_]+)\)")
_OTHERS: Final = (
    (
        "Hãy đọc lại rồi gửi lại với ETag mới.",
        "Trang này đã hiện nội dung mới nhất và giữ những gì bạn vừa nhập; hãy xem lại rồi gửi lại.",
    ),
    ("khi decision là accepted", "khi quyết định là xác nhận"),
    ("và chỉ gửi số liệu.", "và chỉ nhập số liệu."),
    ("Hãy gửi due_before, target hoặc cooperating.", "Hãy nhập hạn mới, điểm mục tiêu hoặc chọn cơ quan phối hợp."),
    ("Hãy gửi kèm declared_score là điểm tự chấm.", "Hãy nhập kèm điểm tự chấm."),
    (
        "Đầu mối của cơ quan là officer (chuyên viên) hoặc head (thủ trưởng).",
        "Đầu mối của cơ quan là công chức đầu mối hoặc thủ trưởng.",
    ),
    (
        "Loại đầu mối không hợp với nơi công tác: officer, head; lãnh đạo tỉnh: leadership.",
        "Hãy chọn vai trò: công chức đầu mối hoặc thủ trưởng.",
    ),
    ("một địa chỉ: email hoặc webhook_url.", "một địa chỉ: thư điện tử hoặc webhook."),
    ("; để trống thì hệ thống tạo.", "."),
    ("hãy chọn successor.", "hãy chọn cơ quan kế thừa."),
    ("Hãy ghi successor_name nếu đây là tỉnh mới.", "Hãy ghi tên tỉnh mới."),
    ("; nếu có nhiều tỉnh, hãy thêm ?province=.", "."),
    ("Hãy thêm ?province=, ví dụ soc-trang.", "Hãy mở cơ quan từ danh sách của tỉnh."),
    ("until phải từ since trở đi.", "“Đến ngày” không được trước “Từ ngày”."),
    ("Hãy gửi mandate hoặc reminder_policy.", ""),
    ("hãy gửi kèm again = true.", "hãy bấm “Gửi thêm lần nữa”."),
    ("Hãy gửi kèm verified_score là điểm tự chấm.", "Hãy nhập kèm điểm xác nhận."),
)


def for_people(detail: str) -> str:
    """ "Hãy ghi lý do (reason)." → "Hãy ghi lý do."."""
    shown = _IN_BRACKETS.sub("", detail)
    for technical, plain in _OTHERS:
        shown = shown.replace(technical, plain)
    return shown
