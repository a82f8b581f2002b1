"""Tasks as CSV and deadlines as a calendar, for programs."""

import csv
import io

from icalendar import Calendar

from tests.conftest import Client


def test_tasks_as_csv_are_exact_and_only_ones_own(client: Client) -> None:
    answer = client.as_("SKHCN").get("/api/v1/assessments/soc-trang-2024/tasks.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = {row["code"]: row for row in csv.DictReader(io.StringIO(answer.text))}
    assert (rows["ST-2024-TC-16"]["published"], rows["ST-2024-TC-16"]["effective_due"]) == ("0.8410", "2025-07-01")
    assert "ST-2024-TC-03" not in rows
    everything = client.get("/api/v1/assessments/soc-trang-2024/tasks.csv").text
    assert len(list(csv.DictReader(io.StringIO(everything)))) == 48


def test_the_calendar_has_an_event_for_each_open_task_and_share(client: Client) -> None:
    answer = client.as_("STC").get("/api/v1/assessments/soc-trang-2024/calendar.ics")
    events = Calendar.from_ical(answer.content).walk("VEVENT")
    listed = client.as_("STC").get("/api/v1/tasks?limit=200").json()["total"]
    shares = client.as_("STC").get("/api/v1/shares?limit=200").json()["total"]
    assert len(events) == listed + shares > 0


def test_foreign_assessments_are_not_found(client: Client) -> None:
    for path in ("tasks.csv", "calendar.ics"):
        assert client.get(f"/api/v1/assessments/can-tho-2024/{path}").status_code == 404
