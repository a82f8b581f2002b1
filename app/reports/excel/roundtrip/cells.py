"""Single cells of a filled template, read as the task's page reads its fields; what is wrong is InvalidInput."""

from app.core.scoring import format_points, parse_points
from app.errors import InvalidInput
from app.reports.excel.numbers import is_number, plain_of, shown, typed_number
from app.reports.excel.roundtrip.layout import LONGEST_PERIOD, LONGEST_TEXT, MOVES, report_column
from app.reports.excel.sheets import Sheet
from app.text import fold, plain_score
from app.vietnamese import number_text

_NO_SCORE = ("theo khảo sát", "tính từ số liệu")
_AS_NUMBER = "Hãy định dạng ô là Số (Number) rồi điền lại"


def read_text(sheet: Sheet, row: int, column: int) -> str:
    text = sheet.text(row, column)
    most = LONGEST_PERIOD if column == report_column("period") else LONGEST_TEXT
    if len(text) > most:
        raise InvalidInput(f"nội dung dài {number_text(len(text))} ký tự, tối đa {number_text(most)}; hãy rút gọn.")
    return text


def read_move(sheet: Sheet, row: int, column: int) -> str:
    """A choice of the drop-down, also as people type it: in any case, without accents, its first words ("chờ xác nhận")
    or what it adds in brackets ("nộp"). One word of several is not enough: "không" may mean anything."""
    text = " ".join(sheet.text(row, column).split())
    meant = [choice for choice in MOVES if _means(fold(text), fold(choice))]
    if text and not meant:
        choices = "; ".join(f"“{one}”" for one in MOVES)
        raise InvalidInput(f"“{text[:40]}” không có trong danh sách. Hãy chọn {choices}, hoặc để trống.")
    return meant[0] if text else ""


def _means(typed: str, choice: str) -> bool:
    words, _, added = choice.removesuffix(")").partition(" (")
    begun = " " in typed and f"{words} ".startswith(f"{typed} ")
    return bool(typed) and (begun or typed in (choice, words, added))


def read_percent(sheet: Sheet, row: int, column: int) -> str:
    """ "50%", 50 and a cell that shows 50% while it holds 0.5."""
    value = sheet.value(row, column)
    if is_number(value):
        text = plain_of(value * 100 if sheet.shows_percent(row, column) else value)
    else:
        text = shown(value).removesuffix("%").strip()
    if not text:
        return ""
    if not (text.isascii() and text.isdigit() and len(text) <= 3 and int(text) <= 100):
        raise InvalidInput(f"“{shown(value)[:40]}” không phải số nguyên từ 0 đến 100.")
    return str(int(text))


def read_score(sheet: Sheet, row: int, column: int) -> str:
    """ "" also where the template itself wrote why no score is taken."""
    value = sheet.value(row, column)
    _check_shown(sheet, row, column)
    text = plain_of(value) if is_number(value) else plain_score(shown(value))
    if not text or shown(value) in _NO_SCORE:
        return ""
    try:
        return format_points(parse_points(text))
    except InvalidInput:
        what = f"“{shown(value)[:40]}” không phải điểm. Hãy viết như 0,84 (tối đa 4 chữ số lẻ)."
        raise InvalidInput(what) from None


def read_number(sheet: Sheet, row: int, column: int) -> str:
    """Digits with a dot. Whether the number fits, and whether it is clear at all, is for the domain to say."""
    value = sheet.value(row, column)
    _check_shown(sheet, row, column)
    try:
        return typed_number(value)
    except ValueError:
        advice = "Hãy viết như 94.511 hoặc 0,84" if isinstance(value, str) else _AS_NUMBER
        raise InvalidInput(f"“{shown(value)[:40]}” không phải số. {advice}.") from None


def _check_shown(sheet: Sheet, row: int, column: int) -> None:
    """What people see must be what is taken."""
    value = sheet.value(row, column)
    if is_number(value) and sheet.shows_percent(row, column):
        seen = shown(value * 100)
        raise InvalidInput(f"ô đang định dạng phần trăm ({seen[:40]}%). {_AS_NUMBER}.")
