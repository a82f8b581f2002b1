"""PDF: what it holds besides pages is looked for in a process of its own, which is stopped when it takes too long."""

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from app.apart import run_apart

SECONDS: Final = 20
_WORKER: Final = Path(__file__).with_name("pdf_worker.py")
_TWO_AT_ONCE = threading.BoundedSemaphore(2)

_AS_PDF = "Hãy mở tệp, chọn In rồi “Microsoft Print to PDF” để có một bản PDF sạch, và gửi bản đó"
_REFUSALS: Mapping[str, str] = {
    "password": "có mật khẩu. Hãy bỏ mật khẩu rồi gửi lại",
    "damaged": "bị hỏng, không mở được. Hãy xuất lại PDF từ văn bản gốc hoặc quét lại",
    "javascript": f"chứa mã JavaScript. {_AS_PDF}",
    "launch": f"chứa lệnh mở chương trình hoặc tệp khác. {_AS_PDF}",
    "opening": f"tự chạy một lệnh khi mở. {_AS_PDF}",
    "media": f"chứa nội dung đa phương tiện hoặc 3D chạy được. {_AS_PDF}",
    "xfa": f"là biểu mẫu động (XFA). {_AS_PDF}",
    "outside": f"lấy nội dung từ tệp khác. {_AS_PDF}",
    "attachment": "có tệp đính kèm bên trong. Hãy gửi từng tệp như một tài liệu riêng, và in văn bản chính ra PDF",
    "bomb": f"phình to bất thường khi mở. {_AS_PDF}",
}
_TOO_MUCH: Final = f"quá phức tạp để kiểm tra. {_AS_PDF}"


def find_fault(path: Path, seconds: int = SECONDS) -> str | None:
    """What is wrong with a PDF and what to do, to follow its name; None for one that only shows pages."""
    with _TWO_AT_ONCE:
        said = run_apart(_WORKER, str(path), seconds=seconds)
    return None if said == b"clean" else _REFUSALS.get((said or b"").decode(errors="replace"), _TOO_MUCH)
