"""Fills a template in. What people wrote comes out as they wrote it; a template can loop and choose, nothing else.

Templates that people uploaded are filled in by a process of their own (`render_apart`), which may be stopped: a loop
within loops must not hold the server up. `app.reports.word.worker` is that process.
"""

import base64
import json
import re
import traceback
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import Any, Final

import jinja2
from jinja2 import nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup, escape

from app.text import compose

FILTERS: Final = ("upper", "lower", "capitalize", "default", "join", "length", "first", "last", "replace", "trim")
"""What a template may call. `safe` is not among them: texts of agencies are never markup."""
_ALLOWED_NODES: Final = frozenset(
    {
        *(nodes.Output, nodes.TemplateData, nodes.For, nodes.If, nodes.CondExpr),
        *(nodes.Name, nodes.Getattr, nodes.Getitem, nodes.Slice, nodes.Const, nodes.Filter, nodes.Test),
        *(nodes.And, nodes.Or, nodes.Not, nodes.Compare, nodes.Operand, nodes.Concat, nodes.Add, nodes.Sub),
        *(nodes.List, nodes.Tuple, nodes.Keyword),
    }
)
_TOO_CLEVER: Final = "Thẻ dùng lệnh không được phép: chỉ được lặp (for), chọn (if), so sánh, cộng trừ và ghép chữ"
LONGEST_MARKUP: Final = 30_000_000
_EXCERPT: Final = 120
_NO_XML: Final = {0xFFFE: None, 0xFFFF: None, 0x09: " "}
"""What XML cannot hold beside control characters; a tab is a blank: cells have no tab stops."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A PNG, `width` in millimetres."""

    png: bytes
    width: float


class TemplateFault(Exception):
    """A template that cannot be filled in: why and where, for whoever edits it."""

    def __init__(self, why: str, where: str = "", name: str = "") -> None:
        super().__init__(why)
        self.why, self.where, self.name = why, where, name


def render(
    template: bytes, content: Mapping[str, Any], pictures: Mapping[str, Picture] | None = None, *, made_at: datetime
) -> bytes:
    """The document. `pictures` stand in the template as `charts.<name>`; a missing one is false there.

    Raises `TemplateFault`.
    """
    try:
        from app.reports.word import filling  # a tenth of a second that no start needs

        document = filling.Filled(BytesIO(template))
        charts = {name: filling.inline(document, one.png, one.width) for name, one in (pictures or {}).items()}
        document.render({**_clean(content), "charts": _Charts(charts)}, environment())
        filling.keep_short_rows(document.docx.element.body)
        filling.keep_last_rows(document.docx.element.body)
        return _saved(document, made_at)
    except (TemplateFault, MemoryError):
        raise
    except Exception as error:  # whatever a strange template makes docxtpl stumble over
        raise TemplateFault(_why(error), "thuộc tính hoặc cấu trúc của tệp", _unknown(error)) from error


def _saved(document: Any, made_at: datetime) -> bytes:
    properties = document.docx.core_properties
    properties.created = properties.modified = made_at.replace(tzinfo=None)
    saved = BytesIO()
    document.save(saved)
    return saved.getvalue()


class _LoopAndChoose(ImmutableSandboxedEnvironment):
    """Refuses, before anything is computed, whatever is no loop, choice or text: a power or a product of a text fills
    the memory in one step, and blocks and calls make markup out of texts."""

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        found = super()._parse(source, name, filename)
        strange = next((one for one in found.find_all(nodes.Node) if type(one) not in _ALLOWED_NODES), None)
        if strange is not None:
            lines = (one.lineno for one in (strange, *strange.find_all(nodes.Node)))  # some nodes have none
            raise jinja2.exceptions.TemplateSyntaxError(_TOO_CLEVER, next(filter(None, lines), 1))
        return found


def environment() -> jinja2.Environment:
    """Sandboxed, nothing to call but `FILTERS`, and every text escaped whatever a template says."""
    made = _LoopAndChoose(autoescape=True, undefined=jinja2.StrictUndefined, finalize=_literal)
    made.globals.clear()
    made.filters = {name: made.filters[name] for name in FILTERS}
    made.tests = {name: made.tests[name] for name in ("defined", "undefined", "none", "odd", "even", "eq", "equalto")}
    return made


def _literal(value: Any) -> Any:
    """Braces as entities too: docxtpl gives some of them a meaning after filling in (`{_{`)."""
    if hasattr(value, "_insert_image"):
        return value
    return Markup(str(escape(str(value))).replace("{", "&#123;").replace("}", "&#125;"))  # noqa: S704  # escaped


class _Charts(dict[str, Any]):
    """`charts.trend` is false, not an error, where there is none."""

    def __missing__(self, _name: str) -> str:
        return ""


def _clean(value: Any) -> Any:
    """Composed, without characters that XML cannot hold."""
    if isinstance(value, str):
        return compose(value).translate(_NO_XML)
    if isinstance(value, Mapping):
        return {key: _clean(one) for key, one in value.items()}
    return [_clean(one) for one in value] if isinstance(value, Sequence) else value


# Where it failed


_PARTS: Final = {"header": "đầu trang", "footer": "chân trang", "footnotes": "chú thích"}


def fault_of(error: Exception, lines: Sequence[str], part: Any) -> TemplateFault:
    place = next((words for name, words in _PARTS.items() if name in str(part.partname)), "thân văn bản")
    number = getattr(error, "lineno", None) or _line_of(error)
    near = re.sub(r"<[^>]+>", "", lines[number - 1]).strip() if number and number <= len(lines) else ""
    where = f"{place}, gần đoạn “{near[:_EXCERPT]}{'…' if len(near) > _EXCERPT else ''}”" if near else place
    return TemplateFault(_why(error), where, _unknown(error))


def _line_of(error: Exception) -> int | None:
    frames = traceback.extract_tb(error.__traceback__)
    found = [frame.lineno for frame in frames if frame.filename in ("<template>", "<unknown>")]
    return found[-1] if found else None


def _why(error: Exception) -> str:
    if isinstance(error, jinja2.exceptions.SecurityError):
        return "Thẻ dùng lệnh không được phép"
    if isinstance(error, jinja2.UndefinedError):
        return f"Không có thẻ “{_unknown(error)}”" if _unknown(error) else "Thẻ dùng một giá trị không có"
    if isinstance(error, jinja2.TemplateSyntaxError):
        return _why_unreadable(str(error.message))
    return "Thẻ không tính được"


def _why_unreadable(message: str) -> str:
    """The engine's own words are English; its most usual ones are told in ours."""
    if message == _TOO_CLEVER:
        return message
    if found := re.search(r"unknown tag '(end\w+|else|elif)'", message):
        return f"Thẻ {{% {found[1]} %}} không khớp với thẻ mở"
    for pattern, words in ((r"No filter named '(.+?)'", "Không có bộ lọc"), (r"unknown tag '(.+?)'", "Không có lệnh")):
        if found := re.search(pattern, message):
            return f"{words} “{found[1]}”"
    return "Thẻ viết sai cú pháp, hoặc thiếu thẻ đóng ({% endfor %}, {% endif %})"


def _unknown(error: Exception) -> str:
    if not isinstance(error, jinja2.UndefinedError):
        return ""
    found = re.search(r"'([^']*)' is undefined|has no attribute '([^']*)'", str(error))
    return next((name for name in found.groups() if name), "") if found else ""


# Apart


def pack(
    template: bytes, jobs: Iterable[tuple[Mapping[str, Any], Mapping[str, Picture]]], *, made_at: datetime
) -> bytes:
    """What the other process needs."""
    given = [
        {"content": content, "pictures": {name: [_text(one.png), one.width] for name, one in pictures.items()}}
        for content, pictures in jobs
    ]
    return json.dumps({"template": _text(template), "jobs": given, "made_at": made_at.isoformat()}).encode()


def work(packed: bytes) -> bytes:
    """The answer of that process: the documents, or the fault."""
    given = json.loads(packed)
    template, made_at = base64.b64decode(given["template"]), datetime.fromisoformat(given["made_at"])
    try:
        found = [
            _text(render(template, job["content"], _pictures(job["pictures"]), made_at=made_at))
            for job in given["jobs"]
        ]
    except TemplateFault as fault:
        return json.dumps({"fault": [fault.why, fault.where, fault.name]}).encode()
    return json.dumps({"documents": found}).encode()


def unpack(answer: bytes) -> list[bytes]:
    """The documents; raises the `TemplateFault` that the other process met."""
    given = json.loads(answer)
    if "fault" in given:
        raise TemplateFault(*given["fault"])
    return [base64.b64decode(one) for one in given["documents"]]


def _pictures(given: Mapping[str, Any]) -> dict[str, Picture]:
    return {name: Picture(base64.b64decode(png), width) for name, (png, width) in given.items()}


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
