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
    ("Hãy gửi kèm verified_score là điểm tự chấm.", "Hãy nhập kèm điểm xác nhận."),
)


def for_people(detail: str) -> str:
    """ "Hãy ghi lý do (reason)." → "Hãy ghi lý do."."""
    shown = _IN_BRACKETS.sub("", detail)
    for technical, plain in _OTHERS:
        shown = shown.replace(technical, plain)
    return shown
