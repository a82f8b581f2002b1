"""One measured number, in canonical form."""

import re
from typing import Any

from app.errors import InvalidInput, NegativeMeasurement

_COUNT = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,4})?")
_NEGATIVE = re.compile(r"-[0-9.]+")
_GROUPED = re.compile(r"[1-9][0-9]{0,2}\.[0-9]{3}")


def canonical_count(value: Any, *, label: str, field: str) -> str:
    """A count that is not negative as "9", "40190" or "12.5": no leading zeros, no trailing ones after the dot (but for
    a fourth decimal, see below). Reading what was read changes nothing.

    Integers and decimal strings of at most 15 integer digits and 4 decimals. "94.511" is refused: an officer who writes
    it means 94511, and a machine would read 94 and a half. What really has three decimals is written with four.

    InvalidInput, NegativeMeasurement; both name `label` in the detail.
    """
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise InvalidInput(f"{label}: phải là số nguyên hoặc chuỗi chữ số, ví dụ 94511.", field=field)
    if value < 0 if isinstance(value, int) else _NEGATIVE.fullmatch(value):
        raise NegativeMeasurement(f"{label}: số liệu phải từ 0 trở lên.", field=field)
    # Bounded before it becomes text: Python refuses to print integers of thousands of digits.
    text = "too large" if isinstance(value, int) and value >= 10**15 else str(value)
    if _GROUPED.fullmatch(text):
        raise InvalidInput(
            f"{label}: không rõ “{text}” là số nguyên hay số lẻ. Viết {text.replace('.', '')} nếu là số nguyên, "
            f"{text}0 nếu là số lẻ.",
            field=field,
        )
    if not _COUNT.fullmatch(text):
        raise InvalidInput(
            f"{label}: viết chữ số liền nhau, không dấu phân cách hàng nghìn, ví dụ 94511 hoặc 12.5 "
            "(tối đa 15 chữ số và 4 chữ số thập phân).",
            field=field,
        )
    whole, _, decimals = text.partition(".")
    decimals = decimals.rstrip("0")
    if len(decimals) == 3:
        decimals += "0"
    return f"{int(whole)}.{decimals}" if decimals else str(int(whole))
