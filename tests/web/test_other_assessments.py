"""The leadership's page and what-if on an assessment that is not the one of 2024: another year, fewer benchmarks."""

from pathlib import Path

import pytest

from app.assessments.load import load_assessment
from app.assessments.seedfile import load_seed
from app.core.access import SYSTEM
from tests.web.conftest import Desk

OTHER = Path(__file__).parent.parent / "data" / "vi-du-2025.yaml"


@pytest.mark.parametrize(
    "path", ["/overview", "/what-if", "/charts/total.svg", "/charts/agencies.svg", "/charts/fields.svg"]
)
def test_it_opens_too(desk: Desk, path: str) -> None:
    with desk.world.db.transaction() as connection:
        load_assessment(connection, SYSTEM, load_seed(OTHER), now=desk.world.now)
    code = load_seed(OTHER).assessment.code
    answer = desk.as_("admin").get(f"{path}?assessment={code}")  # of no province, so of all
    assert answer.status_code == 200, answer.text[-600:]
