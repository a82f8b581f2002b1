"""Phần trách nhiệm and giải pháp: lists, and what an agency reports on them."""

from fastapi import APIRouter

router = APIRouter(include_in_schema=False)
