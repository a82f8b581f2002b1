import pytest

from tests.cli.conftest import Console
from tests.conftest import Engines


@pytest.fixture
def engine() -> str:
    """What these commands print does not depend on the engine."""
    return "sqlite"


def test_the_summary_counts_the_real_assessment_without_being_told_which(console: Console) -> None:
    found = console("summary", "--json").json
    assert (found["assessment"], found["by"]) == ("soc-trang-2024", "agency")
    assert (found["total"]["tasks"], found["total"]["points_short"]) == (48, "15.1728")
    by_field = console("summary", "--by", "field", "--assessment", "soc-trang-2024", "--json").json
    assert [one["key"] for one in by_field["groups"]] == list(range(1, 9))


def test_the_projection_of_an_untouched_assessment_is_what_was_published(console: Console) -> None:
    found = console("projection", "--json").json
    assert (found["published"], found["floor"], found["ceiling"]) == ("84.8272", "84.8272", "100.0000")
    assert console("projection", "--as-of", "2025-05-01", "--json").json["as_of"] == "2025-05-01"


def test_people_get_tables(console: Console) -> None:
    assert "Sở Khoa học và Công nghệ" in console("summary").out
    shown = console("projection").out
    assert "84,83" in shown
    assert "ST-2024-TC-16" in shown


def test_what_does_not_exist_is_one_line(console: Console, engine: str, engines: Engines) -> None:
    assert console("summary", "--assessment", "ha-noi-1999").code == 1
    assert console("projection", "--as-of", "2999-01-01").code == 1
    assert console("summary", "--by", "colour").code == 2
    assert console("summary", "--as-of", "yesterday").code == 2
    url = engines.copy(engine, "migrated")
    assert "khacphuc seed" in console("summary", DATABASE_URL=url).problem
    engines.drop(url)
