"""What waits for a decision of Sở Nội vụ: reports and requests for extension."""

from fastapi import APIRouter

router = APIRouter(include_in_schema=False)
