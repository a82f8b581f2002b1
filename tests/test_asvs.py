"""docs/asvs.md speaks of every requirement of levels 1 and 2, and only of tests and files that exist."""

import re

from app.settings import ROOT

PAGE = (ROOT / "docs" / "asvs.md").read_text()
LEVEL_2 = {
    "1.1": 2, "1.2": 9, "1.3": 11, "1.4": 3, "1.5": 2, "2.1": 3, "2.2": 3, "2.3": 4, "2.4": 1, "3.2": 2, "3.3": 4,
    "3.4": 6, "3.5": 5, "3.7": 2, "4.1": 3, "4.2": 1, "4.3": 2, "4.4": 4, "5.1": 1, "5.2": 3, "5.3": 2, "5.4": 3,
    "6.1": 3, "6.2": 12, "6.3": 4, "6.4": 4, "6.5": 5, "6.6": 3, "6.8": 4, "7.1": 3, "7.2": 4, "7.3": 2, "7.4": 5,
    "7.5": 2, "7.6": 2, "8.1": 2, "8.2": 3, "8.3": 1, "8.4": 1, "9.1": 3, "9.2": 4, "10.1": 2, "10.2": 2, "10.3": 4,
    "10.4": 11, "10.5": 5, "10.6": 2, "10.7": 3, "11.1": 2, "11.2": 3, "11.3": 3, "11.4": 4, "11.5": 1, "11.6": 1,
    "12.1": 3, "12.2": 2, "12.3": 4, "13.1": 1, "13.2": 5, "13.3": 2, "13.4": 5, "14.1": 2, "14.2": 4, "14.3": 3,
    "15.1": 3, "15.2": 3, "15.3": 7, "16.1": 1, "16.2": 5, "16.3": 4, "16.4": 3, "16.5": 3, "17.1": 1, "17.2": 4,
    "17.3": 2,
}  # fmt: skip
"""Section → its last requirement of ASVS 5.0 at level 1 or 2; in each section those of level 3 come last."""
SOURCES = re.compile(r"`((?:[\w.-]+/)*[\w.-]+\.(?:py|js|html|md|yaml|toml|txt)|Dockerfile|\.dockerignore)(?:::(\w+))?`")


def test_every_requirement_is_spoken_of_and_no_other() -> None:
    wanted = {f"{section}.{n}" for section, last in LEVEL_2.items() for n in range(1, last + 1)}
    assert len(wanted) == 253
    found: set[str] = set()
    for section, first, last in re.findall(r"\b(\d+\.\d+)\.(\d+)(?:–\1\.(\d+))?\b", PAGE):
        found |= {f"{section}.{n}" for n in range(int(first), int(last or first) + 1)}
    assert found == wanted


def test_what_is_named_as_proof_exists() -> None:
    named = SOURCES.findall(PAGE)
    assert len(named) > 100
    missing = [f"{path}::{test}" for path, test in named if not _exists(path, test)]
    assert missing == []


def _exists(path: str, test: str) -> bool:
    file = next((place for place in (ROOT / path, ROOT / "tests" / path) if place.is_file()), None)
    return file is not None and (not test or re.search(rf"def {test}\b", file.read_text()) is not None)
