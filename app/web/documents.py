"""Documents people take away, and the templates they are made from."""

from fastapi import APIRouter

router = APIRouter(include_in_schema=False)
