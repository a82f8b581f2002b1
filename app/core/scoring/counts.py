"""One measured number, in canonical form."""

import re
from typing import Any

from app.errors import InvalidInput, NegativeMeasurement

_COUNT = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,4})?")
_LONGER = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_NEGATIVE = re.compile(r"-[0-9.]+")
_GROUPED = re.compile(r"[1-9][0-9]{0,2}\.[0-9]{3}")


def canonical_count(value: Any, *, label: str, field: str, whole: bool = False) -> str:
    """A count that is not negative as "9", "40190" or "12.5": no leading zeros, no trailing ones after the dot (but for
    a fourth decimal, see below). Reading what was read changes nothing.

    Integers and decimal strings of at most 15 integer digits and 4 decimals. "94.511" is refused: an officer who writes
    it means 94511, and a machine would read 94 and a half. What really has three decimals is written with four; whoever
    is to give a `whole` number is not told so.

    InvalidInput, NegativeMeasurement; both name `label` in the detail.
    """
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise InvalidInput(f"{label}: phải là số nguyên hoặc chuỗi chữ số, ví dụ 94511.", field=field)
    if value < 0 if isinstance(value, int) else _NEGATIVE.fullmatch(value):
        raise NegativeMeasurement(f"{label}: số liệu phải từ 0 trở lên.", field=field)
    # Bounded before it becomes text: Python refuses to print integers of thousands of digits.
    text = "9" * 16 if isinstance(value, int) and value >= 10**15 else str(value)
    if not _COUNT.fullmatch(text) or _GROUPED.fullmatch(text):
        raise InvalidInput(f"{label}: {_advice(text, whole=whole)}", field=field)
    integer, _, decimals = text.partition(".")
    decimals = decimals.rstrip("0")
    if len(decimals) == 3:
        decimals += "0"
    return f"{int(integer)}.{decimals}" if decimals else str(int(integer))


def _advice(text: str, *, whole: bool) -> str:
    """Words that hold whether a decimal is written with a dot, as by programs, or with a comma, as by people."""
    if _GROUPED.fullmatch(text):
        unclear = "không rõ ba chữ số cuối là hàng nghìn hay phần thập phân."
        digits = "hãy viết các chữ số liền nhau, ví dụ 94511"
        if whole:
            return f"{unclear} Đây là số nguyên: {digits}."
        return f"{unclear} Nếu là số nguyên, {digits}; nếu là số lẻ, hãy thêm một chữ số 0 vào cuối."
    if _LONGER.fullmatch(text):
        return "số quá dài. Hãy ghi tối đa 15 chữ số phần nguyên và 4 chữ số phần thập phân."
    return "không đọc được. Hãy viết các chữ số liền nhau, ví dụ 94511, không dấu phân cách hàng nghìn."
