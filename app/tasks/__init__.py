"""Nhiệm vụ khắc phục, one per unmet criterion: `search` and `read` show, the others change, `change` writes."""

from app.tasks.direction import give_direction
from app.tasks.extension import decide_extension, get_request, list_requests, request_extension
from app.tasks.read import get_task, list_updates
from app.tasks.report import Update, record_update, record_updates
from app.tasks.review import Decision, review
from app.tasks.search import SORTS, Filter, list_tasks, list_tasks_as_json
from app.tasks.steer import Steering, assign, close, reopen, steer, steer_many

__all__ = [
    "SORTS",
    "Decision",
    "Filter",
    "Steering",
    "Update",
    "assign",
    "close",
    "decide_extension",
    "get_request",
    "get_task",
    "give_direction",
    "list_requests",
    "list_tasks",
    "list_tasks_as_json",
    "list_updates",
    "record_update",
    "record_updates",
    "reopen",
    "request_extension",
    "review",
    "steer",
    "steer_many",
]
