"""A digest as a letter: sections and entries in words, then rendered as plain text and as HTML.

Everything here is a pure function of the content gathered from the database.
"""

import textwrap
from collections.abc import Iterable, Sequence
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from app.core.scoring import format_points
from app.outbox.content import SHOWN, Content, Detail, Facts
from app.outbox.wording import due_text, missing_text, todo_text
from app.vietnamese import day_text, listed, points_text

WIDTH = 76
"""Columns of the plain text."""


class Entry(NamedTuple):
    code: str
    title: str
    where: str
    due: str
    tone: str
    """`late`, `soon` (three days or less), `ahead` or `waiting`."""
    points: str
    """With its label."""
    missing: str
    todo: str
    url: str


class Group(NamedTuple):
    title: str
    """Empty for the only group of a section."""
    entries: list[Entry]


class Section(NamedTuple):
    title: str
    note: str
    groups: list[Group]
    hidden: str
    """What the letter leaves out for length, empty when nothing."""


class Letter(NamedTuple):
    subject: str
    greeting: str
    opening: str
    sections: list[Section]
    url: str
    closing: str
    seal: str
    """The head of the sealed log with its label, empty in letters to others than the coordinator."""


def compose(content: Content, *, base_url: str) -> Letter:
    """The letter that `content` makes; it must have facts."""
    base = base_url.rstrip("/")
    digest, counts = content.digest, _counts(content.facts, today=content.today)
    shown = {(one.kind, one.code) for one in content.facts[:SHOWN]}
    return Letter(
        subject=f"[Khắc Phục] {digest.name}: {_brief(counts)} – ngày {day_text(content.today)}",
        greeting=f"Kính gửi: {digest.name}",
        opening=_opening(content, counts),
        sections=[_section(kind, content, shown, base) for kind in _SECTIONS if _of(content.facts, kind)],
        url=f"{base}/tasks",
        closing=(
            "Thư do hệ thống Khắc Phục gửi tự động, xin không trả lời thư này. "
            f"Vướng mắc xin trao đổi với {digest.coordinator}."
        ),
        seal=_seal(content),
    )


def _seal(content: Content) -> str:
    """Kept with the letter, it shows later whether the log was cut or made anew (`khacphuc audit verify --head`)."""
    head = content.head
    return f"Dấu niêm phong nhật ký, xin lưu cùng thư này: {head.position}:{head.hash}" if head else ""


def _counts(facts: Sequence[Facts], *, today: date) -> list[str]:
    own = _of(facts, "due")
    late = sum(today >= one.effective_due for one in own)
    parts = [f"{len(own) - late} nhiệm vụ sắp đến hạn"] if len(own) > late else []
    parts += [f"{late} nhiệm vụ quá hạn"] if late else []
    for kind, what in (
        ("share", "phần trách nhiệm"),
        ("escalation", "nhiệm vụ quá hạn cần đôn đốc"),
        ("review", "báo cáo chờ xác nhận"),
    ):
        found = len(_of(facts, kind))
        parts += [f"{found} {what}"] if found else []
    return parts


def _brief(counts: Sequence[str]) -> str:
    """Subjects are cut off on phones: "3 nhiệm vụ sắp đến hạn, 2 quá hạn"."""
    first, *others = counts
    return ", ".join([first, *(one.replace(" nhiệm vụ", "") if " nhiệm vụ" in first else one for one in others)])


def _opening(content: Content, counts: Sequence[str]) -> str:
    return (
        f"Đến ngày {day_text(content.today)} có {listed(counts)}. "
        f"Các tiêu chí liên quan còn thiếu tổng cộng {points_text(_points(content.facts))} điểm."
    )


def _points(facts: Iterable[Facts]) -> int:
    """Each task once, although several shares may belong to it."""
    return sum({one.task_id: one.points for one in facts}.values())


def _of(facts: Iterable[Facts], kind: str) -> list[Facts]:
    return [one for one in facts if one.kind == kind]


_SECTIONS = {
    "due": ("Nhiệm vụ của đơn vị", ""),
    "share": (
        "Phần trách nhiệm của đơn vị",
        "Những tồn tại mà báo cáo kết quả Chỉ số cải cách hành chính nêu tên đơn vị.",
    ),
    "escalation": ("Đôn đốc", ""),
    "review": ("Chờ xác nhận", "Đề nghị xem xét, xác nhận báo cáo hoặc yêu cầu bổ sung, hoàn thiện."),
}
_URGE = "Đề nghị đôn đốc cơ quan phụ trách gửi báo cáo giải trình, hoặc xem xét gia hạn, điều chỉnh."
_DIRECT = "Nhiệm vụ quá hạn kéo dài; đề nghị lãnh đạo xem xét, cho ý kiến chỉ đạo."


def _section(kind: str, content: Content, shown: set[tuple[str, str]], base: str) -> Section:
    facts = _of(content.facts, kind)
    title, note = _SECTIONS[kind]
    if kind == "escalation":
        note = _DIRECT if content.digest.agency_id is None else _URGE
    visible = [one for one in facts if (one.kind, one.code) in shown]
    hidden = len(facts) - len(visible)
    groups = _by_agency(facts, visible, content, base) if kind == "escalation" else [_group("", visible, content, base)]
    word = {"share": "phần trách nhiệm", "review": "báo cáo"}.get(kind, "nhiệm vụ")
    return Section(f"{title} ({len(facts)})", note, groups, f"… và {hidden} {word} khác" if hidden else "")


def _by_agency(facts: list[Facts], visible: list[Facts], content: Content, base: str) -> list[Group]:
    """The agency with most points at stake first; one whose tasks are all left out keeps its line."""
    agencies: dict[int, list[Facts]] = {}
    for one in facts:
        agencies.setdefault(one.agency_id, []).append(one)
    groups = []
    for held in sorted(agencies.values(), key=lambda held: -_points(held)):
        title = f"{held[0].agency}: {len(held)} nhiệm vụ, thiếu {points_text(_points(held))} điểm"
        groups.append(_group(title, [one for one in visible if one.agency_id == held[0].agency_id], content, base))
    return groups


def _group(title: str, facts: list[Facts], content: Content, base: str) -> Group:
    entries = [_entry(one, content.details.get(one.task_id, Detail()), base, today=content.today) for one in facts]
    return Group(title, entries)


def _entry(facts: Facts, detail: Detail, base: str, *, today: date) -> Entry:
    # Escalations come in dozens, already grouped by agency: they say no more than who is late with what.
    where = {"review": f"{facts.agency}, {facts.where}", "escalation": ""}.get(facts.kind, facts.where)
    return Entry(
        code=facts.code,
        title=facts.what,
        where=where,
        due=due_text(facts, today=today),
        tone=_tone(facts, today=today),
        points=f"{'Điểm còn thiếu của tiêu chí' if facts.share else 'Điểm còn thiếu'}: {points_text(facts.points)}",
        missing=missing_text(facts, detail),
        todo=todo_text(facts, detail, today=today),
        url=_link(facts, base),
    )


def _link(facts: Facts, base: str) -> str:
    """To the share for whoever holds one: the task itself may be none of theirs."""
    return f"{base}/{'shares' if facts.share else 'tasks'}/{quote(facts.code)}"


def _tone(facts: Facts, *, today: date) -> str:
    if facts.kind == "review":
        return "waiting"
    left = (facts.effective_due - today).days
    return "late" if left <= 0 else "soon" if left <= 3 else "ahead"


# Rendering


def as_text(letter: Letter, *, addressee: str) -> str:
    return str(_templates().get_template("letter.txt.jinja").render(letter=letter, addressee=addressee))


def as_html(letter: Letter, *, addressee: str) -> str:
    return str(_templates().get_template("letter.html.jinja").render(letter=letter, addressee=addressee))


def as_data(content: Content, letter: Letter) -> dict[str, Any]:
    """The same digest for a machine; points with 4 decimals, dates as ISO."""
    details = content.details
    return {
        "recipient": content.digest.recipient,
        "recipient_name": content.digest.name,
        "on": content.today.isoformat(),
        "subject": letter.subject,
        "text": as_text(letter, addressee=""),
        "items": [
            {
                "kind": one.kind,
                "code": one.code,
                "task": one.task_code,
                "what": one.what,
                "agency": one.agency,
                "status": one.status,
                "effective_due": one.effective_due.isoformat(),
                "days_left": (one.effective_due - content.today).days,
                "points": format_points(one.points),
                "missing": missing_text(one, details.get(one.task_id, Detail())),
                "url": _link(one, letter.url.removesuffix("/tasks")),
            }
            for one in content.facts[:SHOWN]
        ],
        "items_total": len(content.facts),
    }


@cache
def _templates() -> Any:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape  # only senders need it

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).with_name("templates")),
        autoescape=select_autoescape(enabled_extensions=("html.jinja",), default=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["wrapped"] = _wrapped
    return environment


def _wrapped(text: str, indent: int = 0) -> str:
    # Addresses and codes stay whole, whatever the width.
    return textwrap.fill(
        text,
        WIDTH,
        initial_indent=" " * indent,
        subsequent_indent=" " * indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
