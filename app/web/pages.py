"""Templates and what they may call: all is escaped, a misspelt name is an error, nothing reaches the database."""

import hashlib
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from app import vietnamese
from app.api.errors import STATUS, heads
from app.core import workflow
from app.core.reminding import days_text
from app.errors import Problem
from app.settings import ROOT
from app.telling.words import ROLES
from app.web import navigation, notices


@cache
def environment() -> Environment:
    made = Environment(
        loader=PackageLoader("app.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters |= {
        "day": vietnamese.day_text,
        "moment": vietnamese.moment_text,
        "points": vietnamese.points_text,
        "exact": vietnamese.exact_points_text,
        "number": vietnamese.number_text,
        "percent": vietnamese.percent_text,
        "size": vietnamese.size_text,
        "listed": vietnamese.listed,
        "days": days_text,
        "without": without,
        "pairs": pairs,
        "place": place,
    }
    made.globals |= {
        "STATUSES": workflow.LABELS,
        "OPEN": workflow.OPEN,
        "ROLES": ROLES,
        "menu": navigation.menu,
        "version": asset_version(),
    }
    return made


def without(query: QueryParams, *names: str) -> str:
    """The address's query but for these names, ready for one more: "status=late&"."""
    kept = [(name, value) for name, value in query.multi_items() if name not in names]
    return f"{urlencode(kept)}&" if kept else ""


def pairs(rows: Iterable[Mapping[str, Any]], value: str, label: str) -> list[tuple[Any, Any]]:
    """Rows as the options of a choice."""
    return [(row[value], row[label]) for row in rows]


def place(assessment: Mapping[str, Any]) -> str:
    """Whose index it is. A merger brings those of several provinces to one: they are told apart by their own names,
    "Chỉ số cải cách hành chính tỉnh Sóc Trăng năm 2024"; their codes begin with the province they were made for."""
    name, province, year = assessment["name"], assessment["province"], assessment["year"]
    if assessment["code"] == f"{province['code']}-{year}":
        return str(province["name"])
    own = name.removeprefix("Chỉ số cải cách hành chính").removesuffix(f"năm {year}").strip() or name
    return f"{own[0].upper()}{own[1:]}"


def render(request: Request, template: str, status: int, *, problem: Problem | None = None, **context: Any) -> Response:
    """A template as an answer. A problem gives it the status that the API would give."""
    done = notices.DONE.get(request.query_params.get("done", ""))
    body = (
        environment()
        .get_template(template)
        .render(request=request, path=request.url.path, done=done, problem=problem, **context)
    )
    if problem is not None and status == 200:
        status = STATUS[type(problem)]
    # A page asks for no key in a header, whatever its status.
    told = heads(503 if status == 503 else 429, {} if problem is None else problem.extra)
    return HTMLResponse(body, status, headers={"Cache-Control": "no-store", **told})


@cache
def asset_version() -> str:
    """Changes when a stylesheet or script does, so that browsers keep them for a year and still see the new one."""
    found = hashlib.sha256()
    for path in sorted((ROOT / "app" / "web" / "static").glob("*.*")):
        found.update(path.read_bytes())
    return found.hexdigest()[:12]
