"""The report as a form: what stands in its fields, what was typed into them, and what of it changes the report."""

import hashlib
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final, NamedTuple

from app.core import workflow
from app.core.scoring import format_points, parse_points
from app.errors import Gathered, InvalidInput
from app.idents import read_count
from app.tasks import Update
from app.text import compose, plain_number, plain_score
from app.vietnamese import number_text
from app.web.forms import Sent

TEXTS: Final[Mapping[str, str]] = {
    "reason": "Lý do tồn tại, hạn chế",
    "progress": "Tiến độ xử lý",
    "remedy": "Biện pháp khắc phục",
    "difficulties": "Khó khăn, vướng mắc",
}
SHORT: Final[Mapping[str, str]] = {"percent": "Tỷ lệ thực hiện (%)", "period": "Kỳ số liệu"}
DECLARED: Final = "Điểm tự chấm"
FORM: Final = "report-"
"""How the ids of the report's fields begin: other forms stand on the same page."""
APART: Final[Mapping[str, str]] = {"note": "Ghi chú", "on_behalf_of": "Người ký, người chịu trách nhiệm"}
"""Said of one update, not part of the report."""
MOST: Final[Mapping[str, int]] = {**dict.fromkeys(TEXTS, 20_000), "note": 20_000, "period": 500, "on_behalf_of": 500}

Values = Mapping[str, str]
"""What stands in the form's fields, as people write it: "94.511", "0,8410"."""


def labels(task: Mapping[str, Any]) -> dict[str, str]:
    """Every field of this task's report, in the order of the form. A survey takes neither numbers nor a score."""
    inputs = {f"input.{one['name']}": one["label"] for one in task["rule"]["inputs"]}
    scored = {**inputs, "declared_score": DECLARED} if task["criterion"]["kind"] == "appraised" else {}
    return {**TEXTS, **SHORT, **scored}


def saved_values(task: Mapping[str, Any]) -> dict[str, str]:
    """The report as it is saved."""
    report = task["report"] or {}
    measured = report.get("measurements") or {}
    values = {name: report.get(name) or "" for name in (*TEXTS, "period")}
    values["percent"] = str(task["percent"])
    values |= {f"input.{one['name']}": number_text(measured.get(one["name"])) for one in task["rule"]["inputs"]}
    declared = report.get("declared_score")
    values["declared_score"] = "" if declared is None else number_text(_shortest(declared))
    return {name: values[name] for name in labels(task)}


def typed_values(sent: Sent, task: Mapping[str, Any]) -> dict[str, str]:
    """What the form brought, as it was typed; fields that it did not bring are absent."""
    return {name: sent.raw(name) for name in (*labels(task), *APART) if sent.has(name)}


def marks(values: Values) -> dict[str, str]:
    """A mark of what stands in each field, which the form sends back: so a field that nobody touched can be told from
    one that was typed over, also after somebody else has changed the report."""
    return {name: mark(text) for name, text in values.items()}


def mark(text: str) -> str:
    return hashlib.sha256(compose(text).encode()).hexdigest()[:12]


class Difference(NamedTuple):
    """A field that was changed on both sides."""

    name: str
    label: str
    theirs: str
    mine: str


class Merged(NamedTuple):
    values: dict[str, str]
    """For the form: mine where I typed, theirs elsewhere."""
    differences: list[Difference]
    adopted: list[str]
    """Labels of fields that others changed and I had not touched."""


def merge(task: Mapping[str, Any], typed: Values, was: Values, standing: Values | None = None) -> Merged:
    """What somebody typed, laid over what stands now: the report, or other values of its form. `was`: the marks of what
    the form had begun with; without its mark a field counts as typed."""
    named = labels(task)
    saved = saved_values(task) if standing is None else {name: standing.get(name, "") for name in named}
    values = {**saved, **{name: typed[name] for name in APART if name in typed}}
    differences, adopted = [], []
    for name, theirs in saved.items():
        mine = typed.get(name, theirs)
        if same(name, mine, theirs):
            continue
        if was.get(name) == mark(mine):
            adopted.append(named[name])
            continue
        values[name] = mine
        if was.get(name) != mark(theirs):
            differences.append(Difference(name, named[name], theirs, mine))
    return Merged(values, differences, adopted)


def changed(task: Mapping[str, Any], typed: Values) -> set[str]:
    """Names of the fields in which something else was typed than is saved."""
    saved = saved_values(task)
    return {name for name, text in typed.items() if not same(name, text, saved.get(name, ""))}


def same(name: str, left: str, right: str) -> bool:
    """Texts but for blanks around them; numbers by value: "0,5" is "0,5000"."""
    if name in (*TEXTS, *APART, "period"):
        return compose(left) == compose(right)
    return _number(name, left) == _number(name, right)


def read_update(typed: Values, task: Mapping[str, Any], status: str | None) -> Update:
    """The update that the form asks for: texts that differ from what is saved, and the numbers.

    Raises a problem that names every field at fault, for what is too long or no number.
    """
    problems = Gathered()
    for name, most in MOST.items():
        problems.of(_check_length, name, typed.get(name, ""), most)
    percent = problems.of(_percent, typed.get("percent", ""))
    measurements = problems.of(read_inputs, typed, task)
    declared = problems.of(read_declared, typed)
    if problems.found and status == "submitted":  # else the domain says what is missing
        standing = {**saved_values(task), **typed}
        problems.of(workflow.check_submission, standing, appraised=False, has_score=True)
    problems.raise_any()
    altered = changed(task, typed)
    return Update(
        status=status,
        percent=percent,
        texts={name: typed[name] for name in (*TEXTS, "period") if name in altered},
        measurements=measurements,
        declared_score=declared,
        note=typed.get("note", ""),
        on_behalf_of=compose(typed.get("on_behalf_of", "")) or None,
    )


def read_inputs(typed: Values, task: Mapping[str, Any]) -> dict[str, str | None] | None:
    """Measured numbers as the domain takes them, None for a blank; None altogether where nothing is measured."""
    found: dict[str, str | None] = {}
    problems = Gathered()
    for one in task["rule"]["inputs"]:
        name = f"input.{one['name']}"
        if name in typed:
            found[one["name"]] = problems.of(_measured, typed[name], one["label"], name)
    problems.raise_any()
    before = (task["report"] or {}).get("measurements")
    return found if any(value is not None for value in found.values()) or (found and before) else None


def read_declared(typed: Values) -> str | None:
    """Points as the domain takes them. No score has thousands, so a dot is a decimal point."""
    text = compose(typed.get("declared_score", ""))
    if not text:
        return None
    points = plain_score(text)
    if _decimal(points) is None:
        raise InvalidInput(
            f"{DECLARED}: “{text[:40]}” không phải điểm. Hãy viết bằng chữ số, phần lẻ sau dấu phẩy.",
            field="declared_score",
        )
    return points


def example_score(task: Mapping[str, Any]) -> str:
    """A score that could be declared: half of what can be had, "0,25" of 0,5."""
    return number_text(_shortest(format_points(parse_points(task["max"]) // 2)))


def _measured(text: str, label: str, name: str) -> str | None:
    given = compose(text)
    if not given:
        return None
    number = plain_number(given)
    if _decimal(number) is None:
        raise InvalidInput(
            f"{label}: “{given[:40]}” không phải số. Hãy viết như 94.511 (số nguyên) hoặc 94,5 (số lẻ).", field=name
        )
    return number


def _percent(text: str) -> int | None:
    if not text.strip():
        return None
    percent = read_count(compose(text).removesuffix("%").strip(), digits=3)
    if percent is None or percent > 100:
        raise InvalidInput(
            f"{SHORT['percent']}: “{text.strip()[:40]}” không hợp lệ. Hãy viết số nguyên từ 0 đến 100.", field="percent"
        )
    return percent


def _check_length(name: str, text: str, most: int) -> None:
    length = len(compose(text))
    if length > most:
        label = {**TEXTS, **SHORT, **APART}[name]
        raise InvalidInput(
            f"{label}: dài {number_text(length)} ký tự, tối đa {number_text(most)}. Hãy rút gọn hoặc gửi kèm tệp.",
            field=name,
        )


def _number(name: str, text: str) -> Decimal | str:
    given = compose(text)
    plain = plain_score(given) if name == "declared_score" else plain_number(given.removesuffix("%").strip())
    number = _decimal(plain)
    return given if number is None else number


def _decimal(text: str) -> Decimal | None:
    try:
        number = Decimal(text) if text.isascii() and len(text) <= 40 else None
    except InvalidOperation:
        return None
    return number if number is not None and number.is_finite() and set(text) <= set("-0123456789.") else None


def _shortest(points: str) -> str:
    """ "0.8000" → "0.8", "1.0000" → "1"."""
    return points.rstrip("0").rstrip(".")


def typed_anew(sent: Sent) -> list[tuple[str, str]]:
    """(label, text) of what was typed into the report of a task that cannot be read any more."""
    named = {**TEXTS, **SHORT, "declared_score": DECLARED, **APART}
    texts = [(label, sent.raw(name)) for name, label in named.items() if _is_typed(sent, name)]
    numbers = [text for name, text in sent.starting("input.").items() if _is_typed(sent, f"input.{name}")]
    return [*texts, ("Số liệu đo được", "; ".join(numbers))] if numbers else texts


def _is_typed(sent: Sent, name: str) -> bool:
    return sent.has(name) and bool(sent.raw(name)) and mark(sent.raw(name)) != sent.raw(f"was.{name}")


def sent_marks(sent: Sent, names: Iterable[str]) -> dict[str, str]:
    return {name: sent.raw(f"was.{name}") for name in names if sent.has(f"was.{name}")}
