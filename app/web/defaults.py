"""Which assessment people see first, in words; and what loading another one changes for whom."""

from collections.abc import Iterator, Mapping
from typing import Final

from app.assessments.defaults import Default
from app.assessments.seedfile import Seed
from app.reports.excel.assessment.importing import Foreseen
from app.vietnamese import day_text, listed, number_text

WHY: Final[Mapping[str, str]] = {
    "ordered": "đã có văn bản giao nhiệm vụ và còn nhiệm vụ chưa xong",
    "begun": "đã có cơ quan bắt đầu khắc phục và còn nhiệm vụ chưa xong",
    "open": "kỳ mới nhất còn nhiệm vụ chưa xong",
    "newest": "kỳ mới nhất",
}
NAMED: Final = 8
"""Agencies that are named; of more only the number is told."""


def title(default: Default) -> str:
    """ "Tỉnh Sóc Trăng 2024", as at the top of every page."""
    return f"{default.province} {default.year}"


def import_changes(seed: Seed, foreseen: Foreseen) -> list[str]:
    """Sentences for whoever is about to load `seed`."""
    added = foreseen.loaded.added
    lines = [_first_seen(seed, foreseen)]
    if added.get("tasks"):
        lines.append(_given(seed, int(added["tasks"])))
    if added.get("agencies"):
        lines.append(
            f"{number_text(added['agencies'])} cơ quan được thêm mới; cần khai báo đầu mối nhận thư và tài khoản cho "
            "các cơ quan này."
        )
    return lines


def _first_seen(seed: Seed, foreseen: Foreseen) -> str:
    before, after, everybody = foreseen.before, foreseen.after, f"mọi tài khoản của {seed.province.name}"
    if before is None:
        return f"Đây là kỳ đánh giá đầu tiên: {everybody} sẽ thấy {title(after)} ngay sau khi nạp."
    if before.code != after.code:
        return (
            f"Kỳ hiển thị mặc định đổi từ {title(before)} sang {title(after)} ({WHY[after.why]}), cho {everybody}; ai "
            "đã tự chọn một kỳ ở đầu trang thì vẫn ở kỳ đó."
        )
    if seed.assessment.code == before.code:
        return f"Kỳ hiển thị mặc định không đổi ({title(before)}); dữ liệu đang có của kỳ này được giữ nguyên."
    return (
        f"Kỳ hiển thị mặc định không đổi: {everybody} vẫn thấy {title(before)} ({WHY[before.why]}) và chọn được kỳ mới "
        "ở đầu trang. Kỳ mới hơn thành mặc định khi Cơ quan thường trực ghi văn bản giao nhiệm vụ của kỳ đó."
    )


def _given(seed: Seed, tasks: int) -> str:
    names = list(dict.fromkeys(_leads(seed)))
    whom = listed(names) if len(names) <= NAMED else f"{len(names)} cơ quan"
    due = day_text(seed.assessment.due_before)
    return (
        f"{number_text(tasks)} nhiệm vụ mới được giao cho {whom}, hạn báo cáo trước {due}; thư nhắc việc tự động tính "
        "cả các nhiệm vụ này."
    )


def _leads(seed: Seed) -> Iterator[str]:
    named = {one.code: one.name for one in seed.agencies}
    return (named.get(one.agency, one.agency) for one in seed.criteria)
