"""Where one can go: every place once, in one line, the page one is on marked."""

import pytest

from app.core.access import Role
from app.web import navigation
from tests.web.conftest import Desk


@pytest.mark.parametrize("role", list(Role))
def test_no_role_has_more_entries_than_fit_one_line(role: Role) -> None:
    entries = navigation.menu(role, "/tasks/ST-2024-TC-16")
    assert len(entries) <= 9
    assert sum(len(one["label"]) for one in entries) <= 120
    paths = [one.path for one in navigation.for_role(role)]
    assert len(paths) == len(set(paths))
    assert [one["label"] for one in entries if one["here"]] == ["Nhiệm vụ"]


def test_a_group_says_that_one_is_in_it(desk: Desk) -> None:
    page = desk.get("/measures").text
    assert '<summary aria-current="true">Nhiệm vụ</summary>' in page
    assert page.count('<a href="/measures" aria-current="page">Giải pháp</a>') == 2  # for a desk and for a phone


def test_pages_outside_the_menu_mark_nothing() -> None:
    assert not any(one["here"] for one in navigation.menu(Role.COORDINATOR, "/account"))
    assert not any(one["here"] for one in navigation.menu(Role.COORDINATOR, "/tasksandmore"))
