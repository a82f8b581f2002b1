"""Documents that were entered wrongly: corrected or withdrawn while no acceptance holds them, on both engines."""

import io
import threading
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, select

from app import evidence as noun
from app import tasks
from app.errors import Conflict, EvidenceRequired, Forbidden, InvalidInput, NotFound, StaleVersion
from app.evidence import Document, FileStore
from app.models import events
from app.tasks import Decision, Update
from tests.conftest import World
from tests.domain.evidence_samples import PDF

TC14, TC15, TC16, TC01 = "ST-2024-TC-14", "ST-2024-TC-15", "ST-2024-TC-16", "ST-2024-TC-01"
KS22 = "ST-2024-KS-22"
"""Led by SKHCN, SVHTTDL cooperates."""
PARTS = {"reason": "Chưa kết nối đủ", "progress": "Đã kết nối thêm", "remedy": "Hoàn thành trong quý III"}


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    return FileStore(tmp_path / "evidence")


def enter(world: World, store: FileStore, *codes: str, who: str = "SKHCN", number: str = "123/BC", **more: Any) -> int:
    sent = noun.receive(store, io.BytesIO(PDF), "Báo cáo.pdf", limit=1_000_000)
    made = world.write(noun.add, world.actor(who), Document(number, codes, **more), sent, store)
    return int(made["id"])


def withdraw(world: World, document: int, who: str = "SKHCN", why: str = "Nhầm văn bản", **more: Any) -> Any:
    return world.write(noun.withdraw, world.actor(who), document, why, **more)


def submit(world: World, code: str = TC14) -> int:
    """Hands a report with a higher score in; the version that waits."""
    agency = world.actor("SKHCN")
    change = Update(status="submitted", texts=PARTS, declared_score="0.5")
    return int(world.write(tasks.record_update, agency, code, change, version=None)["version"])


def accept(world: World, code: str = TC14, version: int | None = None) -> Any:
    return world.write(tasks.review, world.actor("coordinator"), code, Decision("accepted"), version=version)


def logged(world: World, action: str) -> list[Any]:
    with world.db.snapshot() as connection:
        return list(connection.execute(select(events).where(events.c.action == action).order_by(events.c.id)))


def test_a_withdrawn_document_proves_nothing_and_stays_on_record(seeded: World, store: FileStore) -> None:
    document = enter(seeded, store, TC14, TC15)
    told = withdraw(seeded, document, why=" Ký nhầm\x00 số ", on_behalf_of="Chuyên viên")
    assert (told["withdrawn_at"], told["withdrawn_why"], told["tasks"]) == (seeded.now, "Ký nhầm số", [TC14, TC15])
    agency = seeded.actor("SKHCN")
    assert seeded.read(noun.get, agency, document) == told
    assert seeded.read(noun.list_for_task, agency, TC14, limit=9, offset=0)["total"] == 0
    assert [one.entity_code for one in logged(seeded, "evidence.withdrawn")] == [TC14, TC15]
    entry = logged(seeded, "evidence.withdrawn")[0]
    assert (entry.why, entry.on_behalf_of, entry.after["number"]) == ("Ký nhầm số", "Chuyên viên", "123/BC")
    submit(seeded)
    with pytest.raises(EvidenceRequired):
        accept(seeded)
    enter(seeded, store, TC14, number="124/BC")
    accept(seeded)
    review = seeded.read(tasks.get_task, agency, TC14)["reviews"][-1]
    assert [one["number"] for one in review["frozen"]["evidence"]] == ["124/BC"]


def test_a_withdrawal_needs_a_reason_and_happens_once(seeded: World, store: FileStore) -> None:
    document = enter(seeded, store, TC14)
    for why in ("", " \x00 ", "x" * 2_001):
        with pytest.raises(InvalidInput) as refused:
            withdraw(seeded, document, why=why)
        assert refused.value.field == "reason"
    withdraw(seeded, document)
    for again in (
        lambda: withdraw(seeded, document),
        lambda: seeded.write(noun.link, seeded.actor("SKHCN"), document, [TC16]),
        lambda: seeded.write(noun.correct, seeded.actor("SKHCN"), document, {"title": "Khác"}),
    ):
        with pytest.raises(Conflict, match="đã được rút"):
            again()
    assert len(logged(seeded, "evidence.withdrawn")) == 1


def test_an_acceptance_holds_its_documents_until_the_task_is_reopened(seeded: World, store: FileStore) -> None:
    document, other = enter(seeded, store, TC14, TC15), enter(seeded, store, TC15, number="9/BC")
    submit(seeded)
    accept(seeded)
    before = seeded.read(tasks.get_task, seeded.actor("SKHCN"), TC14)["reviews"]
    with pytest.raises(Conflict, match=f"xác nhận {TC14}.*mở lại") as refused:
        withdraw(seeded, document)
    assert refused.value.extra == {"tasks": [TC14]}
    with pytest.raises(Conflict, match="mở lại"):
        seeded.write(noun.correct, seeded.actor("SKHCN"), document, {"number": "321/BC"})
    assert seeded.read(noun.get_details, seeded.actor("SKHCN"), document)["frozen_by"] == [TC14]
    withdraw(seeded, other)
    seeded.write(tasks.reopen, seeded.actor("coordinator"), TC14, "Văn bản chưa đúng", None, version=None)
    assert withdraw(seeded, document)["withdrawn_at"] == seeded.now
    after = seeded.read(tasks.get_task, seeded.actor("SKHCN"), TC14)["reviews"]
    assert after == before, "what was accepted then stays as it was accepted"


def test_only_who_entered_a_document_or_leads_its_task_takes_it_back(seeded: World, store: FileStore) -> None:
    by_lead, by_cooperator = enter(seeded, store, KS22), enter(seeded, store, KS22, who="SVHTTDL")
    for change in (noun.withdraw, noun.correct):
        argument: Any = "Nhầm" if change is noun.withdraw else {"title": "Khác"}
        for who in ("SVHTTDL", "coordinator", "leadership", "admin"):
            with pytest.raises(Forbidden):
                seeded.write(change, seeded.actor(who), by_lead, argument)
        with pytest.raises(NotFound):
            seeded.write(change, seeded.actor("STP"), by_lead, argument)
        with pytest.raises(NotFound):
            seeded.write(change, seeded.actor("SKHCN"), 2**40, argument)
    assert withdraw(seeded, by_cooperator, "SKHCN")["withdrawn_why"] == "Nhầm văn bản"
    own = enter(seeded, store, TC01, who="coordinator")
    assert withdraw(seeded, own, "coordinator")["withdrawn_why"] == "Nhầm văn bản"


def test_the_file_of_a_withdrawn_document_stays_with_who_steers_and_who_sent_it(
    seeded: World, store: FileStore
) -> None:
    document = enter(seeded, store, KS22)
    assert seeded.read(noun.get_file, seeded.actor("SVHTTDL"), document).filename == "Báo cáo.pdf"
    withdraw(seeded, document)
    for who in ("coordinator", "leadership", "SKHCN"):
        assert seeded.read(noun.get_file, seeded.actor(who), document).size == len(PDF)
        assert seeded.read(noun.get_details, seeded.actor(who), document)["downloadable"]
    with pytest.raises(Forbidden, match="đã được rút"):
        seeded.read(noun.get_file, seeded.actor("SVHTTDL"), document)


def test_what_was_mistyped_is_corrected_and_logged(seeded: World, store: FileStore) -> None:
    document = enter(seeded, store, TC14, TC15, title="Báo cáo", issued_on=date(2025, 4, 29))
    agency = seeded.actor("SKHCN")
    change = {"number": " 132/BC ", "title": "Báo cáo", "issued_on": None, "signer": "Giám đốc"}
    told = seeded.write(noun.correct, agency, document, change, on_behalf_of="Chuyên viên")
    assert (told["number"], told["title"], told["issued_on"], told["signer"]) == ("132/BC", "Báo cáo", None, "Giám đốc")
    first, second = logged(seeded, "evidence.corrected")
    assert (first.entity_code, second.entity_code, first.on_behalf_of) == (TC14, TC15, "Chuyên viên")
    assert first.before == {"number": "123/BC", "issued_on": "2025-04-29", "signer": ""}
    assert first.after == {"evidence_id": document, "number": "132/BC", "issued_on": None, "signer": "Giám đốc"}
    assert seeded.write(noun.correct, agency, document, change) == told
    assert len(logged(seeded, "evidence.corrected")) == 2, "what stands already leaves no trace"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({}, None),
        ({"filename": "x.pdf"}, "filename"),
        ({"number": " "}, "number"),
        ({"number": "x" * 101}, "number"),
        ({"title": "x" * 501}, "title"),
        ({"issued_on": date(2025, 5, 6)}, "issued_on"),
    ],
)
def test_a_correction_is_held_to_what_a_new_document_is(
    seeded: World, store: FileStore, change: Any, field: str | None
) -> None:
    document = enter(seeded, store, TC14)
    before = seeded.read(noun.get, seeded.actor("SKHCN"), document)
    with pytest.raises(InvalidInput) as refused:
        seeded.write(noun.correct, seeded.actor("SKHCN"), document, change)
    assert refused.value.field == field
    assert seeded.read(noun.get, seeded.actor("SKHCN"), document) == before


def test_whoever_reviews_does_not_accept_on_a_document_that_changed_meanwhile(seeded: World, store: FileStore) -> None:
    document, other = enter(seeded, store, TC14), enter(seeded, store, TC14, number="9/BC")
    seen = submit(seeded)
    seeded.write(noun.correct, seeded.actor("SKHCN"), document, {"number": "321/BC"})
    with pytest.raises(StaleVersion):
        accept(seeded, version=seen)
    withdraw(seeded, other)
    with pytest.raises(StaleVersion):
        accept(seeded, version=seen + 1)
    accept(seeded, version=seen + 2)


def test_a_withdrawal_and_an_acceptance_do_not_cross(seeded: World, store: FileStore) -> None:
    """The acceptance is made but not committed when the document is withdrawn: the withdrawal waits and is refused."""
    document, reviewer, _agency = enter(seeded, store, TC14), seeded.actor("coordinator"), seeded.actor("SKHCN")
    submit(seeded)
    refused: list[Exception] = []

    def take_back() -> None:
        try:
            withdraw(seeded, document)
        except Conflict as error:
            refused.append(error)

    other = threading.Thread(target=take_back)
    with seeded.db.transaction() as connection:
        tasks.review(connection, reviewer, TC14, Decision("accepted"), version=None, now=seeded.now)
        other.start()
        other.join(timeout=0.3)
        assert other.is_alive(), "it waits for the commit"
    other.join()
    assert len(refused) == 1
    assert logged(seeded, "evidence.withdrawn") == []


def test_an_acceptance_waits_for_a_withdrawal(seeded: World, store: FileStore) -> None:
    document, _reviewer, agency = enter(seeded, store, TC14), seeded.actor("coordinator"), seeded.actor("SKHCN")
    submit(seeded)
    refused: list[Exception] = []

    def decide() -> None:
        try:
            accept(seeded)
        except EvidenceRequired as error:
            refused.append(error)

    other = threading.Thread(target=decide)
    with seeded.db.transaction() as connection:
        noun.withdraw(connection, agency, document, "Nhầm", now=seeded.now)
        other.start()
        other.join(timeout=0.3)
        assert other.is_alive(), "it waits for the commit"
    other.join()
    assert len(refused) == 1


# Lists


def listed(world: World, who: str, **wanted: Any) -> list[str]:
    found = world.read(noun.list_documents, world.actor(who), **{"limit": 50, "offset": 0, **wanted})
    assert found["total"] == len(found["items"]) or "limit" in wanted
    return [one["number"] for one in found["items"]]


def test_each_sees_the_documents_of_its_tasks_the_newest_first(seeded: World, store: FileStore) -> None:
    enter(seeded, store, TC14, KS22, number="1/BC-SKHCN")
    enter(seeded, store, KS22, who="SVHTTDL", number="2/BC-SVHTTDL")
    enter(seeded, store, "ST-2024-TC-03", who="STP", number="3/BC-STP")
    every = ["3/BC-STP", "2/BC-SVHTTDL", "1/BC-SKHCN"]
    for who in ("coordinator", "leadership", "admin"):
        assert listed(seeded, who) == every
    assert listed(seeded, "SKHCN") == listed(seeded, "SVHTTDL") == every[1:]
    assert listed(seeded, "STP") == every[:1]
    assert listed(seeded, "STC") == []
    assert listed(seeded, "coordinator", agency="SKHCN") == ["1/BC-SKHCN"]
    assert listed(seeded, "coordinator", task=KS22) == every[1:]
    assert listed(seeded, "SVHTTDL", task=TC14) == [], "what a document also proves is not told"
    assert listed(seeded, "coordinator", limit=1, offset=1) == ["2/BC-SVHTTDL"]


def test_a_document_stays_its_agencys_when_the_task_goes_to_another(seeded: World, store: FileStore) -> None:
    document = enter(seeded, store, TC14)
    seeded.write(tasks.assign, seeded.actor("coordinator"), TC14, "STC", "phân công", version=None)
    assert listed(seeded, "SKHCN") == listed(seeded, "STC") == ["123/BC"]
    assert seeded.read(noun.get, seeded.actor("SKHCN"), document)["tasks"] == []
    assert withdraw(seeded, document, "STC")["tasks"] == [TC14]


def test_documents_are_found_without_accents_and_by_every_text(seeded: World, store: FileStore) -> None:
    texts = {"title": "Kết quả xử lý hồ sơ trễ hẹn", "signer": "Phó Giám đốc Sở", "period": "Quý I/2025"}
    enter(seeded, store, TC14, number="45/BC-SKHCN", **texts)
    enter(seeded, store, TC14, number="46/BC-SKHCN")
    for q in ("45/bc", "tre hen", "HỒ SƠ ket qua", "pho giam doc", "quy i/2025 45"):
        assert listed(seeded, "SKHCN", q=q) == ["45/BC-SKHCN"], q
    assert listed(seeded, "SKHCN", q="bao cao.pdf") == ["46/BC-SKHCN", "45/BC-SKHCN"]
    for q in ("47/bc", "%", "_", "\0zz"):
        assert listed(seeded, "SKHCN", q=q) == [], q


def test_withdrawn_documents_can_be_left_out(seeded: World, store: FileStore) -> None:
    first, _second = enter(seeded, store, TC14, number="1/BC"), enter(seeded, store, TC14, number="2/BC")
    withdraw(seeded, first)
    assert listed(seeded, "SKHCN") == ["2/BC", "1/BC"]
    assert listed(seeded, "SKHCN", withdrawn=False) == ["2/BC"]
    assert listed(seeded, "SKHCN", withdrawn=True) == ["1/BC"]


def test_a_list_costs_the_same_queries_whatever_its_length(seeded: World, store: FileStore) -> None:
    for number in range(20):
        enter(seeded, store, TC14, TC15, number=f"{number}/BC")
    spent = []
    for limit in (1, 200):
        statements: list[str] = []
        with seeded.db.snapshot() as connection:
            event.listen(connection, "before_cursor_execute", lambda *a, kept=statements: kept.append(a[2]))
            noun.list_documents(connection, seeded.actor("SKHCN"), q="bc", limit=limit, offset=0, now=seeded.now)
        spent.append(len(statements))
    assert spent[0] == spent[1] <= 3


def test_a_document_may_prove_what_the_agency_leads_or_cooperates_in(seeded: World, store: FileStore) -> None:
    def provable(who: str, *also: str) -> list[tuple[str, bool]]:
        found = seeded.read(noun.list_provable, seeded.actor(who), assessment="soc-trang-2024", also=also)
        return [(one["code"], one["leads"]) for one in found]

    assert (KS22, False) in provable("SVHTTDL")
    assert (KS22, True) in provable("SKHCN")
    assert provable("coordinator") == provable("SNV"), "only its own agency's, though it sees the province's"
    assert [leads for _code, leads in provable("SKHCN")] == sorted((leads for _c, leads in provable("SKHCN")))[::-1]
    seeded.write(tasks.close, seeded.actor("coordinator"), KS22, "không khắc phục được", version=None)
    assert KS22 not in dict(provable("SKHCN"))
    with pytest.raises(Forbidden):
        provable("leadership")


def test_bytes_that_a_first_run_of_the_transaction_put_are_found_again(store: FileStore) -> None:
    sent = noun.receive(store, io.BytesIO(PDF), "a.pdf", limit=1_000)
    store.put(sent.received)
    store.put(sent.received)
    assert store.path(sent.received.sha256).read_bytes() == PDF
