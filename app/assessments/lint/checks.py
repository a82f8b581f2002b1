"""One figure that stands in the seed against one that follows from other figures."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from app.assessments.seedfile.reading import Route
from app.core.scoring import POINT, format_points, in_vietnamese

HUNDRED = 100 * POINT


@dataclass(frozen=True)
class Check:
    """`name` is what source notes refer to; `printed` and `computed` are written the Vietnamese way.

    `refusal`: what to do about a value that is impossible whatever a source prints, so that no note excuses it.
    """

    family: str
    name: str
    route: Route
    what: str
    printed: str
    computed: str
    agrees: bool
    refusal: str = ""


def show(value: Decimal | int) -> str:
    return in_vietnamese(f"{value:f}" if isinstance(value, Decimal) else str(value))


def show_points(points: int) -> str:
    return in_vietnamese(format_points(points))


def rounded(exact: Fraction, like: Decimal) -> Decimal:
    """To as many places as `like` was printed with, half up, as the ministry's tables do."""
    exponent = like.as_tuple().exponent
    places = -exponent if isinstance(exponent, int) else 0
    scaled = Decimal(int(abs(exact) * 10 ** (places + 1))) / 10
    whole = scaled.quantize(Decimal(1), rounding=ROUND_HALF_UP)
    return (whole if exact >= 0 else -whole).scaleb(-places)


def percent(points: int, most: int) -> Fraction:
    return Fraction(points * 100, most)


def score_check(family: str, name: str, route: Route, what: str, printed: Decimal, points: int) -> Check:
    """A printed score against the exact one, at the precision it was printed with."""
    agrees = rounded(Fraction(points, POINT), printed) == printed
    return Check(family, name, route, what, show(printed), show_points(points), agrees)


def rate_check(family: str, name: str, route: Route, what: str, printed: Decimal, exact: Fraction) -> Check:
    computed = rounded(exact, printed)
    return Check(family, name, route, what, show(printed), show(computed), computed == printed)


def loose_rate_check(
    family: str, name: str, route: Route, what: str, printed: Decimal, score: Decimal, most: int
) -> Check:
    """A printed rate against a score of which only the rounded value is known: any rate that rounds to it will do."""
    exponent = score.as_tuple().exponent
    half = Fraction(5, 10 ** (1 - exponent)) if isinstance(exponent, int) else Fraction(0)
    exact, scale = Fraction(score), Fraction(100 * POINT, most)
    low, high = (rounded((exact + side) * scale, printed) for side in (-half, half))
    return Check(
        family, name, route, what, show(printed), show(rounded(exact * scale, printed)), low <= printed <= high
    )


def sum_check(family: str, name: str, route: Route, what: str, printed: Decimal, parts: Iterable[Decimal]) -> Check:
    total = sum(parts, Decimal(0))
    return Check(family, name, route, what, show(printed), show(total), total == printed)


def count_check(family: str, name: str, route: Route, what: str, given: int, counted: int) -> Check:
    return Check(family, name, route, what, show(given), show(counted), given == counted)


def points_check(family: str, name: str, route: Route, what: str, given: int, computed: int) -> Check:
    return Check(family, name, route, what, show_points(given), show_points(computed), given == computed)
