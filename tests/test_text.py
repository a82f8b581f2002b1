"""What people type, and what they search for."""

import unicodedata

import pytest

from app.text import compose, fold


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("Thủ tục hành chính", "thu tuc hanh chinh"),
        ("ĐỀ ÁN  Đất đai", "de an dat dai"),
        (unicodedata.normalize("NFD", "Kế Sách"), "ke sach"),
        ("Sở\tTư\npháp", "so tu phap"),
        ("a\x00b\ud800c", "abc"),
        ("", ""),
    ],
)
def test_folding_ignores_case_accents_and_form(typed: str, found: str) -> None:
    assert fold(typed) == found


def test_composing_keeps_lines_and_drops_what_nobody_can_see() -> None:
    assert compose(unicodedata.normalize("NFD", "  Thủ tục\r\nmới\u200b\u202e\x00 ")) == "Thủ tục\nmới"
    assert compose("a\ud83db") == "ab"
