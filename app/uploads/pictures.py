"""Pictures: whole, and not larger than any scan is. Nothing here decodes their pixels."""

from pathlib import Path
from typing import Final

MOST_PIXELS: Final = 250_000_000
"""A sheet of A1 at 600 dots per inch has 279 million; scans of A3 at 600 have 70."""
_PIXELS: Final = b"\xff\xda"
_END: Final = b"\xff\xd9"


def find_fault(path: Path) -> str | None:
    """What is wrong with a PNG or JPEG and what to do, to follow its name; None for a sound one."""
    from PIL import Image  # loaded with the first picture

    Image.MAX_IMAGE_PIXELS = MOST_PIXELS // 2  # it warns above, and refuses above twice as many
    try:
        with Image.open(path, formats=("PNG", "JPEG")) as picture:
            picture.verify()
            whole = picture.format == "PNG" or _has_end(path)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        return f"có hơn {MOST_PIXELS // 1_000_000} triệu điểm ảnh. Hãy giảm độ phân giải rồi gửi lại"
    except (OSError, ValueError, SyntaxError, IndexError, TypeError, EOFError, OverflowError):
        whole = False
    return None if whole else "bị hỏng hoặc thiếu phần cuối, không mở được. Hãy quét, chụp hoặc tải lại ảnh"


def _has_end(path: Path) -> bool:
    """Past the segments before the pixels (one of them may be a thumbnail, with an end of its own) an end must come;
    phones write more behind it."""
    content = path.read_bytes()
    at = 2
    while content[at : at + 1] == b"\xff" and content[at : at + 2] != _PIXELS:
        at += 2 + int.from_bytes(content[at + 2 : at + 4], "big")
    return content[at : at + 2] == _PIXELS and content.find(_END, at) > 0
