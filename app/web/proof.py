"""Tài liệu kiểm chứng: one letter behind many tasks, its file, its withdrawal."""

from fastapi import APIRouter

router = APIRouter(include_in_schema=False)
