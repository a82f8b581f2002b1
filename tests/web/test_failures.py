"""What goes wrong as a page: whoever is signed in keeps the menu, and is told what to do; a place before its first
assessment is no error."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app import accounts, agencies
from app.core.access import SYSTEM, Role
from app.db import Database
from app.errors import Busy, Unwritable
from app.main import create_app
from app.settings import Settings
from app.web import navigation
from tests.conftest import World, WorldClock
from tests.web.conftest import Desk

MENU = '<nav class="places"'


def test_error_pages_keep_the_menu(desk: Desk) -> None:
    agency = desk.as_("SKHCN")
    for page, status in (
        (agency.get("/no-such-page"), 404),
        (agency.get("/tasks/ST-2024-TC-03"), 404),
        (agency.get("/audit"), 403),
        (agency.post("/tasks/ST-2024-TC-15/report", {"do": "save"}, csrf="made up"), 403),
        (agency.post("/tasks/ST-2024-TC-15/report", {"do": "save", "reason": "x" * 1_100_000}), 413),
        (agency.post("/no-such-page", {}), 404),
    ):
        assert page.status_code == status
        assert MENU in page.text
        assert "Về trang đầu" in page.text
    assert MENU not in desk.http.get("/no-such-page").text


def test_the_way_back_is_the_page_that_led_here(desk: Desk) -> None:
    def led(referer: str, path: str = "/no-such-page") -> bool:
        return "Về trang trước" in desk.get(path, headers={"Referer": referer}).text

    assert led("http://testserver/tasks?status=late")
    assert 'href="/tasks?q=%22"' in desk.get("/no", headers={"Referer": "http://testserver/tasks?q=%22"}).text
    assert not led("http://elsewhere.example/tasks")
    assert not led("http://testserver/no-such-page")
    assert 'href="//' not in desk.get("/no", headers={"Referer": "http://testserver//elsewhere.example"}).text


@pytest.mark.parametrize(("error", "status"), [(Busy("Máy chủ đang bận."), 503), (RuntimeError("x"), 500)])
def test_what_may_pass_is_offered_again_with_the_menu(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int
) -> None:
    monkeypatch.setattr("app.audit.list_told", _raising(error))
    page = desk.get("/audit?code=A%26B")
    assert page.status_code == status
    assert MENU in page.text
    if status == 500:
        assert '<a href="" role="button">Thử lại</a>' in page.text


def test_a_database_that_does_not_answer_leaves_words_and_a_button(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def silent(*_: Any, **__: Any) -> None:
        asked.append(1)
        raise Busy("Máy chủ đang bận. Hãy thử lại sau ít phút.")

    desk.token()
    monkeypatch.setattr(accounts, "find_session", silent)
    page = desk.get("/tasks")
    assert page.status_code == 503
    assert "Hãy thử lại sau ít phút." in page.text
    assert "Thử lại</a>" in page.text
    assert MENU not in page.text
    assert len(asked) == 1  # nobody waits twice
    assert desk.get("/no-such-page").status_code == 404


def test_a_disk_that_takes_nothing_does_not_stop_reading(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.token()
    desk.world.at(desk.world.now + 2 * accounts.SEEN_EVERY)
    monkeypatch.setattr(accounts, "touch_session", _raising(Unwritable("Đĩa đầy.")))
    assert desk.get("/tasks").status_code == 200


def _raising(error: Exception) -> Any:
    def fail(*_: Any, **__: Any) -> None:
        raise error

    return fail


@pytest.fixture
def empty(db: Database, tmp_path: Path) -> Iterator[Desk]:
    """A province with two agencies and no assessment."""
    from starlette.testclient import TestClient

    world = World(db)
    with db.transaction() as connection:
        agencies.create_province(connection, SYSTEM, code="soc-trang", name="Tỉnh Sóc Trăng", now=world.now)
        for code, name in (("SNV", "Sở Nội vụ"), ("STP", "Sở Tư pháp")):
            agencies.create_agency(
                connection, SYSTEM, code=code, name=name, province="soc-trang", coordinator=code == "SNV", now=world.now
            )
    settings = Settings(data_dir=tmp_path, scheduler=False, DATABASE_URL=db.url)
    app = create_app(settings, WorldClock(world=world), db)
    with TestClient(app, raise_server_exceptions=False) as http:
        yield Desk(world, http)


def test_before_the_first_assessment_every_place_says_what_comes_next(empty: Desk) -> None:
    for who, role in (
        ("admin", "admin"),
        ("coordinator", "coordinator"),
        ("leadership", "leadership"),
        ("STP", "agency"),
    ):
        desk = empty.as_(who)
        for place in navigation.for_role(Role(role)):
            page = desk.get(place.path)
            assert page.status_code == 200, place
            assert MENU in page.text
            if "Chưa có kỳ đánh giá nào" in page.text:
                assert ('href="/import" role="button"' in page.text) == (who == "admin")
    assert "Sở Tư pháp" in empty.get("/agencies").text
    assert "Sở Tư pháp" in empty.get("/agencies/STP").text
    assert "Mọi thay đổi" in empty.get("/audit").text
    assert empty.get("/csv/audit").headers["content-type"].startswith("text/csv")
    assert "Chưa có kỳ đánh giá nào" in empty.get("/tasks").text
