"""Tính thử: move a number and see the total move; nothing is saved."""

from fastapi import APIRouter

router = APIRouter(include_in_schema=False)
