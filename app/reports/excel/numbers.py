"""Numbers in cells. A number cell is exact; a text cell is read as the pages read what is typed into them."""

import math
import re
from datetime import date, datetime, time, timedelta
from typing import TypeGuard

from app.text import compose, plain_number
from app.vietnamese import day_text

Value = str | float | bool | date | datetime | time | timedelta
"""What stands in a cell; "" for nothing."""
_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
_THREE_DECIMALS = re.compile(r"-?[0-9]+\.[0-9]{3}")


def is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def plain_of(value: float) -> str:
    """A number as digits with a dot, without exponent: "94511", "0.841"; as many digits as Excel keeps (15), so that
    the noise of binary fractions is gone."""
    if not math.isfinite(value):
        return str(value)
    decimals = 15 if abs(value) < 1 else max(0, 14 - math.floor(math.log10(abs(value))))
    text = f"{value:.{decimals}f}"
    text = text.rstrip("0").rstrip(".") if decimals else text
    return "0" if text == "-0" else text


def typed_number(value: Value) -> str:
    """Digits with a dot, "" for an empty cell; ValueError for what is no number.

    The domain takes three decimals for a group of thousands. In a number cell they are decimals for certain, so they
    get a fourth; text ("1,000") stays as it is, for the domain to refuse as it does on the pages.
    """
    if is_number(value):
        text = plain_of(value)
        return f"{text}0" if _THREE_DECIMALS.fullmatch(text) else text
    text = plain_number(compose(value)) if isinstance(value, str) else shown(value)
    if text and not _NUMBER.fullmatch(text):
        raise ValueError(text)
    return text


def shown(value: Value) -> str:
    """As people see it in a cell that has no format: numbers with a comma and ungrouped, days as 01/07/2025."""
    if isinstance(value, str):
        return compose(value)
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, datetime):
        value = value.date()
    if isinstance(value, date):
        return day_text(value)
    return plain_of(value).replace(".", ",") if is_number(value) else str(value)
