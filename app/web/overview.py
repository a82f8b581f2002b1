"""The leadership's page: where the province stands, in a minute."""

from fastapi import APIRouter

router = APIRouter(include_in_schema=False)
