"""How a task is told to people: causes of errors without the API's names, confidence of rules, the log in sentences."""

import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from app.core.workflow import LABELS
from app.errors import Problem
from app.vietnamese import day_text, exact_points_text, listed, number_text
from app.web.task.fields import DECLARED, TEXTS

_API_NAME: Final = re.compile(
    r"\s\((?:reason|text|comment|measurements|status|(?:[a-z]+_)+[a-z]+)(?: = [a-z_]+)?\)(?=[\s.,;:]|$)"
)


def plainly(problem: Problem, task: Mapping[str, Any] | None = None) -> Problem:
    """The same problem without the names that only programs use: "Hãy ghi lý do (reason)." → "Hãy ghi lý do."."""
    text = _API_NAME.sub("", problem.detail).replace("declared_score", f"“{DECLARED}”")
    for one in task["rule"]["inputs"] if task else ():
        text = text.replace(f" ({one['name']})", "")
    field = problem.field and problem.field.replace("measurements.", "input.")
    return type(problem)(text, field=field, extra=problem.extra)


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

ACTIONS: Final[Mapping[str, str]] = {
    "task.updated": "cập nhật báo cáo",
    "task.submitted": "nộp báo cáo",
    "task.recalled": "rút lại báo cáo đã nộp",
    "task.accepted": "xác nhận báo cáo, nhiệm vụ đã khắc phục",
    "task.continued": "ghi nhận báo cáo, cho tiếp tục khắc phục",
    "task.returned": "yêu cầu bổ sung, hoàn thiện báo cáo",
    "task.closed": "kết thúc nhiệm vụ, không khắc phục được",
    "task.reopened": "mở lại nhiệm vụ",
    "task.assigned": "giao nhiệm vụ cho cơ quan khác",
    "task.due_changed": "thay đổi thời hạn",
    "task.target_changed": "thay đổi điểm mục tiêu",
    "task.cooperators_changed": "thay đổi cơ quan phối hợp",
    "task.changed": "thay đổi nhiệm vụ",
    "task.directed": "cho ý kiến chỉ đạo",
    "task.extension_requested": "đề nghị gia hạn",
    "task.extension_granted": "chấp nhận gia hạn",
    "task.extension_refused": "không chấp nhận gia hạn",
    "task.succeeded": "chuyển nhiệm vụ cho cơ quan kế thừa",
    "task.created": "giao nhiệm vụ",
    "evidence.added": "bổ sung tài liệu kiểm chứng",
}
_DAYS: Final[Mapping[str, str]] = {
    "effective_due": "hạn (trước ngày)",
    "requested_due": "hạn đề nghị (trước ngày)",
    "resubmit_before": "hạn nộp lại (trước ngày)",
}
_POINTS: Final[Mapping[str, str]] = {
    "reported": "điểm theo báo cáo",
    "verified": "điểm xác nhận",
    "expected": "điểm dự kiến",
    "target": "điểm mục tiêu",
}
_PLAIN: Final[Mapping[str, str]] = {
    "agency": "cơ quan phụ trách",
    "former_agency": "cơ quan trước đó",
    "period": "kỳ số liệu",
    "number": "số, ký hiệu",
}
_LONG: Final[Mapping[str, str]] = {**TEXTS, "direction": "Nội dung", "evidence_waiver": "Lý do không cần tài liệu"}


class Change(NamedTuple):
    label: str
    before: str
    after: str


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
    before, after = event["from"], event["to"]
    shown = [
        Change(label, _short(name, before.get(name)), _short(name, after[name]))
        for name, label in _labels(after).items()
    ]
    texts = [Change(label, before.get(name) or "", after.get(name) or "") for name, label in _LONG.items()]
    return Sentence(
        event["at"],
        event["by"][:1].upper() + event["by"][1:],
        ACTIONS.get(event["action"], "thay đổi nhiệm vụ"),
        event["on_behalf_of"],
        event["why"],
        [one for one in [*shown, *_measured(before, after, task)] if one.before != one.after],
        [one for one in texts if one.before != one.after],
    )


def _labels(after: Mapping[str, Any]) -> dict[str, str]:
    known = {"status": "trạng thái", "percent": "tỷ lệ thực hiện", "declared": "điểm tự chấm", **_DAYS, **_POINTS}
    known |= {**_PLAIN, "cooperating": "cơ quan phối hợp", "self_reviewed": "tự xác nhận nhiệm vụ của mình"}
    return {name: label for name, label in known.items() if name in after}


def _short(name: str, value: Any) -> str:
    if value is None or value == "":
        return ""
    if name == "status":
        return f"“{LABELS.get(value, value)}”"
    if name in _DAYS:
        return day_text(value)
    if name in _POINTS or name == "declared":
        return exact_points_text(value)
    if name == "percent":
        return f"{value}%"
    if name == "self_reviewed":
        return "có" if value else ""
    return listed(value) if isinstance(value, list) and value else str(value or "")


def _measured(before: Mapping[str, Any], after: Mapping[str, Any], task: Mapping[str, Any]) -> list[Change]:
    new, old = after.get("measurements") or {}, before.get("measurements") or {}
    named = {one["name"]: one["label"] for one in task["rule"]["inputs"]}
    return [
        Change(named.get(name, name), number_text(old.get(name)), number_text(value)) for name, value in new.items()
    ]
