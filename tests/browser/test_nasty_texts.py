"""Texts that try to run, in every column of the database, before a real browser: nothing runs, nothing is fetched.

The parsed pages are looked at in tests/campaigns/test_stored_text.py; here a browser says what it made of some of them.
"""

import pytest

from tests.browser.conftest import Site
from tests.campaigns.planting import plant

PAGES = {
    "SKHCN": ("/", "/tasks", "/tasks/ST-2024-TC-16", "/evidence/new", "/shares", "/measures", "/account"),
    "coordinator": ("/desk", "/overview", "/reviews", "/agencies", "/audit", "/reminders", "/what-if", "/assessment"),
    "admin": ("/accounts", "/documents", "/csv/tasks"),
}


@pytest.mark.parametrize("who", PAGES)
def test_no_text_runs(site: Site, who: str) -> None:
    site.world.actor(who)
    with site.world.db.transaction() as connection:
        plant(connection)
    page, fired, asked = site.page(who), list[str](), list[str]()
    page.on("dialog", lambda dialog: (fired.append(dialog.message), dialog.dismiss()))
    page.on("request", lambda request: asked.append(request.url))
    for path in PAGES[who]:
        if path.startswith("/csv"):
            with page.expect_download():
                page.evaluate(f"location.assign('{path}')")
            continue
        answer = page.goto(path)
        assert answer is not None
        assert answer.status < 400, path
        assert page.locator("[onerror], [onload], [onclick], [srcdoc], iframe, object, embed, base").count() == 0
        page.keyboard.press("Tab")  # autofocus and onfocus would have their moment
    assert fired == []
    assert [url for url in asked if not url.startswith(site.address)] == []
