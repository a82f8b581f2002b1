"""The assessment itself: mandate, reminder policy, days off."""

from fastapi import APIRouter

router = APIRouter(include_in_schema=False)
