"""Charts as images: what the page shows, for whoever may see it, drawn once."""

import pytest

from app.reports.charts import rendering
from app.web.charts import MAKERS
from tests.web.conftest import Desk


@pytest.mark.parametrize("name", sorted(MAKERS))
def test_every_chart_opens_for_every_role(desk: Desk, name: str) -> None:
    for who in ("coordinator", "leadership", "admin", "SKHCN"):
        answer = desk.as_(who).get(f"/charts/{name}.svg")
        assert answer.status_code == 200, answer.text[-500:]
        assert answer.headers["content-type"] == "image/svg+xml; charset=utf-8"
        assert answer.headers["cache-control"] == "private, no-cache"
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")
        assert answer.text.startswith("<svg")
    narrow = desk.get(f"/charts/{name}.svg?narrow=1")
    assert 'width="360"' in narrow.text


def test_a_chart_that_has_not_changed_is_not_sent_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    tag = desk.get("/charts/total.svg").headers["etag"]
    monkeypatch.setattr("app.web.charts.as_svg", lambda chart: pytest.fail("drawn again"))
    again = desk.get("/charts/total.svg", headers={"If-None-Match": tag})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)


def test_an_agency_gets_its_own_picture(desk: Desk) -> None:
    from app.tasks import Update, record_update

    change = Update(status="in_progress", declared_score="0.9")
    desk.world.write(record_update, desk.world.actor("STP"), "ST-2024-TC-03", change, version=None)
    for name in ("total", "fields", "agencies", "trend"):
        all_see, other = (desk.as_(who).get(f"/charts/{name}.svg") for who in ("coordinator", "SKHCN"))
        assert all_see.headers["etag"] != other.headers["etag"]
    assert "85,30" in desk.get("/charts/total.svg").text
    assert "85,30" not in desk.as_("SKHCN").get("/charts/total.svg").text


def test_a_past_day_shows_what_stood_then(desk: Desk) -> None:
    assert desk.get("/charts/fields.svg?as_of=05/05/2025").status_code == 200
    assert "05/05" in desk.get("/charts/trend.svg?as_of=2025-05-05").text
    for wrong in ("as_of=hôm qua", "as_of=01/01/2099"):
        assert desk.get(f"/charts/total.svg?{wrong}").status_code == 422


def test_unknown_charts_and_assessments_are_not_found(desk: Desk) -> None:
    assert desk.get("/charts/pie.svg").status_code == 404
    assert desk.get("/charts/total.svg?assessment=soc-trang-1999").status_code == 404


def test_nobody_sees_a_chart_without_signing_in(desk: Desk) -> None:
    assert desk.http.get("/charts/total.svg", follow_redirects=False).status_code == 303


def test_a_chart_that_cannot_be_drawn_leaves_its_words(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(chart: object) -> str:
        raise rendering.DrawingFailed("no")

    monkeypatch.setattr("app.web.charts.as_svg", broken)
    assert desk.get("/charts/total.svg").status_code == 503
    page = desk.as_("leadership").get("/overview")
    assert page.status_code == 200
    assert "công bố 84,83" in page.text
