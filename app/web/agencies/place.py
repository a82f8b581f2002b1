"""Where an agency's pages are, and finding the one that an address means."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode

from starlette.responses import Response

from app.agencies import get_agency, list_agencies
from app.text import by_name
from app.web.visit import Visit

MOST = 1_000
"""Agencies offered in a choice."""


def province_of(visit: Visit) -> str | None:
    """The province that the address names; needed where several have an agency of that code."""
    return visit.request.query_params.get("province", "")[:100] or None


async def find(visit: Visit, code: str) -> dict[str, Any]:
    """Raises `NotFound`."""
    found: dict[str, Any] = await visit.read(get_agency, code, province=province_of(visit))
    return found


def path_to(agency: Mapping[str, Any], tail: str = "", *, visit: Visit) -> str:
    """The address of an agency's page, or of one below it, with its province where that is not the reader's own."""
    named = visit.actor.province_id is None or province_of(visit) is not None
    return f"/agencies/{agency['code']}{tail}" + (f"?{urlencode({'province': agency['province']})}" if named else "")


async def standing(visit: Visit, province: str | None) -> list[dict[str, Any]]:
    """Agencies of a province (None: of the reader's own) that were not succeeded."""
    found = await visit.read(list_agencies, province=province, active=True, limit=MOST, offset=0)
    return by_name(found["items"])


def go_to(path: str, done: str, *, visit: Visit) -> Response:
    """As `Visit.to`, for an address that may hold the province already."""
    base, _, query = path.partition("?")
    return visit.to(base, done, **dict(parse_qsl(query)))
