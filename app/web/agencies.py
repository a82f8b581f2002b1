"""Agencies, their contacts and their successors."""

from fastapi import APIRouter

router = APIRouter(include_in_schema=False)
