"""Words for the codes that rows and events hold."""

from collections.abc import Mapping
from typing import Final

from app.core.access import Role

ROLES: Final[Mapping[str, str]] = {
    Role.AGENCY: "Cơ quan, đơn vị",
    Role.COORDINATOR: "Cơ quan thường trực",
    Role.LEADERSHIP: "Lãnh đạo",
    Role.ADMIN: "Quản trị hệ thống",
}
CONTACT_KINDS: Final[Mapping[str, str]] = {
    "officer": "Công chức đầu mối",
    "head": "Thủ trưởng",
    "leadership": "Lãnh đạo tỉnh",
}
DELIVERY_STATES: Final[Mapping[str, str]] = {
    "pending": "Chờ gửi",
    "sending": "Đang gửi",
    "sent": "Đã gửi",
    "dead": "Không gửi được",
    "superseded": "Đã có thư mới hơn",
    "unreachable": "Chưa có địa chỉ nhận",
    "dropped": "Không còn cần gửi",
}
CHANNELS: Final[Mapping[str, str]] = {"email": "Thư điện tử", "webhook": "Webhook", "folder": "Thư mục outbox"}
CONFIDENCES: Final[Mapping[str, str]] = {
    "cited": "Theo văn bản của Bộ Nội vụ",
    "reproduces": "Khớp điểm công bố, chưa đối chiếu văn bản",
    "declared": "Tự chấm",
    "survey": "Điều tra xã hội học",
}
