"""The task's life: which moves exist, who makes them, and what a submission must contain. See docs/workflow.md."""

from collections.abc import Mapping
from datetime import date

from app.errors import Fault, IllegalMove, IncompleteSubmission, InvalidInput

OPEN = frozenset({"assigned", "in_progress", "submitted", "returned"})
"""Neither accepted nor closed."""

REPORTABLE = OPEN - {"submitted"}
"""The lead agency owes a report: the clock runs, and stops while one waits for review."""

LABELS: Mapping[str, str] = {
    "assigned": "Đã giao",
    "in_progress": "Đang khắc phục",
    "submitted": "Chờ xác nhận",
    "returned": "Yêu cầu bổ sung, hoàn thiện",
    "accepted": "Đã xác nhận",
    "closed": "Kết thúc, không khắc phục được",
}

AGENCY_MOVES: Mapping[str, frozenset[str]] = {
    "assigned": frozenset({"in_progress", "submitted"}),
    "in_progress": frozenset({"in_progress", "submitted"}),
    "returned": frozenset({"in_progress", "submitted"}),
    "submitted": frozenset({"in_progress"}),  # recalled, while nobody has reviewed it
}

REVIEWS: Mapping[str, str] = {"accepted": "accepted", "continued": "in_progress", "returned": "returned"}
"""The coordinator's decision on a submitted report, and the status that follows."""

PARTS: Mapping[str, str] = {
    "reason": "lý do tồn tại, hạn chế",
    "progress": "tiến độ xử lý",
    "remedy": "biện pháp khắc phục",
}
"""What every submitted report must say."""


def check_agency_move(status: str, wanted: str) -> None:
    """Raise `IllegalMove` unless the lead agency may take the task from `status` to `wanted`."""
    if wanted in AGENCY_MOVES.get(status, frozenset()):
        return
    if status in ("accepted", "closed"):
        advice = "Nhiệm vụ đã kết thúc; nếu cần làm tiếp, hãy đề nghị Sở Nội vụ mở lại."
    elif status == "submitted":
        advice = "Báo cáo đang chờ xác nhận; muốn sửa, hãy rút lại bằng cách chuyển về “Đang khắc phục”."
    else:
        advice = "Cơ quan chỉ chuyển được sang “Đang khắc phục” hoặc “Chờ xác nhận”."
    raise IllegalMove(
        f"Không thể chuyển từ “{LABELS[status]}” sang “{LABELS.get(wanted, wanted)}”. {advice}", field="status"
    )


def check_update_open(status: str) -> None:
    """A progress note moves nothing, but a finished or waiting report does not change under the reviewer either."""
    if status == "submitted":
        raise IllegalMove(
            "Báo cáo đang chờ xác nhận nên không sửa được. Hãy rút lại rồi cập nhật.",
            field="status",
        )
    if status not in OPEN:
        raise IllegalMove(
            f"Nhiệm vụ ở trạng thái “{LABELS[status]}” nên không cập nhật được. Hãy đề nghị Sở Nội vụ mở lại.",
            field="status",
        )


def check_review(status: str, decision: str) -> str:
    """The status that follows a review; raises `IllegalMove` unless a report waits for one."""
    if decision not in REVIEWS:
        raise InvalidInput("Quyết định phải là xác nhận, tiếp tục khắc phục hoặc yêu cầu bổ sung.", field="decision")
    if status != "submitted":
        raise IllegalMove(
            f"Chỉ xác nhận được báo cáo đang “{LABELS['submitted']}”; nhiệm vụ đang “{LABELS[status]}”.",
            field="decision",
        )
    return REVIEWS[decision]


def check_closure(status: str) -> None:
    if status not in OPEN:
        raise IllegalMove(f"Nhiệm vụ đã ở trạng thái “{LABELS[status]}”, không kết thúc được nữa.")


def check_reopening(status: str) -> None:
    if status in OPEN:
        raise IllegalMove(f"Nhiệm vụ đang “{LABELS[status]}”, chưa kết thúc nên không cần mở lại.")


def missing_parts(parts: Mapping[str, str | None], *, appraised: bool, has_score: bool) -> list[str]:
    """What a report still needs before it can be submitted: reason, progress and remedy; on appraised criteria a
    measured or declared score too."""
    missing = [label for name, label in PARTS.items() if not (parts.get(name) or "").strip()]
    return [*missing, "số liệu đo được hoặc điểm tự chấm"] if appraised and not has_score else missing


def check_submission(parts: Mapping[str, str], *, appraised: bool, has_score: bool) -> None:
    """Raise `IncompleteSubmission` when anything is missing (see `missing_parts`)."""
    missing = missing_parts(parts, appraised=appraised, has_score=has_score)
    if missing:
        fields = [*(name for name in PARTS if not parts.get(name, "").strip()), "measurements"]
        raise IncompleteSubmission(
            f"Báo cáo còn thiếu: {'; '.join(missing)}. Hãy bổ sung rồi nộp lại.",
            extra={"missing": missing},
            faults=[
                Fault(field, f"Còn thiếu {what}; hãy bổ sung.") for field, what in zip(fields, missing, strict=False)
            ],
        )


def effective_due(due_before: date, extension: date | None, resubmit_before: date | None) -> date:
    """The latest of the three; exclusive, like each of them."""
    return max(day for day in (due_before, extension, resubmit_before) if day is not None)


def is_overdue(status: str, due: date, *, today: date) -> bool:
    """Open, not waiting for review, and the local day `due` has begun."""
    return status in REPORTABLE and today >= due


def days_left(due: date, *, today: date) -> int:
    """1 on the last good day, 0 on the first day too late."""
    return (due - today).days


def is_on_time(due: date, *, submitted_on: date) -> bool:
    """Due dates are exclusive: handing in on the local day `due` is late."""
    return submitted_on < due
