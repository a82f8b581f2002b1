"""Where each role can go, in the order of a working day. The first entry is where signing in leads."""

from typing import NamedTuple

from app.core.access import Role


class Place(NamedTuple):
    path: str
    label: str


TASKS = Place("/tasks", "Nhiệm vụ")
SHARES = Place("/shares", "Phần trách nhiệm")
MEASURES = Place("/measures", "Giải pháp")
EVIDENCE = Place("/evidence", "Tài liệu kiểm chứng")
WORKBOOK = Place("/workbook", "Báo cáo bằng Excel")
DESK = Place("/desk", "Bàn điều hành")
REVIEWS = Place("/reviews", "Chờ xác nhận")
EXTENSIONS = Place("/extensions", "Gia hạn")
REMINDERS = Place("/reminders", "Nhắc việc")
AGENCIES = Place("/agencies", "Cơ quan")
OVERVIEW = Place("/overview", "Tổng quan")
WHAT_IF = Place("/what-if", "Tính thử")
DOCUMENTS = Place("/documents", "Tài liệu, biểu mẫu")
ASSESSMENT = Place("/assessment", "Kỳ đánh giá")
AUDIT = Place("/audit", "Nhật ký")
ACCOUNTS = Place("/accounts", "Tài khoản")
IMPORT = Place("/import", "Nạp kỳ đánh giá")

_PLACES: dict[Role, tuple[Place, ...]] = {
    Role.AGENCY: (TASKS, SHARES, MEASURES, EVIDENCE, WORKBOOK, WHAT_IF, OVERVIEW, DOCUMENTS),
    Role.COORDINATOR: (
        DESK, TASKS, REVIEWS, EXTENSIONS, REMINDERS, SHARES, MEASURES, EVIDENCE, AGENCIES, OVERVIEW, WHAT_IF,
        DOCUMENTS, WORKBOOK, ASSESSMENT, AUDIT,
    ),
    Role.LEADERSHIP: (OVERVIEW, TASKS, SHARES, MEASURES, AGENCIES, WHAT_IF, REMINDERS, DOCUMENTS),
    Role.ADMIN: (ACCOUNTS, AGENCIES, TASKS, OVERVIEW, DOCUMENTS, ASSESSMENT, IMPORT, REMINDERS, AUDIT),
}  # fmt: skip


def for_role(role: Role) -> tuple[Place, ...]:
    return _PLACES[role]


def home(role: Role) -> str:
    return _PLACES[role][0].path
