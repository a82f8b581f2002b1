"""Nhiệm vụ khắc phục, one per unmet criterion: `search` and `read` show, the others change, `change` writes."""

from app.tasks.direction import give_direction
from app.tasks.drafts import FIELDS as DRAFTED
from app.tasks.drafts import Seen, discard_draft, find_draft, save_draft, save_report
from app.tasks.extension import decide_extension, get_request, list_requests, request_extension
from app.tasks.noted import list_directions, list_self_reviews
from app.tasks.read import get_task, list_updates
from app.tasks.report import Update, record_update, record_updates
from app.tasks.review import Decision, review
from app.tasks.search import SORTS, Filter, list_tasks, list_tasks_as_json
from app.tasks.steer import Steering, assign, close, reopen, steer, steer_many
from app.tasks.view import open_task, preview_score
from app.tasks.waiting import find_decision, list_waiting
from app.tasks.work import count_work, list_work

__all__ = [
    "DRAFTED",
    "SORTS",
    "Decision",
    "Filter",
    "Seen",
    "Steering",
    "Update",
    "assign",
    "close",
    "count_work",
    "decide_extension",
    "discard_draft",
    "find_decision",
    "find_draft",
    "get_request",
    "get_task",
    "give_direction",
    "list_directions",
    "list_requests",
    "list_self_reviews",
    "list_tasks",
    "list_tasks_as_json",
    "list_updates",
    "list_waiting",
    "list_work",
    "open_task",
    "preview_score",
    "record_update",
    "record_updates",
    "reopen",
    "request_extension",
    "review",
    "save_draft",
    "save_report",
    "steer",
    "steer_many",
]
