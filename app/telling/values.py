"""What became of each value that an event names, with its name and as people write it."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from app.core import workflow
from app.telling.actions import Event
from app.telling.words import CONTACT_KINDS, DELIVERY_STATES, ROLES
from app.vietnamese import day_text, exact_points_text, moment_text, number_text


class Change(NamedTuple):
    """One value that changed, in words; "" where there was or is none."""

    label: str
    before: str
    after: str


def changes(event: Event, *, inputs: Mapping[str, str] | None = None) -> list[Change]:
    """Every value that the event names, from → to. `inputs`: what a rule's measured inputs are called, if the event
    does not say so itself."""
    inputs = event.get("inputs", {}) if inputs is None else inputs
    before, after = event["from"], event["to"]
    names = [name for name in dict.fromkeys([*after, *before]) if name not in SILENT]
    told: list[Change] = []
    for name in names:
        if name in _MEASURED:
            told += _measured(name, before.get(name), after.get(name), inputs)
        elif name == "reminder_policy":
            told += _policy(before.get(name), after.get(name))
        elif before.get(name) != after.get(name):
            told.append(Change(_label(name, event), _shown(name, before.get(name)), _shown(name, after.get(name))))
    return [one for one in told if one.before != one.after]


# Names of values

SILENT: Final = frozenset({"evidence_id", "succeeded_by_id", "province_id", "submitted_by", "message_key"})
"""Ids and keys that say nothing to a reader."""

LABELS: Final[Mapping[str, str]] = {
    "status": "Trạng thái",
    "percent": "Tỷ lệ thực hiện (%)",
    "reason": "Lý do tồn tại, hạn chế",
    "progress": "Tiến độ xử lý",
    "remedy": "Biện pháp khắc phục",
    "difficulties": "Khó khăn, vướng mắc",
    "period": "Kỳ số liệu",
    "declared": "Điểm tự đề xuất",
    "reported": "Điểm đã báo cáo",
    "verified": "Điểm đã xác nhận",
    "target": "Điểm mục tiêu",
    "floor": "Mức đã được xác nhận",
    "expected": "Mức dự kiến",
    "ceiling": "Mức tối đa có thể",
    "due_before": "Hạn giao (trước ngày)",
    "extension_due": "Hạn sau gia hạn (trước ngày)",
    "resubmit_before": "Hạn nộp lại (trước ngày)",
    "effective_due": "Hạn hiện nay (trước ngày)",
    "requested_due": "Hạn đề nghị (trước ngày)",
    "submitted_at": "Nộp lúc",
    "submitted_on_time": "Nộp lần đầu đúng hạn",
    "submissions": "Số lần nộp",
    "self_reviewed": "Cơ quan thường trực tự xác nhận nhiệm vụ của mình",
    "evidence_waiver": "Lý do miễn tài liệu kiểm chứng",
    "outcome": "Kết quả",
    "direction": "Ý kiến chỉ đạo",
    "agency": "Cơ quan",
    "former_agency": "Tên cơ quan trước đây",
    "assignment_basis": "Căn cứ giao",
    "cooperating": "Cơ quan phối hợp",
    "number": "Số, ký hiệu",
    "title": "Trích yếu",
    "issued_on": "Ngày ban hành",
    "signer": "Người ký",
    "sha256": "SHA-256 của tệp",
    "current": "Số liệu kỳ này",
    "resolved": "Đã xử lý xong",
    "done": "Đã báo cáo đủ",
    "mandate_number": "Văn bản giao nhiệm vụ",
    "mandate_date": "Ngày văn bản giao nhiệm vụ",
    "added": "Đã thêm",
    "code": "Mã",
    "name": "Tên",
    "until": "Dùng tên cũ đến hết ngày",
    "is_coordinator": "Cơ quan thường trực",
    "succeeded_by": "Nơi kế thừa",
    "succeeded_from": "Kế thừa từ ngày",
    "people_moved": "Đầu mối, tài khoản chuyển theo",
    "province": "Tỉnh",
    "successor": "Cơ quan kế thừa",
    "successor_province": "Tỉnh kế thừa",
    "mapping": "Cơ quan cũ → cơ quan kế thừa",
    "leadership_moves": "Lãnh đạo chuyển theo",
    "effective_from": "Từ ngày",
    "moved": "Đã chuyển",
    "kind": "Loại",
    "email": "Thư điện tử",
    "webhook_url": "Webhook",
    "webhook_secret": "Khóa ký webhook",
    "active": "Đang dùng",
    "absent_from": "Vắng từ ngày",
    "absent_until": "Vắng đến hết ngày",
    "stand_in_id": "Người nhận thay (đầu mối số)",
    "working": "Làm việc",
    "note": "Ghi chú",
    "display_name": "Tên hiển thị",
    "role": "Vai trò",
    "account": "Tài khoản",
    "prefix": "Đầu khóa",
    "digests": "Nơi nhận thư",
    "state": "Tình trạng",
    "attempts": "Số lần thử",
    "drafts_only": "Chỉ soạn, không nộp",
    "sessions": "Số phiên đăng nhập đã kết thúc",
    "expires_at": "Hết hạn lúc",
    "locked_until": "Khóa đến",
    "place": "Nơi phải chờ",
    "client": "Địa chỉ mạng",
    "wrong_passwords_before": "Số lần sai mật khẩu trước đó",
    "by": "Bằng cách",
    "second_factor": "Bước thứ hai",
    "recovery_codes_left": "Số mã khôi phục còn lại",
}
POLICY: Final[Mapping[str, str]] = {
    "before_days": "Nhắc trước hạn (ngày)",
    "overdue_every": "Nhắc lại khi quá hạn, mỗi (ngày)",
    "escalate_coordinator_from": "Báo cơ quan thường trực từ ngày quá hạn thứ",
    "escalate_leadership_from": "Báo lãnh đạo từ ngày quá hạn thứ",
    "review_wait_workdays": "Nhắc xác nhận khi chờ quá (ngày làm việc)",
    "send_at": "Giờ gửi",
    "send_until": "Gửi đến",
}
_MEASURED = {"measurements": "", "verified_measurements": " (đã xác nhận)"}
_MOVED = {
    "assessments": "kỳ đánh giá",
    "tasks": "nhiệm vụ phụ trách",
    "cooperating": "nhiệm vụ phối hợp",
    "shares": "phần trách nhiệm",
    "measures": "giải pháp",
    "contacts": "đầu mối liên hệ",
    "accounts": "tài khoản",
}


_ADDED: Final[Mapping[str, str]] = {
    "provinces": "tỉnh",
    "agencies": "cơ quan",
    "former_names": "tên cũ của cơ quan",
    "assessments": "kỳ đánh giá",
    "fields": "lĩnh vực",
    "benchmarks": "mốc so sánh",
    "criteria": "tiêu chí",
    "tasks": "nhiệm vụ",
    "task_cooperator": "lượt phối hợp",
    "shares": "phần trách nhiệm",
    "causes": "nguyên nhân",
    "cause_task": "nguyên nhân gắn với nhiệm vụ",
    "measures": "giải pháp",
    "measure_task": "giải pháp gắn với nhiệm vụ",
    "measure_agency": "giải pháp giao cho cơ quan",
}


def _label(name: str, event: Event) -> str:
    if name == "progress" and event["action"].startswith("measure."):
        return "Tiến độ thực hiện"
    if name == "until" and event["action"] == "account.locked":
        return "Khóa đến"
    return LABELS.get(name, name)


# Values in words

_POINTS = frozenset({"declared", "reported", "verified", "target", "floor", "expected", "ceiling", "published", "max"})
_MOMENTS = frozenset({"submitted_at", "expires_at", "locked_until"})
_DAYS = frozenset(
    {
        "due_before",
        "extension_due",
        "resubmit_before",
        "effective_due",
        "requested_due",
        "mandate_date",
        "issued_on",
        "until",
        "succeeded_from",
        "effective_from",
        "absent_from",
        "absent_until",
    }
)
_WORDS: Final[Mapping[str, Mapping[Any, str]]] = {
    "status": workflow.LABELS,
    "outcome": {"not_remediable": "không khắc phục được"},
    "assignment_basis": {
        "report": "theo báo cáo",
        "field_lead": "cơ quan chủ trì lĩnh vực",
        "part_iii": "theo phần III của báo cáo",
        "chosen": "do cơ quan thường trực chọn",
    },
    "kind": CONTACT_KINDS,
    "role": {role: words[0].lower() + words[1:] for role, words in ROLES.items()},
    "state": DELIVERY_STATES,
    "place": {
        "browser": "một trình duyệt đã từng đăng nhập",
        "client": "một địa chỉ mạng",
        "strangers": "mọi nơi chưa từng đăng nhập",
        "present": "người đang đăng nhập, khi nhập mật khẩu hiện tại",
        "code": "người biết mật khẩu, khi nhập mã",
        "codes": "người biết mật khẩu, khi nhập mã (giới hạn trong ngày)",
    },
    "second_factor": {"app": "mã từ ứng dụng xác thực", "recovery": "mã khôi phục"},
    "by": {"link": "liên kết đặt mật khẩu", "owner": "tự đổi"},
}


def _shown(name: str, value: Any) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return "có" if value else "không"
    if name in _WORDS:
        return _WORDS[name].get(value, str(value))
    if isinstance(value, Mapping):
        return _mapped(name, value)
    if isinstance(value, list | tuple):
        return ", ".join(str(one) for one in value)
    return _scalar(name, value)


def _scalar(name: str, value: Any) -> str:
    try:
        return _written(name, value)
    except (ValueError, ArithmeticError, TypeError):
        return str(value)  # the log keeps whatever was true once; a page must show all of it


def _written(name: str, value: Any) -> str:
    if name in _POINTS:
        return exact_points_text(value)
    if name in _MOMENTS or (name in _DAYS and "T" in str(value)):
        return moment_text(value)
    if name in _DAYS:
        return day_text(value)
    return number_text(value) if not name or isinstance(value, int) else str(value)


def _mapped(name: str, value: Mapping[str, Any]) -> str:
    if name == "mapping":
        return ", ".join(f"{old} → {new}" for old, new in value.items())
    return ", ".join(_counted(value, _ADDED if name == "added" else _MOVED)) or "không có gì"


def moved_parts(counted: Mapping[str, int]) -> list[str]:
    """What passes to a successor: ["5 nhiệm vụ phụ trách", "2 đầu mối liên hệ"]."""
    return _counted(counted, _MOVED)


def _counted(counted: Mapping[str, int], words: Mapping[str, str]) -> list[str]:
    return [f"{number_text(count)} {words.get(kind, kind)}" for kind, count in counted.items() if count]


def _measured(name: str, before: Any, after: Any, inputs: Mapping[str, str]) -> list[Change]:
    """One line an input."""
    old, new = before or {}, after or {}
    return [
        Change(f"{inputs.get(key, key)}{_MEASURED[name]}", _shown("", old.get(key)), _shown("", new.get(key)))
        for key in dict.fromkeys([*new, *old])
    ]


def _policy(before: Any, after: Any) -> list[Change]:
    old, new = before or {}, after or {}
    return [
        Change(POLICY.get(key, key), _shown(key, old.get(key)), _shown(key, new.get(key)))
        for key in dict.fromkeys([*new, *old])
    ]
