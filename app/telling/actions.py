"""What was done, in one sentence."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from app.vietnamese import day_text, exact_points_text, number_text

Event = Mapping[str, Any]

ACTIONS: Final[Mapping[str, str]] = {
    "task.created": "Giao nhiệm vụ",
    "task.updated": "Cập nhật báo cáo giải trình",
    "task.submitted": "Nộp báo cáo giải trình",
    "task.recalled": "Rút lại báo cáo giải trình",
    "task.accepted": "Xác nhận kết quả khắc phục",
    "task.continued": "Ghi nhận báo cáo, cho tiếp tục khắc phục",
    "task.returned": "Yêu cầu bổ sung, hoàn thiện báo cáo",
    "task.due_changed": "Đổi hạn",
    "task.target_changed": "Đổi điểm mục tiêu",
    "task.cooperators_changed": "Đổi cơ quan phối hợp",
    "task.changed": "Điều chỉnh nhiệm vụ",
    "task.closed": "Kết thúc, không khắc phục được",
    "task.reopened": "Mở lại nhiệm vụ",
    "task.assigned": "Giao cơ quan khác phụ trách",
    "task.directed": "Cho ý kiến chỉ đạo",
    "task.extension_requested": "Đề nghị gia hạn",
    "task.extension_granted": "Đồng ý gia hạn",
    "task.extension_refused": "Không đồng ý gia hạn",
    "task.succeeded": "Chuyển nhiệm vụ cho cơ quan kế thừa",
    "evidence.added": "Gắn tài liệu kiểm chứng",
    "evidence.corrected": "Sửa tài liệu kiểm chứng",
    "evidence.withdrawn": "Rút tài liệu kiểm chứng",
    "share.updated": "Cập nhật phần trách nhiệm",
    "share.succeeded": "Chuyển phần trách nhiệm cho cơ quan kế thừa",
    "measure.updated": "Cập nhật tiến độ giải pháp",
    "measure.succeeded": "Chuyển giải pháp cho cơ quan kế thừa",
    "assessment.loaded": "Nạp dữ liệu kỳ đánh giá",
    "assessment.changed": "Sửa kỳ đánh giá",
    "assessment.succeeded": "Chuyển kỳ đánh giá sang tỉnh kế thừa",
    "agency.created": "Thêm cơ quan",
    "agency.renamed": "Đổi tên cơ quan",
    "agency.succeeded": "Cơ quan được kế thừa",
    "agency.coordination_passed": "Chuyển vai trò cơ quan thường trực",
    "province.created": "Thêm tỉnh",
    "province.succeeded": "Tỉnh được kế thừa",
    "succession.ordered": "Ra quyết định kế thừa nhiệm vụ",
    "succession.applied": "Thực hiện kế thừa nhiệm vụ",
    "succession.cancelled": "Hủy quyết định kế thừa nhiệm vụ",
    "contact.created": "Thêm đầu mối liên hệ",
    "contact.changed": "Sửa đầu mối liên hệ",
    "contact.activated": "Dùng lại đầu mối liên hệ",
    "contact.deactivated": "Ngừng dùng đầu mối liên hệ",
    "contact.succeeded": "Chuyển đầu mối liên hệ sang nơi kế thừa",
    "holiday.set": "Điều chỉnh lịch làm việc",
    "holiday.cleared": "Bỏ điều chỉnh lịch làm việc",
    "account.created": "Tạo tài khoản",
    "account.changed": "Sửa tài khoản",
    "account.activated": "Mở khóa tài khoản",
    "account.deactivated": "Khóa tài khoản",
    "account.succeeded": "Chuyển tài khoản sang nơi kế thừa",
    "account.link_created": "Tạo liên kết đặt mật khẩu",
    "account.password_set": "Đặt mật khẩu",
    "account.signed_in": "Đăng nhập",
    "account.locked": "Tạm khóa đăng nhập do sai mật khẩu hoặc mã nhiều lần",
    "account.unlocked": "Mở khóa đăng nhập cho tài khoản",
    "account.second_factor_on": "Bật xác thực hai bước",
    "account.second_factor_off": "Tắt xác thực hai bước",
    "account.second_factor_removed": "Gỡ xác thực hai bước của tài khoản",
    "account.recovery_codes_renewed": "Tạo mã khôi phục mới",
    "account.recovery_code_used": "Dùng một mã khôi phục",
    "account.sessions_ended": "Đăng xuất tài khoản khỏi mọi thiết bị",
    "key.created": "Cấp khóa API",
    "key.revoked": "Thu hồi khóa API",
    "calendar_feed.created": "Tạo địa chỉ lịch",
    "calendar_feed.revoked": "Thu hồi địa chỉ lịch",
    "reminder.run": "Lập thư nhắc việc trong ngày",
    "delivery.requeued": "Gửi lại thư nhắc việc",
}
"""What each action is called. An action that is missing here shows its code."""

ENTITIES: Final[Mapping[str, str]] = {
    "task": "Nhiệm vụ",
    "share": "Phần trách nhiệm",
    "measure": "Giải pháp",
    "assessment": "Kỳ đánh giá",
    "agency": "Cơ quan",
    "province": "Tỉnh",
    "succession": "Kế thừa nhiệm vụ",
    "contact": "Đầu mối liên hệ",
    "holiday": "Lịch làm việc",
    "account": "Tài khoản",
    "key": "Khóa API",
    "calendar_feed": "Địa chỉ lịch",
    "reminder_run": "Lượt nhắc việc",
    "delivery": "Lượt gửi thư",
}


def sentence(event: Event) -> str:
    """What was done, beginning with a capital and without a full stop: "Đổi hạn: trước 15/08/2025"."""
    words = ACTIONS.get(event["action"], str(event["action"]))
    detail = _detail(event)
    return f"{words}: {detail}" if detail else words


# Details of some actions


def _due(event: Event) -> str:
    return _before(event["to"].get("effective_due") or event["to"].get("due_before"))


def _resubmit(event: Event) -> str:
    day = event["to"].get("resubmit_before")
    return f"nộp lại trước {day_text(day)}" if day else ""


def _score(name: str, words: str) -> Callable[[Event], str]:
    def tell(event: Event) -> str:
        value = event["to"].get(name)
        return f"{words} {exact_points_text(value)}" if value is not None else ""

    return tell


def _named(name: str) -> Callable[[Event], str]:
    return lambda event: str(event["to"].get(name) or "")


def _cooperators(event: Event) -> str:
    return ", ".join(event["to"].get("cooperating") or ())


def _ordered(event: Event) -> str:
    after = event["to"]
    heir = after.get("successor") or after.get("successor_province") or "cơ quan thường trực"
    day = after.get("effective_from")
    return f"{event.get('code', '')} → {heir}, từ {day_text(day)}" if day else ""


def _run(event: Event) -> str:
    return f"{len(event['to'].get('digests') or ())} thư"


def _loaded(event: Event) -> str:
    added = event["to"].get("added") or {}
    return f"{number_text(sum(added.values()))} dòng mới" if added else ""


def _holiday(event: Event) -> str:
    day = day_text(event["code"]) if event.get("entity") == "holiday" else ""
    working = event["to"].get("working")
    return day if working is None else f"{day} {'làm việc' if working else 'nghỉ'}".strip()


_DETAILS: Final[Mapping[str, Callable[[Event], str]]] = {
    "task.created": _due,
    "task.submitted": _score("reported", "điểm báo cáo"),
    "task.accepted": _score("verified", "điểm xác nhận"),
    "task.continued": _due,
    "task.returned": _resubmit,
    "task.due_changed": _due,
    "task.target_changed": _score("target", "điểm mục tiêu"),
    "task.cooperators_changed": _cooperators,
    "task.assigned": _named("agency"),
    "task.succeeded": _named("agency"),
    "task.extension_requested": lambda event: _before(event["to"].get("requested_due")),
    "task.extension_granted": lambda event: _before(event["to"].get("extension_due")),
    "evidence.added": _named("number"),
    "evidence.corrected": _named("number"),
    "evidence.withdrawn": _named("number"),
    "share.succeeded": _named("agency"),
    "measure.succeeded": _named("agency"),
    "assessment.loaded": _loaded,
    "assessment.succeeded": _named("province"),
    "agency.created": _named("name"),
    "agency.renamed": _named("name"),
    "agency.succeeded": lambda event: f"nơi kế thừa {event['to'].get('succeeded_by') or ''}".strip(),
    "province.created": _named("name"),
    "province.succeeded": lambda event: f"nơi kế thừa {event['to'].get('succeeded_by') or ''}".strip(),
    "succession.ordered": _ordered,
    "holiday.set": _holiday,
    "holiday.cleared": _holiday,
    "account.created": _named("name"),
    "key.created": _named("account"),
    "key.revoked": _named("account"),
    "reminder.run": _run,
}


def _detail(event: Event) -> str:
    tell = _DETAILS.get(event["action"])
    return tell(event) if tell else ""


def _before(day: str | None) -> str:
    return f"trước {day_text(day)}" if day else ""
