"""The log of everything that was changed."""

from fastapi import APIRouter

router = APIRouter(include_in_schema=False)
