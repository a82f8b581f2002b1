"""What a page says after something was done: only these sentences, so that no address can put words on a page."""

from collections.abc import Mapping
from typing import Final

DONE: Final[Mapping[str, str]] = {
    "feed-revoked": "Đã thu hồi địa chỉ lịch.",
    "signed-out": "Đã đăng xuất.",
    "password-set": "Đã đặt mật khẩu. Hãy đăng nhập.",
}
