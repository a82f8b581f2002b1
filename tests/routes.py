"""Every address that the application answers, also those of routers within routers."""

from collections.abc import Iterator
from typing import Any, NamedTuple


class Address(NamedTuple):
    method: str
    path: str


def addresses(app: Any) -> Iterator[Address]:
    """In the order of their registration. Files of pages (/static) and the OpenAPI document are not among them."""
    for included in app.routes:
        for route in getattr(included, "effective_route_contexts", tuple)():
            yield from (Address(method, route.path) for method in sorted(route.methods))


def page_addresses(app: Any) -> list[Address]:
    """Those for people."""
    documented = app.openapi()["paths"]
    return [one for one in addresses(app) if one.path not in documented]
