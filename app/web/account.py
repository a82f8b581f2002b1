"""One's own account: password, signed-in browsers, calendar feed."""

from fastapi import APIRouter

router = APIRouter(include_in_schema=False)
