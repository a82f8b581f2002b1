"""How single values are written in a seed: strings in, exact numbers, dates and names out.

Messages are Vietnamese and say what to do; the loader puts file, line and place in front of them.
"""

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, NoReturn

from pydantic import BeforeValidator, StringConstraints
from pydantic_core import PydanticCustomError

from app.core.scoring import parse_points

MAX_TEXT = 4000


def reject(why: str) -> NoReturn:
    raise PydanticCustomError("seed", "{why}", {"why": why})


def read_text(value: object) -> str:
    if not isinstance(value, str):
        reject("cần một dòng chữ, không phải danh sách hay nhóm khóa.")
    text = " ".join(value.split())
    if not text:
        reject("đang để trống; điền giá trị.")
    if len(text) > MAX_TEXT:
        reject(f"dài quá {MAX_TEXT} ký tự; rút gọn.")
    return text


def read_matching(pattern: str, advice: str) -> Callable[[object], str]:
    compiled = re.compile(pattern)

    def read(value: object) -> str:
        text = read_text(value)
        if not compiled.fullmatch(text):
            reject(f"“{text}” không đúng dạng; {advice}")
        return text

    return read


read_unsigned = read_matching(r"[0-9]{1,9}", "ghi một số nguyên không âm, chỉ gồm chữ số.")
read_signed = read_matching(r"[+-]?[0-9]{1,9}", "ghi một số nguyên, có thể có dấu + hoặc -.")
read_score = read_matching(
    r"[0-9]{1,3}(\.[0-9]{1,4})?", "ghi điểm không âm, dấu chấm thập phân, tối đa 4 chữ số lẻ, ví dụ 0.8410."
)
read_printed = read_matching(
    r"[+-]?[0-9]{1,9}(\.[0-9]{1,4})?",
    "ghi số đúng như in trong báo cáo, dấu chấm thập phân, không phân cách hàng nghìn.",
)
read_iso_date = read_matching(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", "ghi ngày dạng năm-tháng-ngày, ví dụ 2025-07-01.")


def read_date(value: object) -> date:
    text = read_iso_date(value)
    try:
        return date.fromisoformat(text)
    except ValueError:
        reject(f"“{text}” không phải một ngày có thật; kiểm tra lại ngày, tháng.")


def read_flag(value: object) -> bool:
    text = read_text(value)
    if text not in ("true", "false"):
        reject(f"“{text}” không đúng dạng; ghi true hoặc false.")
    return text == "true"


def blank_as_none(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


def one_of(*words: str) -> Callable[[object], str]:
    def read(value: object) -> str:
        text = read_text(value)
        if text not in words:
            reject(f"“{text}” không có trong danh sách; chọn một trong: {', '.join(words)}.")
        return text

    return read


def read_rule(value: object) -> dict[str, Any]:
    """The mapping that `app.core.scoring.parse_rule` reads; it wants real booleans, and a seed holds strings only."""
    if not isinstance(value, dict):
        reject("cần một nhóm khóa, ví dụ `kind: declared`.")
    inputs = value.get("inputs")
    return value | {"inputs": [read_input(one) for one in inputs]} if isinstance(inputs, list) else value


def read_input(value: Any) -> Any:
    if not isinstance(value, dict) or "optional" not in value:
        return value
    return value | {"optional": read_flag(value["optional"])}


Text = Annotated[str, BeforeValidator(read_text)]
Points = Annotated[int, BeforeValidator(lambda value: parse_points(read_score(value)))]
"""Ten-thousandths of a point."""
Printed = Annotated[Decimal, BeforeValidator(lambda value: Decimal(read_printed(value)))]
"""A figure as the report prints it; its exponent keeps how many places were printed."""
Count = Annotated[int, BeforeValidator(lambda value: int(read_unsigned(value)))]
Signed = Annotated[int, BeforeValidator(lambda value: int(read_signed(value)))]
Day = Annotated[date, BeforeValidator(read_date)]
Flag = Annotated[bool, BeforeValidator(read_flag)]
RuleData = Annotated[dict[str, Any], BeforeValidator(read_rule)]
Slug = Annotated[
    str, BeforeValidator(read_matching(r"[a-z0-9]+(-[a-z0-9]+)*", "chỉ dùng chữ thường không dấu, số và gạch nối."))
]
AgencyCode = Annotated[
    str,
    BeforeValidator(read_matching(r"[A-Z][A-Z0-9]{1,19}", "mã cơ quan chỉ gồm chữ hoa không dấu và số, ví dụ SNV.")),
]
Code = Annotated[
    str,
    BeforeValidator(
        read_matching(r"[A-Z0-9]+(-[A-Z0-9]+)+(\.[0-9]{2,3})?", "mã chỉ gồm chữ hoa không dấu, số và gạch nối.")
    ),
]
AgencyCodeOrAll = Annotated[
    str,
    BeforeValidator(read_matching(r"[A-Z][A-Z0-9]{1,19}|\*", 'ghi mã cơ quan, hoặc "*" cho mọi cơ quan khác.')),
]
Url = Annotated[
    str, BeforeValidator(read_matching(r"https?://[^\s<>\"]+", "ghi địa chỉ đầy đủ, bắt đầu bằng https://."))
]
Kind = Annotated[str, BeforeValidator(one_of("appraised", "survey"))]
Group = Annotated[str, BeforeValidator(one_of("appraisal", "socio_economic", "officials_survey", "sipas"))]
Basis = Annotated[str, BeforeValidator(one_of("report", "field_lead", "part_iii", "chosen"))]
ShareKind = Annotated[str, BeforeValidator(one_of("clearable", "occurred"))]
BenchmarkKind = Annotated[str, BeforeValidator(one_of("threshold", "mean", "province", "self"))]
Blank = BeforeValidator(blank_as_none)
Name = Annotated[str, StringConstraints(max_length=500), BeforeValidator(read_text)]
