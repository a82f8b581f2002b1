"""Công văn đôn đốc: who owes reports or explanations by when, and what the letter to each of them says."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.core import workflow
from app.core.reminding import days_text, parse_policy
from app.errors import Conflict, NotFound
from app.outbox.wording import shortened
from app.reports.word.content import Context, amount, letterhead, share_name
from app.reports.word.dossier import Dossier
from app.reports.word.wording import added, counted
from app.text import alphabetical
from app.vietnamese import day_text, listed, points_text


@dataclass(frozen=True, slots=True)
class Owing:
    """What one agency owes: tasks whose report is due soon or overdue, and shares likewise."""

    code: str
    name: str
    tasks: Sequence[Mapping[str, Any]]
    shares: Sequence[Mapping[str, Any]]

    @property
    def overdue(self) -> int:
        return sum(one["overdue"] for one in (*self.tasks, *self.shares))

    @property
    def points(self) -> str:
        """At stake in its tasks, with 4 decimals."""
        return added(*(one["points_short"] for one in self.tasks))


def list_owing(dossier: Dossier) -> list[Owing]:
    """Agencies to write to: those with most overdue first, then those with most points at stake.

    Due soon is what the assessment's reminders call so: their first milestone. The coordinating agency writes no letter
    to itself.
    """
    issuer = dossier.issuer["code"] if dossier.issuer else None
    found = [one for one in _owing(dossier) if one.code != issuer and (one.tasks or one.shares)]
    return sorted(found, key=lambda one: (-one.overdue, -float(one.points), alphabetical(one.name)))


def find_owing(dossier: Dossier, agency: str) -> Owing:
    """What `agency` (a code) owes. NotFound for a code that leads no task and holds no share; Conflict for one that
    owes nothing now, and for the coordinating agency itself."""
    if dossier.issuer is not None and agency == dossier.issuer["code"]:
        raise Conflict(f"{dossier.issuer['name']} là cơ quan gửi công văn đôn đốc nên không gửi cho chính mình.")
    found = next((one for one in _owing(dossier) if one.code == agency), None)
    if found is None:
        raise NotFound(f"Không có cơ quan {agency} nào có nhiệm vụ hoặc phần trách nhiệm trong kỳ đánh giá này.")
    if not found.tasks and not found.shares:
        raise Conflict(f"{found.name} không có nhiệm vụ, phần trách nhiệm nào quá hạn hoặc sắp đến hạn để đôn đốc.")
    return found


def _owing(dossier: Dossier) -> Iterator[Owing]:
    horizon = max(parse_policy(dict(dossier.assessment["reminder_policy"])).before_days, default=0)
    names = {one["agency"]["code"]: one["agency"]["name"] for one in (*dossier.tasks, *dossier.shares)}
    for code, name in names.items():
        tasks = [one for one in dossier.tasks if one["agency"]["code"] == code and _is_owed(one, horizon)]
        shares = [one for one in dossier.shares if one["agency"]["code"] == code and _is_share_owed(one, horizon)]
        yield Owing(code, name, sorted(tasks, key=lambda one: (one["due"], -float(one["points_short"]))), shares)


def _is_owed(task: Mapping[str, Any], horizon: int) -> bool:
    return task["status"] in workflow.REPORTABLE and task["days_left"] <= horizon


def _is_share_owed(share: Mapping[str, Any], horizon: int) -> bool:
    return not share["done"] and share["task"]["status"] in workflow.OPEN and share["days_left"] <= horizon


# The letter


def letter_content(dossier: Dossier, owing: Owing) -> Context:
    """Every tag of the letter's template."""
    late = [one for one in owing.tasks if one["overdue"]]
    ahead = [one for one in owing.tasks if not one["overdue"]]
    contact = dossier.contact
    return {
        **letterhead(dossier, "{}-CCHC"),
        "recipient": owing.name,
        "count": counted(len(owing.tasks)),
        "overdue": counted(len(late)),
        "soon": counted(len(ahead)),
        "has_overdue": owing.overdue > 0,
        "share_count": counted(len(owing.shares)),
        "points": points_text(owing.points),
        "tasks": [_task(one, number) for number, one in enumerate(owing.tasks, 1)],
        "shares": [_share(dossier, one, number) for number, one in enumerate(owing.shares, 1)],
        "next_due": _next_due(owing),
        "reply_by": day_text(dossier.reply_by),
        "contact": {"name": contact["name"], "email": contact["email"] or ""} if contact else None,
    }


def _next_due(owing: Owing) -> str:
    """The first due date that is still ahead; "" when all have passed."""
    tasks = [one["due"] for one in owing.tasks if not one["overdue"]]
    shares = [one["effective_due"] for one in owing.shares if not one["overdue"]]
    return day_text(min([*tasks, *shares], default=None))


def _task(one: Mapping[str, Any], number: int) -> Context:
    return {
        "number": str(number),
        "code": one["code"],
        "name": one["criterion"]["name"],
        "points": points_text(one["points_short"]),
        "due": f"trước ngày {day_text(one['due'])}",
        "left": days_text(one["days_left"]),
        "status": workflow.LABELS[one["status"]],
        "missing": _missing(one),
    }


def _missing(one: Mapping[str, Any]) -> str:
    if one["status"] == "returned":
        comment = shortened(one["returned"])
        return f"Bổ sung, hoàn thiện theo yêu cầu: “{comment}”" if comment else "Bổ sung, hoàn thiện và nộp lại báo cáo"
    if len(one["missing"]) >= len(workflow.PARTS) and not any(one[part] for part in workflow.PARTS):
        return "Chưa có báo cáo giải trình"
    if one["missing"]:
        return f"Báo cáo còn thiếu: {listed(one['missing'])}"
    return "Báo cáo đã đủ nội dung nhưng chưa nộp"


def _share(dossier: Dossier, one: Mapping[str, Any], number: int) -> Context:
    wanted = [] if one["reason"] else ["giải trình lý do"]
    if one["kind"] == "clearable":
        wanted += [] if one["resolved"] else ["xử lý dứt điểm và xác nhận đã xử lý xong"]
    else:
        wanted += [] if one["current"] is not None else ["số liệu kỳ này"]
    names = {task["code"]: task["criterion"]["name"] for task in dossier.tasks}
    return {
        "number": str(number),
        "what": share_name(one),
        "task": names.get(one["task"]["code"], one["task"]["code"]),
        "quantity": amount(one["quantity"], one["unit"]),
        "due": f"trước ngày {day_text(one['effective_due'])}",
        "left": days_text(one["days_left"]),
        "missing": f"Còn thiếu {listed(wanted)}" if wanted else "",
    }
