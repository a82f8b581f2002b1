"""Codes themselves: as the standard has them, as phones show them, as people type them."""

from datetime import UTC, datetime

import pytest

from app.accounts.second_factor import codes
from tests.authenticator import Phone

MOMENT = datetime(2025, 6, 24, 2, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "code"),
    [(59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (1234567890, "005924"), (20000000000, "353130")],
)
def test_codes_are_those_of_rfc_6238(seconds: int, code: str) -> None:
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    now = datetime.fromtimestamp(seconds, UTC)
    assert codes.matching_step(secret, code, now=now) == seconds // 30


def test_a_phone_may_be_one_step_ahead_or_behind_and_no_further() -> None:
    secret = codes.new_secret()
    step = int(MOMENT.timestamp()) // 30
    found = [codes.matching_step(secret, Phone(secret, ahead).code(MOMENT), now=MOMENT) for ahead in range(-2, 3)]
    assert found == [None, step - 1, step, step + 1, None]


@pytest.mark.parametrize("typed", ["123456", "123 456", " 123-456 ", "１２３４５６", "123\u00a0456", "12 34 56\u200b"])
def test_codes_are_read_as_people_type_them(typed: str) -> None:
    assert codes.normal(typed) == "123456"
    assert codes.is_app_code(codes.normal(typed))


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "٣٣٣٣٣٣", "²²²²²²", "1" * 100_000, "\x00", "\ud800"])
def test_what_is_no_code_is_none(typed: str) -> None:
    assert codes.matching_step(codes.new_secret(), codes.normal(typed), now=MOMENT) is None
    assert codes.hash_recovery(codes.normal(typed))


def test_recovery_codes_may_be_copied_as_they_look() -> None:
    kept = codes.hash_recovery("OIBA2345")
    assert {codes.hash_recovery(codes.normal(typed)) for typed in ("oiba-2345", "018A 2345", "OIBA–2345")} == {kept}
    made = codes.new_recovery_codes()
    assert len(set(made)) == 10
    assert all(len(codes.normal(one)) == 24 for one in made)
