"""How a task is told to people: faults at the fields of its form, confidence of rules, the log in sentences."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from app import telling
from app.errors import Fault, Problem
from app.telling import Change
from app.web.task.fields import FORM, TEXTS, labels


def place_faults(problem: Problem, task: Mapping[str, Any], values: Mapping[str, str]) -> None:
    """Put the faults of a report at its form's fields, in their order. That there are no figures at all is said at each
    that is wanted and empty, by its name."""
    faults: list[Fault] = []
    named = labels(task)
    for one in problem.faults:
        if one.field == "measurements":
            wanted = _wanted(task, values)
            faults += [Fault(FORM + name, f"Còn thiếu: {named[name]}. Hãy bổ sung.") for name in wanted]
        else:
            faults.append(Fault(FORM + one.field.replace("measurements.", "input."), one.detail))
    order = {FORM + name: place for place, name in enumerate(named)}
    problem.faults = tuple(sorted(faults, key=lambda one: order.get(one.field, len(order))))


def _wanted(task: Mapping[str, Any], values: Mapping[str, str]) -> list[str]:
    inputs = [f"input.{one['name']}" for one in task["rule"]["inputs"] if not one["optional"]]
    return [name for name in inputs or ["declared_score"] if not values.get(name, "").strip()]


CONFIDENCE: Final[Mapping[str, str]] = {
    "cited": "Công thức theo văn bản của Bộ Nội vụ.",
    "reproduces": "Công thức cho ra đúng điểm đã công bố, chưa đối chiếu với văn bản của Bộ Nội vụ: "
    "điểm tính được chỉ để tham khảo.",
    "declared": "Chưa có công thức tính từ số liệu: cơ quan phụ trách tự chấm điểm.",
    "survey": "Điểm điều tra xã hội học, chỉ thay đổi theo kỳ khảo sát sau; báo cáo không kèm số liệu hay điểm.",
}
BASES: Final[Mapping[str, str]] = {
    "report": "theo bảng phân công trong báo cáo của Sở Nội vụ",
    "field_lead": "theo cơ quan phụ trách lĩnh vực",
    "part_iii": "theo phần III của báo cáo",
    "chosen": "do cơ quan thường trực lựa chọn",
    "succession": "kế thừa nhiệm vụ của cơ quan trước đó",
}


# The log

_LONG: Final = frozenset(telling.LABELS[name] for name in (*TEXTS, "direction", "evidence_waiver"))
_UNTOLD: Final = frozenset(
    telling.LABELS[name]
    for name in ("floor", "ceiling", "submitted_at", "submissions", "extension_due", "sha256", "outcome")
)
"""Follows from what is told beside it."""
_USUAL: Final = (Change(telling.LABELS["self_reviewed"], "", "không"),)


class Sentence(NamedTuple):
    """One row of the log. `changes` fit on a line, `texts` are long and fold away."""

    at: Any
    by: str
    did: str
    on_behalf_of: str | None
    why: str
    changes: list[Change]
    texts: list[Change]


def sentence(event: Mapping[str, Any], task: Mapping[str, Any]) -> Sentence:
    inputs = {one["name"]: one["label"] for one in task["rule"]["inputs"]}
    told = [one for one in telling.changes(event, inputs=inputs) if one.label not in _UNTOLD and one not in _USUAL]
    if event["action"] == "task.created":  # the page itself tells what the task began with
        told = []
    return Sentence(
        event["at"],
        event["by"][:1].upper() + event["by"][1:],
        telling.sentence(event),
        event["on_behalf_of"],
        event["why"],
        [one for one in told if one.label not in _LONG],
        [one for one in told if one.label in _LONG],
    )
