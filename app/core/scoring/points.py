"""Points as integers in ten-thousandths, in and out of text."""

import math
import re
from fractions import Fraction
from functools import lru_cache
from typing import Final

from app.errors import InvalidInput

POINT: Final = 10_000
"""One point."""

_DECIMAL = re.compile(r"(-?)([0-9]{1,9})(?:\.([0-9]{1,4}))?")
_ADVICE = "Viết dạng 0.8410: chữ số, dấu chấm thập phân, tối đa 4 chữ số thập phân."


def parse_points(text: str | int, *, field: str | None = None) -> int:
    """Ten-thousandths of "0.8410", "1", "1.0" or the integer 1 (one point). A minus sign is read, so that a caller can
    say what is wrong with a negative score.

    InvalidInput: blank, more than 4 decimals or 9 integer digits, an exponent, a sign other than "-", NaN, floats and
    booleans, digits other than ASCII, spaces.
    """
    if isinstance(text, bool) or not isinstance(text, str | int):
        raise InvalidInput(f"Điểm phải là chuỗi ký tự hoặc số nguyên. {_ADVICE}", field=field)
    # Bounded before it becomes text: Python refuses to print integers of thousands of digits.
    written = "too large" if isinstance(text, int) and abs(text) >= 10**9 else str(text)
    match = _DECIMAL.fullmatch(written)
    if match is None:
        raise InvalidInput(f"Điểm không đọc được. {_ADVICE}", field=field)
    sign, whole, decimals = match.groups(default="")
    points = int(whole) * POINT + int(decimals.ljust(4, "0"))
    return -points if sign else points


@lru_cache(maxsize=20_000)  # a list writes a few hundred of them, mostly the same
def format_points(points: int) -> str:
    """Always 4 decimals and a dot: "0.8410", "-0.0500". The way scores travel and are stored in documents."""
    whole, rest = divmod(abs(points), POINT)
    return f"{'-' if points < 0 else ''}{whole}.{rest:04d}"


def round_points(points: Fraction) -> int:
    """Ten-thousandths of an exact number of points, ROUND_HALF_UP: a tie moves away from zero, as in the ministry's
    tables (0.84105 → 0.8411) and the same for a loss (-0.84105 → -0.8411)."""
    rounded = math.floor(abs(points) * POINT + Fraction(1, 2))
    return -rounded if points < 0 else rounded


@lru_cache(maxsize=20_000)  # as above
def in_vietnamese(number: str) -> str:
    """A canonical decimal ("94511", "0.8410", "-12.5") the Vietnamese way: "94.511", "0,8410", "-12,5"."""
    whole, _, decimals = number.lstrip("-").partition(".")
    grouped = f"{int(whole):,}".replace(",", ".")
    return f"{'-' if number.startswith('-') else ''}{grouped}{',' + decimals if decimals else ''}"
