"""Agencies, the people behind them, and who comes after them."""

from fastapi import APIRouter

from app.web.agencies import contacts, directory, merger, succession

router = APIRouter(include_in_schema=False)
for part in (contacts, merger, succession, directory):  # `/agencies/{code}` comes last
    router.include_router(part.router)
