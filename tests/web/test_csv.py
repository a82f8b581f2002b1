"""Every table as CSV that Excel under a Vietnamese Windows opens right."""

import csv
import io

import pytest

from app.errors import TooLarge
from app.reports.tables import TABLES, Style, as_csv
from app.web.tables import GATHER
from tests.web.conftest import Desk

PEOPLE = {"audit", "contacts"}  # what an agency may not read
STAFF = {"digests", "deliveries"}


def rows_of(answer: object) -> list[dict[str, str]]:
    text = answer.content.decode("utf-8-sig")  # type: ignore[attr-defined]
    return list(csv.DictReader(io.StringIO(text), delimiter=";"))


def test_each_table_says_how_its_rows_are_found() -> None:
    assert set(TABLES) == set(GATHER)


@pytest.mark.parametrize("name", sorted(TABLES))
def test_every_table_opens_for_whoever_may_read_it(desk: Desk, name: str) -> None:
    who = "admin" if name == "accounts" else "coordinator"
    answer = desk.as_(who).get(f"/csv/{name}")
    assert answer.status_code == 200, answer.text[-800:]
    assert answer.content.startswith(b"\xef\xbb\xbf")
    assert answer.text.splitlines()[0].lstrip("\ufeff").split(";") == [one.label for one in TABLES[name].columns]
    refused = desk.as_("SKHCN").get(f"/csv/{name}").status_code
    assert refused == (403 if name in PEOPLE | STAFF | {"accounts"} else 200)


def test_numbers_and_dates_are_vietnamese_and_filters_hold(desk: Desk) -> None:
    rows = rows_of(desk.get("/csv/tasks?agency=SKHCN&kind=appraised"))
    assert {row["Mã cơ quan"] for row in rows} == {"SKHCN"}
    by_code = {row["Mã"]: row for row in rows}
    assert by_code["ST-2024-TC-16"]["Điểm công bố"] == "0,8410"
    assert by_code["ST-2024-TC-16"]["Hạn hiện nay (trước ngày)"] == "01/07/2025"
    assert by_code["ST-2024-TC-16"]["Trạng thái"] == "Đã giao"


def test_what_somebody_typed_never_becomes_a_formula(desk: Desk) -> None:
    from app.tasks import Update, record_update

    actor = desk.world.actor("SKHCN")
    hostile = Update(status="in_progress", note="=HYPERLINK(1)", on_behalf_of="@SUM(1)")
    desk.world.write(record_update, actor, "ST-2024-TC-16", hostile, version=1)
    for row in rows_of(desk.get("/csv/audit?code=ST-2024-TC-16")):
        assert not any(cell.startswith(("=", "@", "+")) for cell in row.values())
    assert "'@SUM(1)" in desk.get("/csv/audit?code=ST-2024-TC-16").text


def test_the_log_is_told_in_words_to_people_and_in_codes_to_programs(desk: Desk) -> None:
    from app.tasks import Update, record_update

    change = Update(
        status="submitted", texts=dict.fromkeys(("reason", "progress", "remedy"), "x"), declared_score="0.3"
    )
    desk.world.write(record_update, desk.world.actor("SKHCN"), "ST-2024-TC-14", change, version=1)
    row = rows_of(desk.get("/csv/audit?code=ST-2024-TC-14"))[0]
    assert (row["Đối tượng"], row["Việc"]) == ("Nhiệm vụ", "Nộp báo cáo giải trình")
    assert "Trạng thái: Đã giao" in row["Từ"]
    assert "Trạng thái: Chờ xác nhận" in row["Thành"]
    assert not any("_" in cell for cell in row.values())


def test_half_a_table_is_never_taken_for_a_whole_one() -> None:
    with pytest.raises(TooLarge, match=r"50\.001 dòng"):
        as_csv(TABLES["fields"], [], total=50_001, style=Style.PEOPLE)


def test_unknown_tables_and_broken_filters_are_told_in_words(desk: Desk) -> None:
    assert desk.get("/csv/nothing").status_code == 404
    refused = desk.get("/csv/audit?since=hôm qua")
    assert (refused.status_code, "không phải ngày" in refused.text) == (422, True)
