"""One task: its page, and what the agency responsible does on it."""

from fastapi import APIRouter

router = APIRouter(include_in_schema=False)
