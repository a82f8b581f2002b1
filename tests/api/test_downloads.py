"""Under which names files are saved."""

from pathlib import Path

import pytest

from app.api.downloads import saved_as
from app.settings import ROOT


@pytest.mark.parametrize(
    ("filename", "plain", "encoded"),
    [
        ("bao-cao.docx", "bao-cao.docx", "bao-cao.docx"),
        ("Báo cáo đợt 2.xlsx", "Bao cao dot 2.xlsx", "B%C3%A1o%20c%C3%A1o%20%C4%91%E1%BB%A3t%202.xlsx"),
        ("100%25.docx", "100_25.docx", "100%2525.docx"),
        ('a"b;\\c\r\nX: y.csv', "a_b__c__X_ y.csv", "a%22b%3B%5Cc%0D%0AX%3A%20y.csv"),
        ("表.docx", "_.docx", "%E8%A1%A8.docx"),
    ],
)
def test_every_name_is_told_in_letters_of_ascii_and_as_it_is(filename: str, plain: str, encoded: str) -> None:
    told = saved_as(filename)
    assert told["Content-Disposition"] == f"attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}"
    assert told["X-Content-Type-Options"] == "nosniff"


def test_names_of_files_are_told_in_one_place() -> None:
    telling = [one for one in (ROOT / "app").rglob("*.py") if "attachment;" in one.read_text()]
    assert telling == [Path(ROOT, "app", "api", "downloads.py")]
