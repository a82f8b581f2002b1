"""The frame of every page in a real browser: keyboard, phone, and nothing on the console."""

from tests.browser.conftest import PHONE, Site


def test_the_first_tab_stop_leads_past_the_menu(site: Site) -> None:
    page = site.page("SKHCN")
    page.goto("/tasks")
    page.keyboard.press("Tab")
    assert page.locator(":focus").inner_text() == "Đến nội dung chính"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_on_a_phone_the_menu_folds_away_and_nothing_is_wider_than_the_screen(site: Site) -> None:
    page = site.page("coordinator", PHONE)
    page.goto("/tasks")
    places = page.get_by_role("navigation", name="Chính")
    assert not places.is_visible()
    page.get_by_role("button", name="Mục lục").press("Enter")
    assert places.is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
