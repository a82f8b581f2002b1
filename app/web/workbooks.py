"""The Excel round trip, and the import of an assessment from Excel."""

from fastapi import APIRouter

router = APIRouter(include_in_schema=False)
