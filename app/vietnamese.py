"""How numbers, dates and moments are written for people, in mails, pages, documents and on the command line."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal

from app.core.scoring import format_points, in_vietnamese
from app.core.workdays import local_moment


def day_text(day: date | str | None) -> str:
    """ "01/07/2025", also of an ISO text; empty for no day."""
    if isinstance(day, str):
        day = date.fromisoformat(day)
    return "" if day is None else f"{day:%d/%m/%Y}"


def moment_text(moment: datetime | str | None) -> str:
    """ "08:00 01/07/2025" on a Vietnamese clock; empty for no moment."""
    if isinstance(moment, str):
        moment = datetime.fromisoformat(moment)
    return "" if moment is None else f"{local_moment(moment):%H:%M %d/%m/%Y}"


def points_text(points: int | str | None, *, signed: bool = False) -> str:
    """Points (ten-thousandths, or "0.6590") with two decimals, half up: "0,66"; what would round to nothing keeps its
    four: "0,0028". Empty for none."""
    if points is None:
        return ""
    exact = Decimal(format_points(points) if isinstance(points, int) else points)
    rounded = exact.quantize(Decimal("0.01"), ROUND_HALF_UP)
    shown = exact if exact and not rounded else rounded
    return f"{'+' if signed and exact > 0 else ''}{in_vietnamese(str(shown))}"


def exact_points_text(points: int | str | None) -> str:
    """All four decimals: "0,8410". Empty for none."""
    if points is None:
        return ""
    return in_vietnamese(format_points(points) if isinstance(points, int) else points)


def number_text(number: int | str | None) -> str:
    """ "94.511"; a decimal keeps its places: "12,5". Empty for none."""
    return "" if number is None else in_vietnamese(str(number))


def percent_text(ratio: str | Decimal | None, decimals: int = 1) -> str:
    """A ratio as "85,3%". Empty for none."""
    if ratio is None:
        return ""
    scaled = (Decimal(ratio) * 100).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    return f"{in_vietnamese(str(scaled))}%"


def size_text(size: int) -> str:
    """Bytes as people read them: "12 kB", "3,4 MB"."""
    if size < 1_000_000:
        return f"{max(1, round(size / 1000))} kB"
    return f"{in_vietnamese(str(Decimal(size).scaleb(-6).quantize(Decimal('0.1'), ROUND_HALF_UP)))} MB"


def listed(parts: Sequence[str]) -> str:
    """ "a, b và c"."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} và {parts[-1]}"
