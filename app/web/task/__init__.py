"""One task: its page, and what the agency responsible does on it. `page` shows, `acts` changes."""

from fastapi import APIRouter

from app.web.task import acts, page
from app.web.task.page import show_task

__all__ = ["router", "show_task"]

router = APIRouter(include_in_schema=False)
router.include_router(page.router)
router.include_router(acts.router)
