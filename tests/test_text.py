"""What people type, and what they search for."""

import unicodedata
from datetime import date

import pytest

from app.text import alphabetical, by_name, compose, fold, plain_number, plain_score, typed_day


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


def test_names_stand_where_people_look_for_them() -> None:
    names = ["Ủy ban nhân dân huyện Cù Lao Dung", "Sở Y tế", "Đài", "Ủy ban nhân dân huyện Châu Thành", "Sở Nội vụ"]
    ordered = [one["name"] for one in by_name({"name": name} for name in names)]
    assert ordered == [names[2], names[4], names[1], names[3], names[0]]


def test_the_alphabet_is_the_vietnamese_one() -> None:
    names = ["Bá", "Bà", "Ba Đình", "Cẩm", "Dầu", "Đan", "Em", "Êm", "Phường 2", "Phường 10", "Phường An", "Ưng"]
    assert [one["name"] for one in by_name({"name": name} for name in sorted(names))] == [
        "Ba Đình", "Bà", "Bá", "Cẩm", "Dầu", "Đan", "Em", "Êm", "Phường 2", "Phường 10", "Phường An", "Ưng",
    ]  # fmt: skip
    assert alphabetical(unicodedata.normalize("NFD", "Đặc khu")) == alphabetical("đặc khu")
    assert by_name([{"name": ""}, {"name": "🙂 ² ß"}])[0]["name"] == ""


def test_composing_keeps_lines_and_drops_what_nobody_can_see() -> None:
    assert compose(unicodedata.normalize("NFD", "  Thủ tục\r\nmới\u200b\u202e\x00 ")) == "Thủ tục\nmới"
    assert compose("a\ud83db") == "ab"


@pytest.mark.parametrize(
    ("typed", "plain"),
    [
        ("94.511", "94511"),
        ("1.234.567,8", "1234567.8"),
        ("94 511", "94511"),
        ("0,8410", "0.8410"),
        ("0.841", "0.841"),
        ("12.5", "12.5"),
        ("-94.511", "-94511"),
        ("94.51.1", "94.51.1"),
        ("=1", "=1"),
        ("", ""),
    ],
)
def test_numbers_as_on_vietnamese_paper(typed: str, plain: str) -> None:
    assert plain_number(typed) == plain


def test_a_score_has_no_thousands() -> None:
    assert [plain_score(one) for one in ("1.234", "0,84", " 1 ")] == ["1.234", "0.84", "1"]


@pytest.mark.parametrize("typed", ["01/07/2025", "1/7/2025", "1.7.2025", " 1-7-2025 ", "2025-07-01"])
def test_days_as_people_type_them(typed: str) -> None:
    assert typed_day(typed) == date(2025, 7, 1)


@pytest.mark.parametrize("typed", ["31/02/2025", "hôm nay", "", "7/2025", "01/07/25"])
def test_what_is_no_day(typed: str) -> None:
    with pytest.raises(ValueError, match=r"isoformat|out of range"):
        typed_day(typed)
