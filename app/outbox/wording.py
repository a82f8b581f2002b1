"""Short Vietnamese phrases for numbers, dates and the state of a report, as letters print them."""

from datetime import date

from app.core import workflow
from app.core.reminding import days_text, waited_text
from app.core.scoring import in_vietnamese
from app.core.workdays import local_date
from app.outbox.content import Detail, Facts
from app.vietnamese import day_text, listed

QUOTED = 300
"""The most characters of somebody's text that a letter repeats."""


def due_text(facts: Facts, *, today: date) -> str:
    """`effective_due` is exclusive, and so is "trước"."""
    if facts.kind == "review" and facts.submitted_on is not None:
        return f"nộp ngày {day_text(facts.submitted_on)}, {waited_text(facts.waited)}"
    return f"trước ngày {day_text(facts.effective_due)}, {days_text((facts.effective_due - today).days)}"


def shortened(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= QUOTED else flat[:QUOTED].rsplit(" ", 1)[0] + " …"


# What is missing, and what to do


def missing_text(facts: Facts, detail: Detail) -> str:
    if facts.share is not None:
        return _share_missing(facts)
    if facts.kind == "review":
        return ""
    if facts.status == "returned" and detail.returned is not None:
        returned = f"Yêu cầu bổ sung ngày {day_text(local_date(detail.returned.at))}"
        comment = shortened(detail.returned.comment)
        return f"{returned}: “{comment}”" if comment else returned
    missing = _missing_parts(facts, detail)
    percent = f"Đã thực hiện {facts.percent}%. " if facts.percent else ""
    if len(missing) == len(_wanted_parts(facts)):
        return f"{percent}Chưa có báo cáo giải trình."
    if missing:
        return f"{percent}Báo cáo còn thiếu: {'; '.join(missing)}."
    return f"{percent}Báo cáo đã đủ nội dung nhưng chưa nộp."


def todo_text(facts: Facts, detail: Detail, *, today: date) -> str:
    if facts.share is not None:
        return _share_todo(facts)
    if facts.kind == "review":
        return "Xem xét, xác nhận báo cáo."
    if facts.kind == "escalation":
        return ""
    late = today >= facts.effective_due
    extension = " Nếu có lý do chính đáng để kéo dài, hãy gửi đề nghị gia hạn." if late else ""
    if facts.status == "returned":
        return f"Bổ sung, hoàn thiện và nộp lại báo cáo.{extension}"
    missing = _missing_parts(facts, detail)
    if not missing:
        return f"Nộp báo cáo để xác nhận.{extension}"
    if len(missing) == len(_wanted_parts(facts)):
        return f"Gửi báo cáo giải trình, gồm: {'; '.join(missing)}.{extension}"
    return f"Bổ sung phần còn thiếu rồi nộp báo cáo.{extension}"


def _wanted_parts(facts: Facts) -> list[str]:
    figures = {"survey": [], "declared": ["điểm tự chấm"]}.get(facts.rule_kind, ["số liệu"])
    return [*workflow.PARTS.values(), *figures]


def _missing_parts(facts: Facts, detail: Detail) -> list[str]:
    report = detail.report
    present = [report is not None and bool(getattr(report, name).strip()) for name in workflow.PARTS]
    present.append(report is not None and bool(report.measurements or report.declared is not None))
    # A survey wants no figure, so its parts end one earlier.
    return [part for part, there in zip(_wanted_parts(facts), present, strict=False) if not there]


def _share_missing(facts: Facts) -> str:
    share = facts.share
    amount = "Báo cáo không nêu số lượng riêng của đơn vị"
    if share.quantity is not None:
        amount = f"Theo báo cáo: {in_vietnamese(str(share.quantity))} {share.unit}".rstrip()
    missing = [] if share.reason.strip() else ["giải trình lý do"]
    if share.share_kind == "clearable":
        missing += [] if share.resolved else ["xác nhận đã xử lý xong"]
    else:
        missing += [] if share.current is not None else ["số liệu kỳ này"]
    return f"{amount}. Còn thiếu {listed(missing)}." if missing else f"{amount}."


def _share_todo(facts: Facts) -> str:
    if facts.share.share_kind == "clearable":
        return "Xử lý dứt điểm, giải trình lý do và đánh dấu đã xử lý xong."
    return "Giải trình lý do, biện pháp khắc phục và cập nhật số liệu kỳ này."
