"""The frame of every page in a real browser: keyboard, phone, and nothing on the console."""

import re
from datetime import timedelta

from sqlalchemy import update

from app.models import tasks
from app.summaries import take_snapshots
from tests.browser.conftest import JUNE, PHONE, Site


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
    assert page.locator("header.top").bounding_box()["height"] < 60  # type: ignore[index]
    page.get_by_text("Mục lục").press("Enter")
    assert places.is_visible()
    assert places.get_by_role("link", name="Danh sách nhiệm vụ").get_attribute("aria-current") == "page"
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.keyboard.press("Escape")
    assert not places.is_visible()


def test_the_coordinators_places_stand_in_one_line_and_open_by_keyboard(site: Site) -> None:
    page = site.page("coordinator")
    page.goto("/measures")
    places = page.get_by_role("navigation", name="Chính")
    assert places.bounding_box()["height"] < 50  # type: ignore[index]
    group = places.locator("summary", has_text="Nhiệm vụ")
    assert group.get_attribute("aria-current") == "true"
    group.press("Enter")
    here = places.get_by_role("link", name="Giải pháp")
    assert here.get_attribute("aria-current") == "page"
    page.keyboard.press("Escape")
    assert not here.is_visible()
    assert page.evaluate("document.activeElement.textContent") == "Nhiệm vụ"
    group.click()
    page.locator("h1").click()
    assert not here.is_visible()
    assert site.complaints == []


def test_the_overview_is_two_sheets_of_paper_with_every_picture(site: Site) -> None:
    with site.world.db.transaction() as connection:
        take_snapshots(connection, now=JUNE)
        connection.execute(update(tasks).values(effective_due=JUNE.date() - timedelta(days=9)))
    page = site.page("leadership")
    page.goto("/overview")
    page.wait_for_load_state("networkidle")
    drawn = page.evaluate("[...document.images].every((one) => one.complete && one.naturalWidth > 0)")
    assert drawn
    paper = page.pdf(prefer_css_page_size=True)
    assert 1 <= len(re.findall(rb"/Type ?/Page\b", paper)) <= 2
