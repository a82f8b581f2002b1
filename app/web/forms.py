"""Values of a form as people type them: dates as 01/07/2025, numbers as 94.511 or 0,8410."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from fastapi import Request
from python_multipart.multipart import parse_options_header

from app.errors import InvalidInput
from app.idents import read_count
from app.text import compose, plain_score, typed_day
from app.text import plain_number as plain_number
from app.vietnamese import number_text


@dataclass(frozen=True, slots=True)
class Sent:
    """What a form brought: every value of a name in the order it came, text only."""

    values: Mapping[str, Sequence[str]]

    def raw(self, name: str, default: str = "") -> str:
        """As it was typed, to show it again."""
        return self.values.get(name, [default])[0]

    def text(self, name: str) -> str:
        """Composed and trimmed; "" when absent."""
        return compose(self.raw(name))

    def shown(self, prefix: str = "") -> dict[str, str]:
        """What was typed into fields whose names begin so, to be shown again."""
        return {name: self.raw(name) for name in self.values if name.startswith(prefix)}

    def optional(self, name: str) -> str | None:
        """None when empty or absent."""
        return self.text(name) or None

    def has(self, name: str) -> bool:
        return name in self.values

    def flag(self, name: str) -> bool:
        """A ticked checkbox."""
        return name in self.values

    def switch(self, name: str) -> bool:
        """1 or 0, of a button that turns something on or off; raises `InvalidInput` when the button said neither."""
        said = {"1": True, "0": False}.get(self.text(name))
        if said is None:
            raise InvalidInput("Không rõ cần bật hay tắt. Hãy tải lại trang rồi bấm lại nút.", field=name)
        return said

    def needed(self, name: str, asked: str) -> str:
        """A text that must be there; else `asked` is said of it."""
        given = self.text(name)
        if not given:
            raise InvalidInput(asked, field=name)
        return given

    def many(self, name: str) -> list[str]:
        """Every non-empty value of the name."""
        return [text for text in map(compose, self.values.get(name, ())) if text]

    def starting(self, prefix: str) -> dict[str, str]:
        """Values whose names start with the prefix, by the rest of the name: `input.services_used` → services_used."""
        return {name.removeprefix(prefix): self.text(name) for name in self.values if name.startswith(prefix)}

    def day(self, name: str, label: str) -> date | None:
        """None when empty; raises `InvalidInput` that names the field in words."""
        return parse_day(self.text(name), field=name, label=label)

    def needed_day(self, name: str, label: str, asked: str) -> date:
        """A day that must be there; else `asked` is said of it."""
        self.needed(name, asked)
        day = self.day(name, label)
        assert day is not None
        return day

    def check_length(self, name: str, most: int) -> None:
        length = len(self.text(name))
        if length > most:
            raise InvalidInput(
                f"Nội dung dài {number_text(length)} ký tự, tối đa {number_text(most)}. Hãy rút gọn.", field=name
            )

    def whole(self, name: str, label: str) -> int | None:
        """A whole number, None when empty; raises `InvalidInput`."""
        given = self.text(name)
        if not given:
            return None
        number = plain_number(given)
        if not re.fullmatch(r"-?\d{1,12}", number):
            raise InvalidInput(f"{label}: “{given[:40]}” không phải số nguyên. Hãy viết như 1.035.", field=name)
        return int(number)

    def version(self, name: str = "version") -> int:
        """The version of a task that the form was made for; raises `InvalidInput` where it got lost."""
        known = read_count(self.text(name), digits=9)
        if known is None:
            raise InvalidInput("Biểu mẫu thiếu số bản của nhiệm vụ. Hãy tải lại trang rồi gửi lại.")
        return known

    def number(self, name: str) -> str | None:
        """A number in the API's way of writing ("0.8410"), None when empty; what is no number is left for the domain
        to refuse in its own words."""
        return plain_number(self.text(name)) or None

    def score(self, name: str) -> str | None:
        """Points in the API's way of writing, None when empty. No score has thousands, so a dot is a decimal point."""
        return plain_score(self.text(name)) or None


NOTHING_SENT = Sent({})


async def read_sent(request: Request) -> Sent:
    """The fields of a form; files, which pages take elsewhere, count as absent. Raises `InvalidInput` for a form in
    anything but UTF-8, which no page asks for: some of Python's encodings break what reads them."""
    _, said = parse_options_header(request.headers.get("content-type"))
    if said.get(b"charset", b"utf-8").lower() not in (b"utf-8", b"utf8"):
        raise InvalidInput("Biểu mẫu không viết bằng UTF-8. Hãy tải lại trang rồi gửi lại.")
    form = await request.form(max_files=0, max_fields=2_000)
    values: dict[str, list[str]] = {}
    for name, value in form.multi_items():
        if isinstance(value, str):
            values.setdefault(name, []).append(value.replace("\r\n", "\n"))
    return Sent(values)


def parse_day(text: str, *, field: str, label: str) -> date | None:
    """A day typed as 01/07/2025 (or ISO); None for nothing. Raises `InvalidInput`."""
    if not text:
        return None
    try:
        return typed_day(text)
    except ValueError:
        raise InvalidInput(
            f"{label}: “{text[:40]}” không phải ngày. Hãy viết ngày/tháng/năm, ví dụ 30/06/2025.", field=field
        ) from None
