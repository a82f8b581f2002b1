"""What stands in each table: a column's name for programs, its heading for people, and where in a row it comes from.

Rows are the JSON-ready answers of the domain's list functions, so a table never shows more than the page it is of.
"""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from app import telling
from app.core import workflow
from app.telling.words import CHANNELS, CONFIDENCES, CONTACT_KINDS, DELIVERY_STATES, ROLES

Row = Mapping[str, Any]


class Kind(StrEnum):
    TEXT = "text"
    WORD = "word"
    """One of a vocabulary; people read its Vietnamese word."""
    POINTS = "points"
    NUMBER = "number"
    DAY = "day"
    MOMENT = "moment"
    YES = "yes"


class Column(NamedTuple):
    name: str
    label: str
    kind: Kind = Kind.TEXT
    path: str | Callable[[Row], Any] = ""
    """Keys into the row joined by dots ("" is the name itself), or a function of it."""
    words: Mapping[Any, str] = {}
    told: Callable[[Row], str] | None = None
    """What people read, where words for single values are not enough."""

    def of(self, row: Row) -> Any:
        if callable(self.path):
            return self.path(row)
        value: Any = row
        for key in (self.path or self.name).split("."):
            value = value[key] if value is not None else None
        return value

    def word(self, value: Any) -> str:
        return self.words.get(value, str(value))


class Table(NamedTuple):
    title: str
    columns: tuple[Column, ...]


def _text(name: str, label: str, path: str | Callable[[Row], Any] = "") -> Column:
    return Column(name, label, Kind.TEXT, path)


def _points(name: str, label: str, path: str = "") -> Column:
    return Column(name, label, Kind.POINTS, path)


def _count(name: str, label: str, path: str = "") -> Column:
    return Column(name, label, Kind.NUMBER, path)


def _day(name: str, label: str, path: str = "") -> Column:
    return Column(name, label, Kind.DAY, path)


def _moment(name: str, label: str, path: str = "") -> Column:
    return Column(name, label, Kind.MOMENT, path)


def _yes(name: str, label: str, path: str = "") -> Column:
    return Column(name, label, Kind.YES, path)


def _word(name: str, label: str, words: Mapping[Any, str], path: str = "") -> Column:
    return Column(name, label, Kind.WORD, path, words)


KINDS = {"appraised": "Tự chấm", "survey": "Điều tra xã hội học"}
SHARE_KINDS = {"clearable": "Có thể xử lý xong", "occurred": "Đã xảy ra"}
REQUEST_STATES = {"open": "Chờ quyết định", "granted": "Đồng ý", "refused": "Không đồng ý"}
_FIGURES = (
    _points("max", "Điểm tối đa"),
    _points("published", "Điểm công bố"),
    _points("floor", "Mức đã được xác nhận"),
    _points("expected", "Mức dự kiến"),
    _points("ceiling", "Mức tối đa có thể"),
)
_ROLLED_UP = (
    _count("tasks", "Số nhiệm vụ"),
    *(_count(status, label, f"by_status.{status}") for status, label in workflow.LABELS.items()),
    _count("overdue", "Quá hạn"),
    _count("on_time", "Nộp đúng hạn"),
    _count("late", "Nộp trễ hạn"),
    _points("points_short", "Điểm còn thiếu"),
    _points("verified_gain", "Điểm tăng đã xác nhận"),
    _points("expected_gain", "Điểm tăng dự kiến"),
    _points("completion", "Tỷ lệ hoàn thành (theo điểm)"),
)
_AGENCY = (_text("agency", "Mã cơ quan", "agency.code"), _text("agency_name", "Cơ quan", "agency.name"))


def _cooperating(row: Row) -> str:
    return ", ".join(one["code"] for one in row["cooperating"])


def _addresses(row: Row) -> str:
    return "; ".join(one["address"] or "" for one in row["deliveries"])


TABLES: Mapping[str, Table] = {
    "tasks": Table(
        "Nhiệm vụ",
        (
            _text("code", "Mã"),
            _text("assessment", "Kỳ đánh giá"),
            _count("number", "Số tiêu chí", "criterion.number"),
            _text("criterion", "Tiêu chí", "criterion.name"),
            _count("field", "Số lĩnh vực", "criterion.field.number"),
            _text("field_name", "Lĩnh vực", "criterion.field.name"),
            _word("kind", "Loại", KINDS, "criterion.kind"),
            *_AGENCY,
            _text("former_agency", "Tên trước đây"),
            _text("cooperating", "Cơ quan phối hợp", _cooperating),
            _word("status", "Trạng thái", workflow.LABELS),
            _count("percent", "Tỷ lệ thực hiện (%)"),
            _yes("overdue", "Quá hạn"),
            _day("due_before", "Hạn giao (trước ngày)"),
            _day("effective_due", "Hạn hiện nay (trước ngày)"),
            _count("days_left", "Số ngày còn lại"),
            _moment("submitted_at", "Nộp lúc"),
            _yes("submitted_on_time", "Nộp đúng hạn"),
            *_FIGURES,
            _points("points_short", "Điểm còn thiếu"),
            _points("target", "Điểm mục tiêu"),
            _points("verified", "Điểm đã xác nhận"),
            _points("reported", "Điểm đã báo cáo"),
            _moment("updated_at", "Cập nhật lúc"),
            _count("version", "Phiên bản"),
        ),
    ),
    "fields": Table("Lĩnh vực", (_count("number", "Số"), _text("name", "Lĩnh vực"), *_FIGURES)),
    "groups": Table("Nhóm điểm", (_text("key", "Mã"), _text("name", "Nhóm"), *_FIGURES)),
    "criteria": Table(
        "Tiêu chí",
        (
            _text("code", "Mã"),
            _count("number", "Số"),
            _word("kind", "Loại", KINDS),
            _count("field", "Lĩnh vực"),
            _text("name", "Tiêu chí"),
            *_AGENCY,
            _word("status", "Trạng thái", workflow.LABELS),
            *_FIGURES,
            _word("confidence", "Căn cứ công thức", CONFIDENCES),
        ),
    ),
    "agencies": Table("Cơ quan", (_text("key", "Mã"), _text("name", "Cơ quan"), *_ROLLED_UP)),
    "shares": Table(
        "Phần trách nhiệm",
        (
            _text("code", "Mã"),
            _text("task", "Nhiệm vụ", "task.code"),
            *_AGENCY,
            _text("former_agency", "Tên trước đây"),
            _word("kind", "Loại", SHARE_KINDS),
            _text("what", "Nội dung"),
            _count("quantity", "Số lượng theo báo cáo"),
            _text("unit", "Đơn vị tính"),
            _count("current", "Số liệu kỳ này"),
            _yes("resolved", "Đã xử lý xong"),
            _yes("done", "Đã báo cáo đủ"),
            _day("effective_due", "Hạn (trước ngày)"),
            _yes("overdue", "Quá hạn"),
            _text("reason", "Lý do tồn tại, hạn chế"),
            _text("progress", "Tiến độ xử lý"),
            _text("remedy", "Biện pháp khắc phục"),
            _moment("updated_at", "Cập nhật lúc"),
        ),
    ),
    "measures": Table(
        "Giải pháp",
        (
            _text("code", "Mã"),
            _text("text", "Giải pháp"),
            _text("where", "Mục trong báo cáo"),
            _text("agency", "Mã cơ quan"),
            _text("agency_name", "Cơ quan"),
            _text("progress", "Tiến độ thực hiện"),
            _moment("updated_at", "Cập nhật lúc"),
        ),
    ),
    "evidence": Table(
        "Tài liệu kiểm chứng",
        (
            _count("id", "Số thứ tự"),
            _text("number", "Số, ký hiệu"),
            _text("title", "Trích yếu"),
            _day("issued_on", "Ngày ban hành"),
            _text("signer", "Người ký"),
            _text("period", "Kỳ số liệu"),
            *_AGENCY,
            _text("filename", "Tệp"),
            _count("size", "Dung lượng (byte)"),
            _text("sha256", "SHA-256"),
            _text("tasks", "Nhiệm vụ", lambda row: ", ".join(row["tasks"])),
            _moment("created_at", "Đưa vào lúc"),
            _moment("withdrawn_at", "Thu hồi lúc"),
            _text("withdrawn_why", "Lý do thu hồi"),
        ),
    ),
    "extensions": Table(
        "Đề nghị gia hạn",
        (
            _count("id", "Số thứ tự"),
            _text("task", "Nhiệm vụ"),
            _text("agency", "Mã cơ quan"),
            _day("previous_due", "Hạn cũ (trước ngày)"),
            _day("requested_due", "Hạn đề nghị (trước ngày)"),
            _text("reason", "Lý do"),
            _moment("at", "Gửi lúc"),
            _word("state", "Kết quả", REQUEST_STATES),
            _day("granted_due", "Hạn được gia (trước ngày)"),
            _text("comment", "Ý kiến"),
            _moment("decided_at", "Quyết định lúc"),
        ),
    ),
    "audit": Table(
        "Nhật ký",
        (
            _count("id", "Số thứ tự"),
            _moment("at", "Lúc"),
            _text("by", "Người thực hiện"),
            _text("account", "Tài khoản"),
            _text("on_behalf_of", "Thay mặt"),
            _word("entity", "Đối tượng", telling.ENTITIES),
            _text("code", "Mã"),
            _word("action", "Việc", telling.ACTIONS),
            Column("from", "Từ", path=lambda row: _flat(row["from"]), told=lambda row: _told(row, "before")),
            Column("to", "Thành", path=lambda row: _flat(row["to"]), told=lambda row: _told(row, "after")),
            _text("why", "Lý do"),
        ),
    ),
    "digests": Table(
        "Thư nhắc việc",
        (
            _count("id", "Số thứ tự"),
            _day("on", "Ngày"),
            _text("recipient", "Mã nơi nhận"),
            _text("recipient_name", "Nơi nhận"),
            _count("items_total", "Số mục"),
            _text("addresses", "Địa chỉ", _addresses),
            _moment("created_at", "Lập lúc"),
        ),
    ),
    "deliveries": Table(
        "Lượt gửi",
        (
            _count("id", "Số thứ tự"),
            _day("on", "Ngày"),
            _text("recipient_name", "Nơi nhận"),
            _text("contact", "Người nhận"),
            _word("channel", "Kênh", CHANNELS),
            _text("address", "Địa chỉ"),
            _word("state", "Trạng thái", DELIVERY_STATES),
            _count("attempts", "Số lần thử"),
            _moment("sent_at", "Gửi lúc"),
            _text("last_error", "Lỗi gần nhất"),
        ),
    ),
    "contacts": Table(
        "Đầu mối liên hệ",
        (
            _count("id", "Số thứ tự"),
            *_AGENCY,
            _word("kind", "Loại", CONTACT_KINDS),
            _text("name", "Họ tên"),
            _text("email", "Thư điện tử"),
            _text("webhook_url", "Webhook"),
            _yes("active", "Đang dùng"),
            _day("absent_from", "Vắng từ"),
            _day("absent_until", "Vắng đến"),
        ),
    ),
    "accounts": Table(
        "Tài khoản",
        (
            _count("id", "Số thứ tự"),
            _text("name", "Tên tài khoản"),
            _text("display_name", "Tên hiển thị"),
            _word("role", "Vai trò", ROLES),
            _text("province", "Tỉnh"),
            _text("agency", "Mã cơ quan"),
            _yes("active", "Đang dùng"),
            _moment("created_at", "Tạo lúc"),
        ),
    ),
    "holidays": Table(
        "Ngày nghỉ, ngày làm bù",
        (
            _day("day", "Ngày"),
            _text("name", "Tên"),
            _yes("working", "Làm việc"),
            _yes("override", "Điều chỉnh riêng"),
            _text("note", "Ghi chú"),
        ),
    ),
    "history": Table(
        "Diễn biến theo ngày",
        (
            _day("day", "Ngày"),
            *_FIGURES[1:],
            _count("tasks", "Số nhiệm vụ", "counts.tasks"),
            _count("overdue", "Quá hạn", "counts.overdue"),
            _count("accepted", "Đã xác nhận", "counts.by_status.accepted"),
            _yes("provisional", "Tạm tính"),
        ),
    ),
}


def _flat(values: Mapping[str, Any]) -> str:
    return "; ".join(f"{name}: {value}" for name, value in values.items())


def _told(row: Row, side: str) -> str:
    """One side of every value that an event changed."""
    found = ((change.label, getattr(change, side)) for change in telling.changes(row))
    return "; ".join(f"{label}: {value}" for label, value in found if value)
