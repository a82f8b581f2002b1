"""Documents, the tasks they prove, and the bytes behind them, on both engines."""

import io
import json
import os
import threading
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, func, select, update

from app import evidence as noun
from app.core.access import SYSTEM, Actor
from app.errors import Conflict, Forbidden, InvalidInput, NotFound
from app.evidence import Document, FileStore, Upload
from app.models import events, evidence, evidence_tasks, task_cooperators, tasks
from tests.conftest import World
from tests.domain.evidence_samples import DOCX, PDF

TC15, TC16, TC01, TC10 = "ST-2024-TC-15", "ST-2024-TC-16", "ST-2024-TC-01", "ST-2024-TC-10"
KS22 = "ST-2024-KS-22"
"""Led by SKHCN, SVHTTDL cooperates."""


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    return FileStore(tmp_path / "evidence")


def letter(*codes: str, number: str = "123/BC-SKHCN", **more: Any) -> Document:
    return Document(number=number, tasks=codes, **more)


def upload(store: FileStore, content: bytes = PDF, name: str = "Báo cáo.pdf") -> Upload:
    return noun.receive(store, io.BytesIO(content), name, limit=1_000_000)


def add(world: World, who: str | Actor, document: Document, sent: Upload | None, store: FileStore) -> Any:
    return world.write(noun.add, world.actor(who) if isinstance(who, str) else who, document, sent, store)


def set_status(world: World, code: str, status: str) -> None:
    with world.db.transaction() as connection:
        connection.execute(update(tasks).where(tasks.c.code == code).values(status=status))


def files(store: FileStore) -> list[str]:
    return sorted(path.name for path in store.folder.rglob("*") if path.is_file())


def rows(world: World) -> int:
    with world.db.snapshot() as connection:
        return connection.execute(select(func.count()).select_from(evidence)).scalar_one()


def test_one_letter_proves_many_tasks(seeded: World, store: FileStore) -> None:
    agency = seeded.actor("SKHCN")
    before = seeded.read(tasks_of, agency)
    document = letter(
        TC15,
        TC16,
        TC15,
        title=" Báo cáo\x00 kết quả ",
        issued_on=date(2025, 4, 29),
        signer="Giám đốc Sở",
        period="quý I/2025",
        on_behalf_of="Chuyên viên",
    )
    made = add(seeded, "SKHCN", document, upload(store), store)
    assert made["tasks"] == [TC15, TC16]
    assert (made["number"], made["title"], made["agency"]["code"]) == ("123/BC-SKHCN", "Báo cáo kết quả", "SKHCN")
    assert (made["filename"], made["media_type"], made["size"]) == ("Báo cáo.pdf", "application/pdf", len(PDF))
    assert seeded.read(noun.get, agency, made["id"]) == made
    for code in (TC15, TC16):
        listed = seeded.read(noun.list_for_task, agency, code, limit=50, offset=0)
        assert (listed["total"], listed["items"]) == (1, [made])
    assert seeded.read(tasks_of, agency) == before, "neither row nor version of a task changes"


def tasks_of(connection: Any, actor: Actor, *, now: Any) -> Any:
    return connection.execute(select(tasks).order_by(tasks.c.id)).all()


def test_each_task_logs_its_evidence(seeded: World, store: FileStore) -> None:
    made = add(seeded, "SKHCN", letter(TC15, TC16, on_behalf_of="Chuyên viên"), upload(store), store)
    with seeded.db.snapshot() as connection:
        logged = connection.execute(
            select(events).where(events.c.action == "evidence.added").order_by(events.c.id)
        ).all()
    assert [(row.entity, row.entity_code) for row in logged] == [("task", TC15), ("task", TC16)]
    for row in logged:
        assert row.after == {"evidence_id": made["id"], "number": "123/BC-SKHCN", "sha256": made["sha256"]}
        assert (row.at, row.on_behalf_of, row.account_id) == (
            seeded.now,
            "Chuyên viên",
            seeded.actor("SKHCN").account_id,
        )
        assert row.assessment_id is not None
        assert row.province_id is not None


def test_a_document_needs_no_file(seeded: World, store: FileStore) -> None:
    made = add(seeded, "SKHCN", letter(TC15), None, store)
    assert (made["filename"], made["sha256"], made["size"], made["media_type"]) == (None, None, None, None)
    with pytest.raises(NotFound, match="không kèm tệp"):
        seeded.read(noun.get_file, seeded.actor("SKHCN"), made["id"])


def test_lead_and_cooperating_agencies_add_evidence(seeded: World, store: FileStore) -> None:
    for who in ("SKHCN", "SVHTTDL"):
        assert add(seeded, who, letter(KS22), None, store)["agency"]["code"] == who


def test_the_coordinator_adds_evidence_only_to_its_agencys_own_tasks(seeded: World, store: FileStore) -> None:
    assert add(seeded, "coordinator", letter(TC01), None, store)["agency"]["code"] == "SNV"
    with pytest.raises(Forbidden, match=TC15) as refused:
        add(seeded, "coordinator", letter(TC01, TC15), None, store)
    assert refused.value.field == "tasks"
    with seeded.db.transaction() as connection:
        task_id = connection.execute(select(tasks.c.id).where(tasks.c.code == TC15)).scalar_one()
        connection.execute(
            task_cooperators.insert().values(task_id=task_id, agency_id=seeded.actor("coordinator").agency_id)
        )
    assert add(seeded, "coordinator", letter(TC01, TC15), None, store)["tasks"] == [TC01, TC15]


def test_leadership_and_admin_add_none(seeded: World, store: FileStore) -> None:
    for who in ("leadership", "admin"):
        with pytest.raises(Forbidden):
            add(seeded, who, letter(TC15), None, store)


def test_an_unknown_and_an_invisible_task_answer_the_same(seeded: World, store: FileStore) -> None:
    for code in ("ST-2024-TC-99", TC01, "ST-2024-TC-15' OR 1=1", "1"):
        with pytest.raises(NotFound, match="Không tìm thấy nhiệm vụ"):
            add(seeded, "SKHCN", letter(TC15, code), None, store)
    assert rows(seeded) == 0


def test_a_document_proves_between_one_and_200_tasks(seeded: World, store: FileStore) -> None:
    for codes in ((), ("", " "), tuple(f"ST-2024-TC-{n}" for n in range(201))):
        with pytest.raises(InvalidInput) as refused:
            add(seeded, "SKHCN", letter(*codes), None, store)
        assert refused.value.field == "tasks"


def test_a_document_needs_its_number(seeded: World, store: FileStore) -> None:
    with pytest.raises(InvalidInput) as refused:
        add(seeded, "SKHCN", letter(TC15, number=" \u200b "), None, store)
    assert refused.value.field == "number"


@pytest.mark.parametrize("status", ["accepted", "closed"])
def test_what_is_accepted_or_closed_takes_no_more_evidence(seeded: World, store: FileStore, status: str) -> None:
    made = add(seeded, "SKHCN", letter(TC15), None, store)
    set_status(seeded, TC16, status)
    with pytest.raises(Conflict, match="mở lại") as refused:
        add(seeded, "SKHCN", letter(TC15, TC16), None, store)
    assert refused.value.extra == {"tasks": [TC16]}
    with pytest.raises(Conflict):
        seeded.write(noun.link, seeded.actor("SKHCN"), made["id"], [TC16])
    assert rows(seeded) == 1
    set_status(seeded, TC15, status)
    assert seeded.write(noun.link, seeded.actor("SKHCN"), made["id"], [TC15]) == made, "linked already: no change"


def test_linking_more_tasks_leaves_the_linked_ones_alone(seeded: World, store: FileStore) -> None:
    agency = seeded.actor("SKHCN")
    made = add(seeded, "SKHCN", letter(TC15), upload(store), store)
    linked = seeded.write(noun.link, agency, made["id"], [TC16, TC15], on_behalf_of="Chuyên viên")
    assert linked == {**made, "tasks": [TC15, TC16]}
    assert seeded.write(noun.link, agency, made["id"], [TC16]) == linked
    with seeded.db.snapshot() as connection:
        logged = connection.execute(select(events.c.entity_code).where(events.c.action == "evidence.added")).scalars()
        assert sorted(logged) == [TC15, TC16]


def test_only_the_agency_that_entered_a_document_or_leads_its_task_links_it(seeded: World, store: FileStore) -> None:
    by_cooperator = add(seeded, "SVHTTDL", letter(KS22), None, store)
    assert seeded.write(noun.link, seeded.actor("SKHCN"), by_cooperator["id"], [TC15])["tasks"] == [TC15, KS22]
    by_lead = add(seeded, "SKHCN", letter(KS22), None, store)
    with pytest.raises(Forbidden, match="đưa tài liệu này vào"):
        seeded.write(noun.link, seeded.actor("SVHTTDL"), by_lead["id"], [KS22])
    with pytest.raises(Forbidden):
        seeded.write(noun.link, seeded.actor("coordinator"), by_lead["id"], [TC01])
    with pytest.raises(NotFound):
        seeded.write(noun.link, seeded.actor("STP"), by_lead["id"], ["ST-2024-TC-03"])
    with pytest.raises(NotFound):
        seeded.write(noun.link, seeded.actor("SKHCN"), by_lead["id"], [TC01])


def test_evidence_is_seen_by_whoever_sees_one_of_its_tasks(seeded: World, store: FileStore) -> None:
    made = add(seeded, "SKHCN", letter(KS22, TC15), upload(store), store)
    seen = {who: seeded.read(noun.get, seeded.actor(who), made["id"])["tasks"] for who in ("coordinator", "leadership")}
    assert seen == {"coordinator": [TC15, KS22], "leadership": [TC15, KS22]}
    assert seeded.read(noun.get, seeded.actor("admin"), made["id"])["tasks"] == [TC15, KS22]
    cooperating = seeded.actor("SVHTTDL")
    assert seeded.read(noun.get, cooperating, made["id"])["tasks"] == [KS22], "the other task is not its business"
    assert seeded.read(noun.get_file, cooperating, made["id"]).filename == "Báo cáo.pdf"
    assert seeded.read(noun.list_for_task, cooperating, KS22, limit=9, offset=0)["items"][0]["tasks"] == [KS22]
    stranger = seeded.actor("STP")
    for fn in (noun.get, noun.get_file):
        with pytest.raises(NotFound):
            seeded.read(fn, stranger, made["id"])
    with pytest.raises(NotFound):
        seeded.read(noun.list_for_task, stranger, TC15, limit=9, offset=0)


def test_impossible_ids_are_not_found(seeded: World) -> None:
    for evidence_id in [0, -1, 999_999, 2**31, 2**63, 10**30]:
        with pytest.raises(NotFound):
            seeded.read(noun.get, seeded.actor("coordinator"), evidence_id)


def test_evidence_of_an_unknown_task_is_not_found(seeded: World) -> None:
    for ident in ["ST-2024-TC-99", "99999999999999999999", "2147483648", "-1", "\0", ""]:
        with pytest.raises(NotFound):
            seeded.read(noun.list_for_task, seeded.actor("coordinator"), ident, limit=9, offset=0)


def test_a_page_of_evidence_costs_the_same_queries_whatever_its_length(seeded: World, store: FileStore) -> None:
    agency = seeded.actor("SKHCN")

    def page(limit: int) -> tuple[int, Any]:
        statements: list[str] = []
        with seeded.db.snapshot() as connection:
            event.listen(connection, "before_cursor_execute", lambda *a: statements.append(a[2]))
            found = noun.list_for_task(connection, agency, TC15, limit=limit, offset=0, now=seeded.now)
        return len(statements), found

    for number in range(30):
        add(seeded, "SKHCN", letter(TC15, TC16, number=f"{number}/BC"), None, store)
    one, many = page(1), page(200)
    assert one[0] == many[0] <= 4
    assert (len(one[1]["items"]), len(many[1]["items"]), one[1]["total"]) == (1, 30, 30)
    assert [item["number"] for item in many[1]["items"]] == [f"{number}/BC" for number in range(30)]


def test_the_reviewer_gets_plain_json_to_freeze(seeded: World, store: FileStore) -> None:
    add(seeded, "SKHCN", letter(TC15, issued_on=date(2025, 4, 29)), upload(store), store)
    add(seeded, "SKHCN", letter(TC15, TC16, number="124/BC"), None, store)
    with seeded.db.snapshot() as connection:
        task_id = connection.execute(select(tasks.c.id).where(tasks.c.code == TC15)).scalar_one()
        frozen = noun.evidence_of(connection, task_id)
    assert [one["number"] for one in frozen] == ["123/BC-SKHCN", "124/BC"]
    assert set(frozen[0]) == {"id", "number", "issued_on", "signer", "period", "filename", "sha256", "size"}
    assert frozen[0]["issued_on"] == "2025-04-29"
    assert json.loads(json.dumps(frozen)) == frozen


# Bytes and rows live and die together


def test_the_same_bytes_are_stored_once_and_stay_until_nobody_refers_to_them(seeded: World, store: FileStore) -> None:
    first = add(seeded, "SKHCN", letter(TC15), upload(store), store)
    second = add(seeded, "STP", letter("ST-2024-TC-03", number="9/BC-STP"), upload(store, name="khác.pdf"), store)
    assert first["sha256"] == second["sha256"]
    assert files(store) == [first["sha256"]]
    with seeded.db.transaction() as connection:
        assert not noun.discard(connection, store, first["sha256"])
    assert files(store) == [first["sha256"]]


def test_a_failing_transaction_leaves_no_file(seeded: World, store: FileStore) -> None:
    sent, agency = upload(store), seeded.actor("SKHCN")

    def add_and_fail() -> None:
        with seeded.db.transaction() as connection:
            noun.add(connection, agency, letter(TC15), sent, store, now=seeded.now)
            assert files(store) == [sent.received.sha256]
            raise RuntimeError

    with pytest.raises(RuntimeError):
        add_and_fail()
    with seeded.db.transaction() as connection:
        assert noun.discard(connection, store, sent.received.sha256)
    assert (rows(seeded), files(store)) == (0, [])


def test_a_discard_waits_for_another_upload_of_the_same_bytes(seeded: World, store: FileStore) -> None:
    """One upload failed while another one with the same bytes has put its file and not committed yet."""
    sent, sha256 = upload(store), ""
    discarded: list[bool] = []

    def discard() -> None:
        with seeded.db.transaction() as connection:
            discarded.append(noun.discard(connection, store, sha256))

    other = threading.Thread(target=discard)
    agency = seeded.actor("SKHCN")
    with seeded.db.transaction() as connection:
        sha256 = noun.add(connection, agency, letter(TC15), sent, store, now=seeded.now)["sha256"]
        other.start()
        other.join(timeout=0.3)
        assert other.is_alive(), "it waits for the commit"
    other.join()
    assert discarded == [False]
    assert files(store) == [sha256]


def test_a_review_and_new_evidence_do_not_cross(seeded: World, store: FileStore) -> None:
    """Whoever locks the task first is first: what is accepted is all that was there."""
    from app.tasks.change import locate

    frozen: list[Any] = []
    reviewer, agency = seeded.actor("coordinator"), seeded.actor("SKHCN")

    def review() -> None:
        with seeded.db.transaction() as connection:
            row = locate(connection, reviewer, TC15)
            frozen.extend(noun.evidence_of(connection, row.id))

    other = threading.Thread(target=review)
    with seeded.db.transaction() as connection:
        noun.add(connection, agency, letter(TC15), None, store, now=seeded.now)
        other.start()
        other.join(timeout=0.3)
    other.join()
    assert [one["number"] for one in frozen] == ["123/BC-SKHCN"]


def age(path: Path, hours: float, world: World) -> None:
    moment = (world.now - timedelta(hours=hours)).timestamp()
    os.utime(path, (moment, moment))


def test_the_sweep_removes_what_nobody_refers_to_after_an_hour(seeded: World, store: FileStore) -> None:
    kept = add(seeded, "SKHCN", letter(TC15), upload(store), store)
    orphan = upload(store, DOCX, "a.docx").received
    store.put(orphan)
    old, young = upload(store, PDF + b" ").received.path, upload(store, PDF + b"  ").received.path
    for path in (store.path(kept["sha256"]), store.path(orphan.sha256), old):
        age(path, 1.1, seeded)
    age(young, 0.9, seeded)
    stranger = store.folder / "README"
    stranger.write_text("someone's note")
    age(stranger, 100, seeded)
    removed = noun.sweep_orphans(seeded.db, store, now=seeded.now)
    assert sorted(removed) == sorted([orphan.sha256, old.name])
    assert files(store) == sorted([kept["sha256"], young.name, "README"])
    assert noun.sweep_orphans(seeded.db, FileStore(store.folder / "nowhere"), now=seeded.now) == []


def test_rows_without_their_bytes_are_found(seeded: World, store: FileStore) -> None:
    agency = letter(TC15)
    whole = add(seeded, "SKHCN", agency, upload(store), store)
    gone = add(seeded, "SKHCN", agency, upload(store, DOCX, "a.docx"), store)
    cut = add(seeded, "SKHCN", agency, upload(store, PDF + b" "), store)
    add(seeded, "SKHCN", agency, None, store)
    with seeded.db.snapshot() as connection:
        assert noun.find_missing(connection, noun.sizes_of(store)) == []
    store.delete(gone["sha256"])
    store.path(cut["sha256"]).write_bytes(PDF)
    with seeded.db.snapshot() as connection:
        missing = noun.find_missing(connection, noun.sizes_of(store))
    assert [one["id"] for one in missing] == [gone["id"], cut["id"]]
    assert whole["id"] not in [one["id"] for one in missing]
    assert missing[0]["filename"] == "a.docx"


def test_the_system_itself_adds_no_evidence(seeded: World, store: FileStore) -> None:
    with pytest.raises(Forbidden):
        add(seeded, SYSTEM, letter(TC15), None, store)
    with seeded.db.snapshot() as connection:
        assert connection.execute(select(func.count()).select_from(evidence_tasks)).scalar_one() == 0
