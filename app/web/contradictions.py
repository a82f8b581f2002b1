"""Where a report contradicts itself, in words: the names of the linter's checks mean nothing to readers."""

from collections.abc import Mapping
from typing import Any, Final

from app.reports.tables.columns import KINDS

_FAMILIES: Final[Mapping[str, str]] = {
    "kind-score": "Điểm",
    "kind-rate": "Tỷ lệ",
    "kind-sum": "Tổng điểm của hai phần",
    "group-rate": "Tỷ lệ",
    "group-previous-rate": "Tỷ lệ năm trước",
    "group-sum": "Tổng điểm các nhóm",
    "field-sum": "Tổng điểm các lĩnh vực",
    "field-previous-sum": "Tổng điểm các lĩnh vực năm trước",
    "field-rate": "Tỷ lệ",
    "field-change-rate": "Tăng, giảm tỷ lệ",
    "share-total": "Tổng theo từng đơn vị",
    "sum": "Tổng, hiệu báo cáo in",
    "rate": "Tỷ lệ báo cáo in",
    "spelling": "Tên đơn vị",
    "former-name": "Tên cơ quan",
    "related": "Chỉ số công bố riêng",
    "rule": "Điểm tính theo công thức",
    "short": "Điểm còn thiếu",
}


def check_words(name: str, shown: Mapping[str, Any]) -> str:
    """ "field-change-rate:1" → "Tăng, giảm tỷ lệ: Công tác chỉ đạo …"; an unknown check keeps its name. `shown` is the
    assessment as published."""
    family, _, about = name.partition(":")
    words = _FAMILIES.get(family)
    if words is None:
        return name
    subject = _subject(family, about, shown)
    return f"{words}: {subject}" if subject else words


def _subject(family: str, about: str, shown: Mapping[str, Any]) -> str:
    if family.startswith("kind-"):
        return KINDS.get(about, about)
    if family.startswith("group-"):
        return next((one["name"] for one in shown["groups"] if one["key"] == about), about)
    if family.startswith("field-"):
        return next((one["name"] for one in shown["fields"] if str(one["number"]) == about), about)
    return about if family in ("spelling", "former-name", "rule", "short") else ""
