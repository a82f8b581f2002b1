"""One task: what Sở Nội vụ and the leadership do on it."""

from fastapi import APIRouter

router = APIRouter(include_in_schema=False)
