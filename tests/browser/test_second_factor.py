"""A second factor in a real browser, step by step: nothing serious for axe, fits a phone, the keyboard is enough."""

from datetime import timedelta

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from app import accounts
from tests.authenticator import Phone
from tests.browser.conftest import DESKTOP, JUNE, PHONE, Site
from tests.browser.test_accessibility import _violations

GOOD = "Năm con gà chạy nhanh"
OWN = "/account/second-factor"


def fill_in(page: Page, **fields: str) -> list[str]:
    """Type, press Enter, and look at the page that comes."""
    for ident, value in fields.items():
        page.fill(f"#{ident}", value)
    with page.expect_navigation():
        page.keyboard.press("Enter")
    return faults(page)


def faults(page: Page) -> list[str]:
    page.set_viewport_size(DESKTOP)  # type: ignore[arg-type]
    assert page.locator("h1").count() == 1
    found = list(_violations(Axe().run(page).response))
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    width = page.evaluate("document.documentElement.scrollWidth")
    found += [f"{width} pixels wide on a phone"] if width > PHONE["width"] else []
    return [f"{page.url}: {one}" for one in found]


def test_it_is_turned_on_and_signed_in_with(site: Site) -> None:
    account = site.world.actor("SKHCN").account_id
    link = site.world.write(accounts.create_link, site.world.actor("admin"), account)
    page = site.page()
    page.goto(link.path)
    found = fill_in(page, password=GOOD, repeated=GOOD)
    found += fill_in(page, name="skhcn", password=GOOD)
    page.goto(OWN)
    found += faults(page)
    found += fill_in(page, current=GOOD)
    phone = Phone(page.inner_text("code.key").replace(" ", ""))
    assert page.locator("img.qr").evaluate("(one) => one.complete && one.naturalWidth > 0")
    found += fill_in(page, code=phone.code(JUNE))
    told = page.locator("ol.codes code").all_inner_texts()
    assert len(told) == 10
    page.goto(OWN)
    found += faults(page)
    page.context.clear_cookies()
    page.goto("/signin")
    found += fill_in(page, name="skhcn", password=GOOD)
    assert page.evaluate("document.activeElement.id") == "code"
    found += fill_in(page, code=phone.code(JUNE + timedelta(seconds=30)))  # the next one: no code works twice
    assert page.url == f"{site.address}/tasks"
    page.context.clear_cookies()
    page.goto("/signin")
    fill_in(page, name="skhcn", password=GOOD)
    page.get_by_text("Dùng mã khôi phục").press("Enter")
    found += faults(page)
    found += fill_in(page, recovery=told[0])
    assert page.url == f"{site.address}/tasks"
    assert found == []
