"""How documents write dates, counts and names: as Nghị định 30/2020/NĐ-CP and its habits want them."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from app.vietnamese import number_text, points_text


def long_day(day: date | str) -> str:
    """ "28 tháng 3 năm 2025": days below 10, January and February take a zero (Appendix I, 4d)."""
    if isinstance(day, str):
        day = date.fromisoformat(day)
    return f"{day:%d} tháng {month_text(day)} năm {day.year}"


def month_text(day: date) -> str:
    return f"{day.month:02}" if day.month < 3 else str(day.month)


def counted(number: int) -> str:
    """ "05", "27", "1.035": counts below ten are written with a zero."""
    return f"{number:02}" if number < 10 else number_text(number)


def lowered(name: str) -> str:
    """A name within a sentence: "Tỉnh Sóc Trăng" → "tỉnh Sóc Trăng"."""
    return name[:1].lower() + name[1:]


def place_of(province: str) -> str:
    """What stands before the date: "Tỉnh Sóc Trăng" → "Sóc Trăng"."""
    for prefix in ("Tỉnh ", "Thành phố "):
        if province.startswith(prefix):
            return province.removeprefix(prefix)
    return province


def compared(distance: str) -> str:
    """A distance to a benchmark: "còn thiếu 5,17 điểm", "cao hơn 1,63 điểm", "bằng mốc này"."""
    points = Decimal(distance)
    if not points:
        return "bằng mốc này"
    return f"{'còn thiếu' if points < 0 else 'cao hơn'} {points_text(str(abs(points)))} điểm"


def changed(gain: str) -> str:
    """ "tăng 0,37 điểm so với công bố", "bằng điểm công bố"."""
    points = Decimal(gain)
    if not points:
        return "bằng điểm công bố"
    return f"{'tăng' if points > 0 else 'giảm'} {points_text(str(abs(points)))} điểm so với công bố"


def ranked(interval: Mapping[str, int]) -> str:
    """ "58", or "trong khoảng từ 45 đến 58"."""
    best, worst = interval["best"], interval["worst"]
    return str(best) if best == worst else f"trong khoảng từ {best} đến {worst}"


def added(*points: str) -> str:
    """The exact sum, with 4 decimals."""
    return f"{sum(map(Decimal, points), Decimal(0)):.4f}"


def less(left: str, right: str) -> str:
    """The exact difference, with 4 decimals."""
    return f"{Decimal(left) - Decimal(right):.4f}"
