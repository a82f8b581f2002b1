"""Sở Nội vụ's desk: where everything stands in one look."""

from fastapi import APIRouter

router = APIRouter(include_in_schema=False)
