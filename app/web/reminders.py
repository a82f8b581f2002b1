"""Nhắc việc: the preview of any day, what went out, sending again."""

from fastapi import APIRouter

router = APIRouter(include_in_schema=False)
