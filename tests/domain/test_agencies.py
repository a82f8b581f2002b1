"""The directory: agencies, their names now and before, and provinces."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import event

from app import agencies, tasks
from app.errors import Conflict, Forbidden, InvalidInput, NotFound
from app.text import by_name
from tests.conftest import World
from tests.domain.succession_scene import agency, build_can_tho, logged


def get(world: World, ident: str, *, who: str = "SKHCN", province: str | None = None) -> dict[str, Any]:
    found: dict[str, Any] = world.read(agencies.get_agency, world.actor(who), ident, province=province)
    return found


def listed(world: World, who: str = "SKHCN", **wanted: Any) -> dict[str, Any]:
    found: dict[str, Any] = world.read(
        agencies.list_agencies, world.actor(who), **{"limit": 200, "offset": 0, **wanted}
    )
    return found


def rename(world: World, ident: str, name: str, **more: Any) -> dict[str, Any]:
    answer: dict[str, Any] = world.write(agencies.rename_agency, world.actor("admin"), ident, name=name, **more)
    return answer


def test_everybody_reads_the_agencies_with_their_former_names(seeded: World) -> None:
    for who in ("SKHCN", "coordinator", "leadership", "admin"):
        page = listed(seeded, who)
        assert page["total"] == len(page["items"]) == 24
    (found,) = [one for one in page["items"] if one["code"] == "SKHCN"]
    assert found == {
        "id": agency(seeded, "SKHCN").id,
        "code": "SKHCN",
        "name": "Sở Khoa học và Công nghệ",
        "province": "soc-trang",
        "coordinator": False,
        "active": True,
        "former_names": [{"name": "Sở Thông tin và Truyền thông", "until": None}],
        "succeeded_by": None,
        "succeeded_from": None,
    }
    assert [one["code"] for one in page["items"] if one["coordinator"]] == ["SNV"]


def test_a_list_costs_the_same_number_of_queries_whatever_its_length(seeded: World) -> None:
    counts = []
    actor = seeded.actor("SKHCN")
    for limit in (1, 200):
        statements: list[str] = []

        def count(_c: Any, _u: Any, statement: str, *_: Any, seen: list[str] = statements) -> None:
            seen.append(statement)

        with seeded.db.snapshot() as connection:
            event.listen(connection, "before_cursor_execute", count)
            agencies.list_agencies(connection, actor, limit=limit, offset=0, now=seeded.now)
        counts.append(len(statements))
    assert counts == [3, 3]


def test_lists_are_paged_and_filtered_by_whether_an_agency_still_stands(seeded: World) -> None:
    page = listed(seeded, limit=2, offset=1)
    assert (page["total"], len(page["items"])) == (24, 2)
    assert listed(seeded, active=True)["total"] == 24
    assert listed(seeded, active=False)["total"] == 0


def test_they_stand_in_the_order_of_the_vietnamese_alphabet(seeded: World) -> None:
    rename(seeded, "STP", "Đội Tư pháp")
    names = [one["name"] for one in listed(seeded)["items"]]
    assert names == [one["name"] for one in by_name({"name": name} for name in names)]
    place = names.index("Đội Tư pháp")
    assert listed(seeded, limit=1, offset=place)["items"][0]["code"] == "STP"
    assert place < names.index("Sở Nội vụ") < names.index("Sở Y tế")


def test_an_agency_is_addressed_by_code_or_id(seeded: World) -> None:
    found = get(seeded, "STP")
    assert get(seeded, str(found["id"])) == found
    for unknown in ("SKHDT", "0", str(2**31), str(10**30), "S\0TP ", "-1"):
        with pytest.raises(NotFound):
            get(seeded, unknown)


def test_a_code_that_several_provinces_have_needs_the_province_only_for_whoever_sees_them_all(seeded: World) -> None:
    build_can_tho(seeded)
    assert get(seeded, "SNV", who="coordinator")["province"] == "soc-trang"
    with pytest.raises(InvalidInput) as caught:
        get(seeded, "SNV", who="admin")
    assert caught.value.field == "province"
    assert get(seeded, "SNV", who="admin", province="can-tho")["province"] == "can-tho"
    foreign = agency(seeded, "SNV", province="can-tho").id
    for ident, province in (("SNV", "can-tho"), (str(foreign), None)):
        with pytest.raises(NotFound):
            get(seeded, ident, who="coordinator", province=province)


def test_a_rename_keeps_the_old_name_with_its_last_day(seeded: World) -> None:
    told = rename(seeded, "STP", "Sở  Tư pháp\0 và Hộ tịch", until=date(2025, 2, 28))
    assert told["name"] == "Sở Tư pháp và Hộ tịch"
    assert told["former_names"] == [{"name": "Sở Tư pháp", "until": date(2025, 2, 28)}]
    (row,) = logged(seeded, action="agency.renamed")
    assert row.before == {"name": "Sở Tư pháp"}
    assert row.after == {"name": "Sở Tư pháp và Hộ tịch", "until": "2025-02-28"}


def test_a_name_that_comes_back_and_goes_again_stands_once(seeded: World) -> None:
    rename(seeded, "STP", "Sở A")
    rename(seeded, "STP", "Sở Tư pháp")
    told = rename(seeded, "STP", "Sở B", until=date(2025, 5, 4))
    names = {one["name"]: one["until"] for one in told["former_names"]}
    assert names == {"Sở Tư pháp": date(2025, 5, 4), "Sở A": date(2025, 5, 5)}


def test_a_rename_to_the_same_name_changes_nothing(seeded: World) -> None:
    assert rename(seeded, "STP", "Sở Tư pháp")["former_names"] == []
    assert logged(seeded, action="agency.renamed") == []


def test_tasks_are_found_by_the_new_name_and_still_by_the_old_one(seeded: World) -> None:
    rename(seeded, "STP", "Sở Pháp chế")
    for q in ("so phap che", "so tu phap"):
        found = seeded.read(tasks.list_tasks, seeded.actor("coordinator"), tasks.Filter(q=q))
        assert "ST-2024-TC-03" in {one["code"] for one in found["items"]}


def test_new_agencies_need_a_code_of_their_own_and_a_province_has_one_coordinator(seeded: World) -> None:
    admin = seeded.actor("admin")
    made = seeded.write(agencies.create_agency, admin, code="SDTTG", name="Sở Dân tộc và Tôn giáo")
    assert (made["province"], made["coordinator"], made["active"]) == ("soc-trang", False, True)
    with pytest.raises(Conflict) as caught:
        seeded.write(agencies.create_agency, admin, code="SDTTG", name="Khác")
    assert caught.value.field == "code"
    with pytest.raises(Conflict):
        seeded.write(agencies.create_agency, admin, code="BCD", name="Ban Chỉ đạo", coordinator=True)
    for code in ("stp", "1", "A B", "", "A" * 21, "ĐHCT"):
        with pytest.raises(InvalidInput):
            seeded.write(agencies.create_agency, admin, code=code, name="x")
    with pytest.raises(InvalidInput):
        seeded.write(agencies.create_agency, admin, code="X", name=" \0 ")


def test_after_a_refused_duplicate_the_transaction_goes_on(seeded: World) -> None:
    admin = seeded.actor("admin")
    with seeded.db.transaction() as connection:
        with pytest.raises(Conflict):
            agencies.create_agency(connection, admin, code="STP", name="Khác", now=seeded.now)
        agencies.create_agency(connection, admin, code="STP2", name="Khác", now=seeded.now)
    assert get(seeded, "STP2")["name"] == "Khác"


def test_provinces_are_made_by_administrators_and_each_sees_its_own(seeded: World) -> None:
    build_can_tho(seeded)
    admin = seeded.read(agencies.list_provinces, seeded.actor("admin"))
    assert [one["code"] for one in admin["items"]] == ["can-tho", "soc-trang"]
    own = seeded.read(agencies.list_provinces, seeded.actor("SKHCN"))
    assert [one["code"] for one in own["items"]] == ["soc-trang"]
    with pytest.raises(Conflict):
        seeded.write(agencies.create_province, seeded.actor("admin"), code="can-tho", name="x")
    with pytest.raises(InvalidInput):
        seeded.write(agencies.create_province, seeded.actor("admin"), code="Cần Thơ", name="x")


def test_only_administrators_edit_the_directory(seeded: World) -> None:
    for who in ("STP", "coordinator", "leadership"):
        with pytest.raises(Forbidden):
            seeded.write(agencies.create_agency, seeded.actor(who), code="X", name="x")
        with pytest.raises(Forbidden):
            seeded.write(agencies.rename_agency, seeded.actor(who), "STP", name="x")
        with pytest.raises(Forbidden):
            seeded.write(agencies.create_province, seeded.actor(who), code="xx", name="x")
