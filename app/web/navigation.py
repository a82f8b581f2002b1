"""Where each role can go, in the order of a working day. The first entry is where signing in leads."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from app.core.access import Role


class Place(NamedTuple):
    path: str
    label: str

    def holds(self, path: str) -> bool:
        """Whether that page is this place or below it."""
        return path == self.path or path.startswith(f"{self.path}/")


class Group(NamedTuple):
    """Places behind one entry: a row of fifteen is not read."""

    label: str
    places: tuple[Place, ...]


TASKS = Place("/tasks", "Nhiệm vụ")
ALL_TASKS = Place("/tasks", "Danh sách nhiệm vụ")
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
SHOWN_ASSESSMENT = Place("/assessment", "Kỳ đang xem")
AUDIT = Place("/audit", "Nhật ký")
ACCOUNTS = Place("/accounts", "Tài khoản")
IMPORT = Place("/import", "Nạp kỳ đánh giá")

_ENTRIES: dict[Role, tuple[Place | Group, ...]] = {
    Role.AGENCY: (TASKS, SHARES, MEASURES, EVIDENCE, WORKBOOK, WHAT_IF, OVERVIEW, DOCUMENTS),
    Role.COORDINATOR: (
        DESK, OVERVIEW, Group("Nhiệm vụ", (ALL_TASKS, SHARES, MEASURES, EVIDENCE)), REVIEWS, EXTENSIONS, REMINDERS,
        WHAT_IF, Group("Văn bản, biểu mẫu", (DOCUMENTS, WORKBOOK)), Group("Quản lý", (AGENCIES, ASSESSMENT, AUDIT)),
    ),
    Role.LEADERSHIP: (OVERVIEW, TASKS, SHARES, MEASURES, AGENCIES, WHAT_IF, REMINDERS, DOCUMENTS),
    Role.ADMIN: (
        ACCOUNTS, AGENCIES, TASKS, OVERVIEW, DOCUMENTS, Group("Kỳ đánh giá", (SHOWN_ASSESSMENT, IMPORT)), REMINDERS,
        AUDIT,
    ),
}  # fmt: skip


def for_role(role: Role) -> tuple[Place, ...]:
    """Every place, whether it stands in a group or not."""
    return tuple(_flat(_ENTRIES[role]))


def menu(role: Role, path: str) -> list[dict[str, Any]]:
    """The entries as the page at `path` shows them: `places` of a group, `here` where the reader is."""
    return [_shown(one, path) for one in _ENTRIES[role]]


def home(role: Role) -> str:
    return for_role(role)[0].path


def _flat(entries: tuple[Place | Group, ...]) -> Iterator[Place]:
    for one in entries:
        yield from one.places if isinstance(one, Group) else (one,)


def _shown(one: Place | Group, path: str) -> dict[str, Any]:
    places = [_shown(place, path) for place in one.places] if isinstance(one, Group) else []
    here = any(place["here"] for place in places) if isinstance(one, Group) else one.holds(path)
    return {"label": one.label, "path": "" if isinstance(one, Group) else one.path, "places": places, "here": here}
