"""Every page of every role: axe finds nothing serious, nothing is wider than a phone, nothing on the console."""

from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from app.core.access import Role
from app.web import navigation
from tests.browser.conftest import DESKTOP, PHONE, Site

SERIOUS = ("serious", "critical")
DETAILS: dict[Role, tuple[str, ...]] = {
    Role.AGENCY: ("/tasks/ST-2024-TC-16", "/tasks/ST-2024-KS-22", "/evidence/new?task=ST-2024-TC-16", "/account"),
    Role.COORDINATOR: ("/tasks/ST-2024-TC-15", "/shares/ST-2024-TC-07.04", "/measures/ST-2024-GP-01", "/agencies/STP"),
    Role.LEADERSHIP: ("/tasks/ST-2024-TC-16", "/account/calendar"),
    Role.ADMIN: ("/tasks/ST-2024-TC-16", "/agencies/SKHCN"),
}
WHO = {Role.AGENCY: "SKHCN"}


def paths_of(role: Role) -> Iterator[str]:
    yield from (place.path for place in navigation.for_role(role))
    yield from DETAILS[role]


@pytest.mark.parametrize("role", list(Role))
def test_every_page_is_accessible_and_fits_a_phone(site: Site, role: Role) -> None:
    _busy(site)
    page = site.page(WHO.get(role, role))
    found: list[str] = []
    for path in paths_of(role):
        page.set_viewport_size(DESKTOP)  # type: ignore[arg-type]
        answer = page.goto(path)
        assert answer is not None
        assert answer.status == 200, path
        found += [f"{path}: {line}" for line in _violations(Axe().run(page).response)]
        assert page.locator("h1").count() == 1, path
        page.set_viewport_size(PHONE)  # type: ignore[arg-type]
        width = page.evaluate("document.documentElement.scrollWidth")
        if width > PHONE["width"]:
            found.append(f"{path}: {width} pixels wide on a phone")
    assert found == []


def _violations(response: Any) -> Iterator[str]:
    for rule in response["violations"]:
        if rule["impact"] in SERIOUS:
            places = "; ".join(str(node["target"][0]) for node in rule["nodes"][:3])
            yield f"{rule['id']} ({rule['impact']}) at {places}"


def _busy(site: Site) -> None:
    """Some work, so that pages have something on them."""
    from app.tasks import Update, record_update, request_extension

    actor = site.world.actor("SKHCN")
    texts = dict.fromkeys(("reason", "progress", "remedy"), "Đang phối hợp với các đơn vị.")
    site.world.write(
        record_update,
        actor,
        "ST-2024-TC-15",
        Update(status="submitted", texts=texts, measurements={"used_services": 13, "services": 16}, note="Nộp"),
        version=1,
    )
    site.world.write(
        request_extension,
        actor,
        "ST-2024-TC-16",
        site.world.now.date().replace(month=8),
        "Chờ số liệu quý II.",
        None,
        version=1,
    )
