"""Every move there is and every one there is not, and the dates a task is measured against."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core import workflow
from app.core.access import PERMISSIONS, SYSTEM, Actor, Permission, Role
from app.errors import Forbidden, IllegalMove, IncompleteSubmission, InvalidInput

STATUSES = tuple(workflow.LABELS)
ALLOWED = {
    ("assigned", "in_progress"),
    ("assigned", "submitted"),
    ("in_progress", "in_progress"),
    ("in_progress", "submitted"),
    ("returned", "in_progress"),
    ("returned", "submitted"),
    ("submitted", "in_progress"),
}
DAYS = st.dates(min_value=date(2024, 1, 1), max_value=date(2030, 1, 1))


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("wanted", STATUSES)
def test_agencies_make_exactly_these_moves(status: str, wanted: str) -> None:
    if (status, wanted) in ALLOWED:
        workflow.check_agency_move(status, wanted)
        return
    with pytest.raises(IllegalMove) as refused:
        workflow.check_agency_move(status, wanted)
    assert workflow.LABELS[status] in refused.value.detail
    assert refused.value.field == "status"


def test_a_refusal_says_what_to_do_instead() -> None:
    for status, advice in (("accepted", "mở lại"), ("closed", "mở lại"), ("submitted", "rút lại"), ("assigned", "chỉ")):
        with pytest.raises(IllegalMove, match=advice):
            workflow.check_agency_move(status, "accepted")


@pytest.mark.parametrize("status", STATUSES)
def test_progress_is_noted_on_open_tasks_that_do_not_wait_for_review(status: str) -> None:
    if status in ("assigned", "in_progress", "returned"):
        workflow.check_update_open(status)
        return
    with pytest.raises(IllegalMove, match="rút lại" if status == "submitted" else "mở lại"):
        workflow.check_update_open(status)


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize(("decision", "next_status"), workflow.REVIEWS.items())
def test_only_waiting_reports_are_reviewed(status: str, decision: str, next_status: str) -> None:
    if status == "submitted":
        assert workflow.check_review(status, decision) == next_status
        return
    with pytest.raises(IllegalMove):
        workflow.check_review(status, decision)


def test_a_review_has_one_of_three_outcomes() -> None:
    with pytest.raises(InvalidInput, match="xác nhận, tiếp tục"):
        workflow.check_review("submitted", "rejected")


@pytest.mark.parametrize("status", STATUSES)
def test_open_tasks_are_closed_and_finished_ones_reopened(status: str) -> None:
    possible, impossible = workflow.check_closure, workflow.check_reopening
    if status in ("accepted", "closed"):
        possible, impossible = impossible, possible
    possible(status)
    with pytest.raises(IllegalMove):
        impossible(status)


@pytest.mark.parametrize("missing", [set(), {"reason"}, {"progress", "remedy"}, {"reason", "progress", "remedy"}])
@pytest.mark.parametrize("appraised", [True, False])
@pytest.mark.parametrize("has_score", [True, False])
def test_a_submission_is_whole_or_says_what_it_lacks(missing: set[str], appraised: bool, has_score: bool) -> None:
    parts = {name: " " if name in missing else "Đã rà soát" for name in workflow.PARTS}
    lacks = [label for name, label in workflow.PARTS.items() if name in missing]
    lacks += ["số liệu đo được hoặc điểm tự chấm"] if appraised and not has_score else []
    if not lacks:
        workflow.check_submission(parts, appraised=appraised, has_score=has_score)
        return
    with pytest.raises(IncompleteSubmission) as refused:
        workflow.check_submission(parts, appraised=appraised, has_score=has_score)
    assert refused.value.extra["missing"] == lacks
    assert refused.value.field == next((name for name in workflow.PARTS if name in missing), "measurements")
    assert len(refused.value.faults) == len(lacks)


@given(due=DAYS, extension=st.none() | DAYS, resubmit=st.none() | DAYS)
def test_the_latest_date_counts(due: date, extension: date | None, resubmit: date | None) -> None:
    found = workflow.effective_due(due, extension, resubmit)
    given_days = [day for day in (due, extension, resubmit) if day is not None]
    assert found in given_days
    assert all(day <= found for day in given_days)


@given(due=DAYS, today=DAYS, status=st.sampled_from(STATUSES))
def test_overdue_begins_on_the_due_day_itself_and_stops_while_a_report_waits(
    due: date, today: date, status: str
) -> None:
    left = workflow.days_left(due, today=today)
    assert workflow.is_overdue(status, due, today=today) is (
        status in ("assigned", "in_progress", "returned") and left <= 0
    )
    assert workflow.is_on_time(due, submitted_on=today) is (left >= 1)
    assert workflow.days_left(today + timedelta(days=1), today=today) == 1


def test_permissions_are_asked_for_by_role() -> None:
    agency = Actor(1, "SKHCN", Role.AGENCY, 1, 2)
    agency.require(Permission.TASK_REPORT)
    with pytest.raises(Forbidden):
        agency.require(Permission.TASK_REVIEW)
    assert SYSTEM.may(Permission.KEY_EDIT)
    assert Permission.TASK_REPORT not in PERMISSIONS[Role.LEADERSHIP]


def test_a_write_may_name_the_officer_it_is_made_for() -> None:
    agency = Actor(1, "SKHCN", Role.AGENCY, 1, 2)
    assert agency.speaking_for("Phòng Chuyển đổi số").on_behalf_of == "Phòng Chuyển đổi số"
    assert agency.speaking_for(None) is agency
    assert agency.speaking_for("") is agency
