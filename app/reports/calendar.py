"""Deadlines as all-day events of an iCalendar (RFC 5545): each stands on the last good day, the day before `due`."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from app.core import workflow
from app.core.workdays import ONE_DAY
from app.vietnamese import day_text, points_text

if TYPE_CHECKING:
    from icalendar import Event

REFRESH = timedelta(hours=4)
"""How often programs are asked to read again."""


def as_ics(
    name: str, tasks: Iterable[Mapping[str, Any]], shares: Iterable[Mapping[str, Any]], *, base_url: str, now: datetime
) -> bytes:
    """`tasks` and `shares` as the domain lists them; what owes nothing any more is left out."""
    from icalendar import Calendar, vDuration, vText  # loaded with the first calendar

    calendar = Calendar()
    calendar.add("prodid", "-//Khac Phuc//PAR Index//VI")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", vText(" ".join(name.split())))  # the library knows no type for it, so escapes nothing
    calendar.add("x-wr-timezone", "Asia/Ho_Chi_Minh")
    calendar.add("refresh-interval", vDuration(REFRESH), parameters={"value": "DURATION"})
    calendar.add("x-published-ttl", vDuration(REFRESH))
    for task in tasks:
        if task["status"] in workflow.OPEN:
            calendar.add_component(_of_task(task, base_url))
    for share in shares:
        if not share["done"]:
            calendar.add_component(_of_share(share, base_url, now=now))
    return bytes(calendar.to_ical())


def _of_task(task: Mapping[str, Any], base_url: str) -> "Event":
    short, due = points_text(task["points_short"]), task["effective_due"]
    state = workflow.LABELS[task["status"]]
    event = _event(
        f"{task['code']}@khacphuc",
        due,
        f"Hạn báo cáo: {task['criterion']['name']}",
        f"{task['agency']['name']}. Trước ngày {day_text(due)}. {state}. Còn thiếu {short} điểm.",
        f"{base_url}/tasks/{task['code']}",
        at=task["updated_at"],
    )
    event.add("sequence", task["version"])
    return event


def _of_share(share: Mapping[str, Any], base_url: str, *, now: datetime) -> "Event":
    due = share["effective_due"]
    event = _event(
        f"{share['code']}@khacphuc",
        due,
        f"Hạn giải trình: {share['what']}",
        f"{share['agency']['name']}. Trước ngày {day_text(due)}. Thuộc nhiệm vụ {share['task']['code']}.",
        f"{base_url}/shares/{share['code']}",
        at=share["updated_at"] or now,
    )
    event.add("sequence", share["version"])
    return event


def _event(uid: str, due: date, summary: str, description: str, url: str, *, at: datetime) -> "Event":
    from icalendar import Event

    event = Event()
    event.add("uid", uid)
    event.add("dtstamp", at)
    event.add("last-modified", at)
    event.add("dtstart", due - ONE_DAY)
    event.add("dtend", due)
    event.add("summary", summary)
    event.add("description", description)
    event.add("url", url)
    event.add("transp", "TRANSPARENT")  # a deadline keeps nobody from meeting others
    return event
