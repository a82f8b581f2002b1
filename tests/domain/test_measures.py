"""Measures and the notes of the agencies they are addressed to, on both engines."""

from typing import Any

import pytest
from sqlalchemy import event, select

from app import measures as noun
from app.errors import Forbidden, NotFound
from app.models import events
from tests.conftest import World

EVERYBODY = "ST-2024-GP-01"
OF_VPUB = "ST-2024-GP-21"
OF_STC = "ST-2024-GP-25"


def listed(world: World, who: str, **wanted: Any) -> list[str]:
    found = world.read(noun.list_measures, world.actor(who), limit=200, offset=0, **wanted)
    assert found["total"] == len(found["items"])
    return [item["code"] for item in found["items"]]


def write(world: World, who: str, code: str, progress: str, **more: Any) -> Any:
    return world.write(noun.update_measure, world.actor(who), code, progress, **more)


def note_of(measure: Any, agency: str) -> Any:
    (found,) = [one for one in measure["agencies"] if one["code"] == agency]
    return found["progress"]


def test_an_agency_sees_the_measures_addressed_to_it_and_the_others_all(seeded: World) -> None:
    every = listed(seeded, "coordinator")
    assert every == listed(seeded, "leadership") == listed(seeded, "admin")
    own = listed(seeded, "VPUB")
    assert {EVERYBODY, OF_VPUB} <= set(own)
    assert OF_STC not in own
    assert own == listed(seeded, "coordinator", agency="VPUB") == [code for code in every if code in own]
    assert listed(seeded, "coordinator", assessment="soc-trang-2023") == []
    assert listed(seeded, "coordinator", assessment="soc-trang-2024") == every


def test_measures_are_found_by_task(seeded: World) -> None:
    found = listed(seeded, "coordinator", task="ST-2024-KS-23")
    assert {EVERYBODY, "ST-2024-GP-03"} <= set(found)
    assert listed(seeded, "coordinator", task="ST-2024-TC-99") == []
    assert set(listed(seeded, "VPUB", task="ST-2024-TC-07")) <= set(listed(seeded, "VPUB"))


def test_notes_are_read_by_their_agency_and_by_the_province(seeded: World) -> None:
    write(seeded, "VPUB", EVERYBODY, "Đã rà soát xong")
    write(seeded, "STC", EVERYBODY, "Đang rà soát")
    seen = {
        who: tuple(
            note_of(seeded.read(noun.get_measure, seeded.actor(who), EVERYBODY), agency) for agency in ("VPUB", "STC")
        )
        for who in ("VPUB", "STC", "STP", "coordinator", "leadership", "admin")
    }
    both = ("Đã rà soát xong", "Đang rà soát")
    assert seen == {
        "VPUB": ("Đã rà soát xong", None),
        "STC": (None, "Đang rà soát"),
        "STP": (None, None),
        "coordinator": both,
        "leadership": both,
        "admin": both,
    }
    measure = seeded.read(noun.get_measure, seeded.actor("STP"), EVERYBODY)
    assert measure["text"].startswith("Rà soát")
    (own,) = [one for one in measure["agencies"] if one["code"] == "STP"]
    assert (own["progress"], own["updated_at"]) == ("", None)


def test_only_tasks_that_the_caller_sees_are_named(seeded: World) -> None:
    measure = seeded.read(noun.get_measure, seeded.actor("SKHCN"), EVERYBODY)
    assert "ST-2024-TC-15" in measure["tasks"]
    assert "ST-2024-TC-01" not in measure["tasks"]
    assert len(seeded.read(noun.get_measure, seeded.actor("coordinator"), EVERYBODY)["tasks"]) == 48


def test_unknown_measures_are_not_found(seeded: World) -> None:
    for ident in ["ST-2024-GP-99", "0", "2147483648", "99999999999999999999", "\0"]:
        with pytest.raises(NotFound):
            seeded.read(noun.get_measure, seeded.actor("coordinator"), ident)


def test_an_agency_writes_only_on_what_is_addressed_to_it(seeded: World) -> None:
    with pytest.raises(NotFound):
        write(seeded, "STP", OF_VPUB, "x")
    with pytest.raises(NotFound):
        seeded.read(noun.get_measure, seeded.actor("STP"), OF_VPUB)
    with pytest.raises(Forbidden, match="không giao cho cơ quan của bạn"):
        write(seeded, "coordinator", OF_VPUB, "x")
    for who in ("leadership", "admin"):
        with pytest.raises(Forbidden):
            write(seeded, who, EVERYBODY, "x")
    assert note_of(write(seeded, "coordinator", EVERYBODY, "Đã đôn đốc"), "SNV") == "Đã đôn đốc"


def test_each_note_is_logged_and_the_same_note_is_not(seeded: World) -> None:
    first = write(seeded, "VPUB", OF_VPUB, " Đã\x00 ban hành ", on_behalf_of="Chuyên viên")
    assert note_of(first, "VPUB") == "Đã ban hành"
    assert write(seeded, "VPUB", str(first["id"]), "Đã ban hành") == first
    with seeded.db.snapshot() as connection:
        (row,) = connection.execute(select(events).where(events.c.action == "measure.updated")).all()
    assert (row.entity, row.entity_code, row.entity_id, row.on_behalf_of) == (
        "measure",
        OF_VPUB,
        first["id"],
        "Chuyên viên",
    )
    assert row.before == {"agency": "VPUB", "progress": ""}
    assert row.after == {"agency": "VPUB", "progress": "Đã ban hành"}
    assert row.assessment_id is not None


def test_a_page_of_measures_costs_the_same_queries_whatever_its_length(seeded: World) -> None:
    actor = seeded.actor("coordinator")

    def cost(limit: int) -> tuple[int, int]:
        statements: list[str] = []
        with seeded.db.snapshot() as connection:
            event.listen(connection, "before_cursor_execute", lambda *a: statements.append(a[2]))
            found = noun.list_measures(connection, actor, limit=limit, offset=0, now=seeded.now)
        return len(statements), len(found["items"])

    assert cost(2) == (4, 2)
    assert cost(200)[0] == 4
    assert cost(200)[1] > 20
