"""Every page route, every role, odd addresses and odd forms: an answer in words each time, never a failure of ours."""

import re
from collections.abc import Iterator

import pytest

from tests.routes import Address, page_addresses
from tests.web.conftest import Desk

ROLES = ("SKHCN", "coordinator", "leadership", "admin")
VALUES = {
    "code": ("ST-2024-TC-15", "ST-2024-TC-99", "%00", "STP", "..%2f..", "1"),
    "token": ("x" * 43, "%F0%9F%98%80"),
    "name": ("tasks", "total", "nothing", "report"),
    "kind": ("report", "urging_letter", "nothing"),
}
NUMBERS = ("1", "0", "-1", "9" * 30, "²", "٣")
QUERIES = (
    "",
    "?offset=-1&limit=0&status=x&field=abc&kind=?&overdue=1&q=%00%ed%a0%80&sort=;drop&agency=%27&page=x",
    "?assessment=unknown",
    "?as_of=garbage&on=32/13/2025&year=abc&since=x&until=99/99/9999&first=x&last=x&width=abc",
    "?offset=²&year=²&limit=²&field=²&assessment=²&on=²&first=²",
    "?offset=٣&year=٢٠٢٥&field=٣&width=٣",
    "?offset=99999999999999999999&as_of=2025-06-31&year=99999&task=x&state=x&role=x&active=x&done=x",
)


def routes(desk: Desk, *methods: str) -> Iterator[Address]:
    found = page_addresses(desk.http.app)
    assert len(found) > 100
    yield from (one for one in found if one.method in methods)


def filled(path: str, place: int) -> str:
    """The route's path with values of our choice; the same place gives every parameter its value of that turn."""

    def value(match: re.Match[str]) -> str:
        name = match[1].partition(":")[0]
        choices = VALUES.get(name) or (NUMBERS if name.endswith("id") else VALUES["code"])
        return choices[place % len(choices)]

    return re.sub(r"\{([^}]+)\}", value, path)


@pytest.mark.parametrize("who", ROLES)
def test_no_address_makes_a_page_fail(desk: Desk, who: str) -> None:
    visitor, failed = desk.as_(who), []
    for route in routes(desk, "GET"):
        turns = 6 if "{" in route.path else 1
        addresses = {filled(route.path, turn) for turn in range(turns)}
        for path in sorted(addresses):
            for query in QUERIES if turns == 1 or "ST-2024-TC-15" in path else QUERIES[:2]:
                answer = visitor.get(path + query)
                if answer.status_code >= 500:
                    failed.append(f"{path}{query}: {answer.status_code}")
    assert failed == []


ODD = {
    name: value
    for names, value in (
        (("version", "percent", "offset", "id", "days", "year", "current", "review-version"), "9" * 30),
        (
            ("requested_due", "due_before", "issued_on", "day", "effective_from", "review-due_before", "on"),
            "31/02/2025",
        ),
        (("reason", "progress", "text", "comment", "note", "display_name", "title"), "\x00 <script>alert(1)</script>"),
        (("do", "decision", "review-decision", "role", "status", "kind", "next"), "nothing"),
        (("task", "tasks", "agency", "successor", "name", "password", "number", "key"), "%s{{7*7}}'\"`"),
    )
    for name in names
}


@pytest.mark.parametrize("who", ROLES)
def test_no_form_makes_a_page_fail_and_none_works_without_its_token(desk: Desk, who: str) -> None:
    visitor, failed = desk.as_(who), []
    for route in routes(desk, "POST", "PUT", "PATCH", "DELETE"):
        if route.path == "/signout":
            continue
        for turn in (0, 1):
            path = filled(route.path, turn)
            for data in ({}, ODD):
                visitor.tokens.clear()  # some of these forms end sessions
                answer = visitor.post(path, dict(data))
                if answer.status_code >= 500:
                    failed.append(f"{path} {len(data)}: {answer.status_code}")
            visitor.tokens.clear()
            forged = visitor.post(path, dict(ODD), csrf="0" * 64)
            if forged.status_code < 400 and path != "/signin" and not path.startswith("/password/"):
                failed.append(f"{path}: {forged.status_code} with a forged token")
    assert failed == []


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_whoever_may_not_send_a_form_is_told_so_whatever_is_in_it(desk: Desk) -> None:
    """As 403 or 404, not as a fault of the form: that would ask them to fill in better what is not theirs to send."""
    told = []
    for route in (one for one in routes(desk, "POST") if one.path not in FOR_EVERYBODY):
        for who in ("leadership", "admin"):
            answers = set()
            for data in ({}, ODD):
                desk.tokens.clear()
                answers.add(desk.as_(who).post(filled(route.path, 0), dict(data)).status_code)
            if 422 in answers and route.path not in MAY_SEND[who]:
                told.append(f"{route.path} as {who}: {sorted(answers)}")
    assert told == []


FOR_EVERYBODY = {
    "/signin", "/signin/code", "/signout", "/password/{token}", "/account/password", "/account/second-factor",
    "/account/second-factor/confirmation", "/account/second-factor/recovery-codes", "/account/second-factor/off",
}  # fmt: skip
MAY_SEND = {
    "leadership": {"/tasks/{code}/directions"},
    "admin": {
        "/accounts", "/accounts/{account_id}", "/accounts/{account_id}/active", "/accounts/{account_id}/keys",
        "/accounts/{account_id}/second-factor/removal",
        "/agencies/contacts/new", "/agencies/contacts/{contact_id}/active", "/agencies/merger", "/agencies/new",
        "/assessment/holidays", "/assessment/holidays/clear", "/import",
    },
}  # fmt: skip
"""Forms that these roles are asked to fill in."""


def test_nobody_signed_in_sees_no_page(desk: Desk) -> None:
    public = {"/signin", "/password/{token}", "/calendar/{token}.ics", "/docs"}
    for route in routes(desk, "GET", "POST"):
        if route.path in public:
            continue
        answer = desk.http.request(route.method, filled(route.path, 0), follow_redirects=False)
        assert answer.status_code in (303, 401), route.path
        assert answer.headers.get("location", "/signin").startswith("/signin"), route.path
