"""What is typed and not saved is kept for its account alone; and who only drafts cannot hand in."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app import tasks
from app.api.errors import describe
from app.errors import (
    Conflict,
    Forbidden,
    InvalidInput,
    MissingMeasurement,
    NotFound,
    OutsideRuleDomain,
    ScoreNotAccepted,
    ScoreOutOfRange,
)
from app.tasks import Filter, Update
from tests.conftest import World

TC14, TC16, TC21, KS27 = "ST-2024-TC-14", "ST-2024-TC-16", "ST-2024-TC-21", "ST-2024-KS-27"
TEXTS = {"reason": "Thiếu kết nối", "progress": "Đã thêm 3 dịch vụ", "remedy": "Hoàn thành trong quý III"}


def keep(world: World, who: str, code: str, content: dict[str, str], base_version: int = 1) -> Any:
    return world.write(tasks.save_draft, world.actor(who), code, content, base_version=base_version)


def draft(world: World, who: str, code: str) -> Any:
    return world.read(tasks.find_draft, world.actor(who), code)


def save(world: World, who: str, code: str, version: int | None = None, **change: Any) -> Any:
    return world.write(tasks.save_report, world.actor(who), code, Update(**change), version=version)


def events(world: World, code: str) -> int:
    return int(world.read(tasks.list_updates, world.actor("coordinator"), code, limit=1, offset=0)["total"])


def test_a_draft_is_kept_as_typed_replaced_and_discarded_without_a_trace_on_the_task(seeded: World) -> None:
    before = seeded.read(tasks.get_task, seeded.actor("SKHCN"), TC16), events(seeded, TC16)
    keep(seeded, "SKHCN", TC16, {"progress": "Đang làm", "input.online_files": "94.5", "was.progress": "e3b0c442"})
    seeded.now += timedelta(minutes=5)
    keep(seeded, "SKHCN", TC16, {"progress": "Đang làm tiếp"})
    found = draft(seeded, "SKHCN", TC16)
    assert (found["content"], found["base_version"]) == ({"progress": "Đang làm tiếp"}, 1)
    assert found["updated_at"] == seeded.now
    assert (seeded.read(tasks.get_task, seeded.actor("SKHCN"), TC16), events(seeded, TC16)) == before
    seeded.write(tasks.discard_draft, seeded.actor("SKHCN"), TC16)
    assert draft(seeded, "SKHCN", TC16) is None
    seeded.write(tasks.discard_draft, seeded.actor("SKHCN"), TC16)


def test_a_draft_from_another_device_is_not_written_over_unseen(seeded: World) -> None:
    def put(text: str, mark: str, page: str) -> None:
        seen = tasks.Seen(mark, page)
        actor = seeded.actor("SKHCN")
        seeded.write(tasks.save_draft, actor, TC16, {"progress": text}, base_version=1, seen=seen)

    put("máy bàn", "", "desktop")
    put("máy bàn, tiếp", "", "desktop")  # its own, whatever it has seen
    mark = draft(seeded, "SKHCN", TC16)["mark"]
    with pytest.raises(Conflict):
        put("điện thoại", "", "phone")
    put("điện thoại", mark, "phone")
    with pytest.raises(Conflict):
        put("máy bàn, cũ", mark, "desktop")
    put("điện thoại", "", "tablet")  # says the same: nothing is lost
    found = draft(seeded, "SKHCN", TC16)
    assert found["content"] == {"progress": "điện thoại"}
    assert seeded.write(tasks.discard_draft, seeded.actor("SKHCN"), TC16, seen=tasks.Seen(mark, "desktop")) is False
    assert draft(seeded, "SKHCN", TC16) is not None
    known = tasks.Seen(found["mark"])
    assert seeded.write(tasks.discard_draft, seeded.actor("SKHCN"), TC16, seen=known) is True


def test_a_report_leaves_a_draft_that_it_has_not_seen(seeded: World) -> None:
    keep(seeded, "SKHCN", TC16, {"progress": "gõ trên điện thoại"})
    for mark, left in (("khác", True), (draft(seeded, "SKHCN", TC16)["mark"], False)):
        change, actor = Update(note="x"), seeded.actor("SKHCN")
        seeded.write(tasks.save_report, actor, TC16, change, version=None, seen=tasks.Seen(mark))
        assert (draft(seeded, "SKHCN", TC16) is not None) is left


def test_a_draft_is_its_account_s_alone(seeded: World) -> None:
    keep(seeded, "SKHCN", TC16, {"progress": "Của tôi"})
    keep(seeded, "SKHCN#2", TC16, {"progress": "Của người khác"})
    assert draft(seeded, "SKHCN", TC16)["content"]["progress"] == "Của tôi"
    assert draft(seeded, "coordinator", TC16) is None
    seeded.write(tasks.discard_draft, seeded.actor("SKHCN#2"), TC16)
    assert draft(seeded, "SKHCN", TC16) is not None


@pytest.mark.parametrize(
    ("who", "code", "error"),
    [
        ("STP", TC16, NotFound),
        ("SVHTTDL", "ST-2024-KS-22", Forbidden),
        ("coordinator", TC16, Forbidden),
        ("leadership", TC16, Forbidden),
    ],
)
def test_only_the_lead_agency_drafts(seeded: World, who: str, code: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        keep(seeded, who, code, {"progress": "x"})


@pytest.mark.parametrize(
    "content",
    [{"status": "submitted"}, {"input.": "1"}, {"progress": "x" * 100_001}, {f"input.a{n}": "" for n in range(201)}],
)
def test_what_no_report_has_is_refused(seeded: World, content: dict[str, str]) -> None:
    with pytest.raises(InvalidInput):
        keep(seeded, "SKHCN", TC16, content)
    assert draft(seeded, "SKHCN", TC16) is None


def test_saving_the_report_ends_its_draft_and_a_refused_one_keeps_it(seeded: World) -> None:
    keep(seeded, "SKHCN", TC16, TEXTS)
    with pytest.raises(ScoreNotAccepted):
        save(seeded, "SKHCN", TC16, 1, texts=TEXTS, declared_score="1.0")
    assert draft(seeded, "SKHCN", TC16) is not None
    save(seeded, "SKHCN", TC16, 1, status="in_progress", texts=TEXTS)
    assert draft(seeded, "SKHCN", TC16) is None


def test_a_draft_that_arrives_after_the_report_it_repeats_is_let_go(seeded: World) -> None:
    save(seeded, "SKHCN", TC16, 1, status="in_progress", texts=TEXTS)
    keep(seeded, "SKHCN", TC16, TEXTS, base_version=1)
    assert draft(seeded, "SKHCN", TC16) is None
    keep(seeded, "SKHCN", TC16, {**TEXTS, "progress": "Đã thêm 5 dịch vụ"}, base_version=1)
    assert draft(seeded, "SKHCN", TC16) is not None


# Accounts that prepare what the head submits


def test_who_only_drafts_saves_but_neither_submits_nor_recalls(seeded: World) -> None:
    head, officer = seeded.actor("SKHCN"), replace(seeded.actor("SKHCN#2"), drafts_only=True)
    submitted = Update(status="submitted", texts=TEXTS, declared_score="0.3")
    with pytest.raises(Forbidden):
        seeded.write(tasks.record_update, officer, TC14, submitted, version=1)
    seeded.write(tasks.record_update, officer, TC14, replace(submitted, status="in_progress"), version=1)
    seeded.write(tasks.record_update, head, TC14, Update(status="submitted"), version=2)
    with pytest.raises(Forbidden):
        seeded.write(tasks.record_update, officer, TC14, Update(status="in_progress"), version=3)
    seeded.write(tasks.record_update, officer, TC14, Update(note="Đã gửi kèm công văn"), version=3)
    assert seeded.read(tasks.get_task, head, TC14)["status"] == "submitted"


def test_a_batch_tells_the_drafting_officer_so_item_by_item(seeded: World) -> None:
    officer = replace(seeded.actor("SKHCN"), drafts_only=True)
    items = [(TC14, 1, Update(status="submitted", texts=TEXTS)), (TC16, 1, Update(texts=TEXTS))]
    done = seeded.write(tasks.record_updates, officer, items, describe=describe)
    assert [one["ok"] for one in done["items"]] == [False, True]
    assert done["items"][0]["problem"]["type"] == "urn:khacphuc:problem:forbidden"


# The score as one types


def preview(world: World, code: str, measurements: Any = None, declared: str | None = None, who: str = "SKHCN") -> Any:
    return world.read(tasks.preview_score, world.actor(who), code, measurements, declared)


def test_the_preview_is_what_the_report_would_give_and_writes_nothing(seeded: World) -> None:
    found = preview(seeded, TC16, {"online_files": "120000", "files": "168561"})
    assert (found["score"], found["published"], found["gain"]) == ("1.0679", "0.8410", "0.2269")
    assert found["confidence"] == "reproduces"
    assert "120.000/168.561" in found["derivation"]
    assert events(seeded, TC16) == 1 or seeded.read(tasks.get_task, seeded.actor("SKHCN"), TC16)["version"] == 1
    saved = save(seeded, "SKHCN", TC16, 1, measurements={"online_files": "120000", "files": "168561"})
    assert saved["reported"] == found["score"]


def test_the_preview_of_a_declared_score_is_marked_as_declared(seeded: World) -> None:
    found = preview(seeded, TC14, declared="0.25")
    assert (found["score"], found["gain"], found["confidence"], found["derivation"]) == (
        "0.2500",
        "0.2500",
        "declared",
        None,
    )


@pytest.mark.parametrize(
    ("code", "measurements", "declared", "error"),
    [
        (TC16, None, None, InvalidInput),
        (TC16, {"online_files": "1"}, None, MissingMeasurement),
        (TC16, None, "1.0", ScoreNotAccepted),
        (TC14, None, "9", ScoreOutOfRange),
        (KS27, None, "1", ScoreNotAccepted),
        ("ST-2024-TC-03", None, "1", NotFound),
        ("nothing", None, "1", NotFound),
    ],
)
def test_the_preview_says_what_is_wrong(
    seeded: World, code: str, measurements: Any, declared: str | None, error: type[Exception]
) -> None:
    who = "SNV" if code == KS27 else "SKHCN"
    with pytest.raises(error):
        preview(seeded, code, measurements, declared, who)


def test_outside_the_rule_s_domain_the_preview_takes_a_declared_score(seeded: World) -> None:
    names = {one["name"]: one for one in seeded.read(tasks.get_task, seeded.actor("STC"), TC21)["rule"]["inputs"]}
    missed = {name: one["published"] for name, one in names.items() if one["published"] is not None}
    refused = next(name for name, one in names.items() if one["optional"])
    missed[refused] = "1"
    with pytest.raises(OutsideRuleDomain):
        preview(seeded, TC21, missed, None, "STC")
    assert preview(seeded, TC21, missed, "0.9", "STC")["confidence"] == "declared"


# The work in one look


def test_the_list_tells_what_is_missing_and_what_is_ready(seeded: World) -> None:
    agency = seeded.actor("SKHCN")
    wanted = Filter(assessment="soc-trang-2024", sort="urgent", limit=200)

    def told() -> dict[str, Any]:
        return {one["code"]: one for one in seeded.read(tasks.list_work, agency, wanted)["items"]}

    assert len(told()[TC14]["missing"]) == 4
    save(seeded, "SKHCN", TC14, 1, status="in_progress", texts=TEXTS)
    assert told()[TC14]["missing"] == ["số liệu đo được hoặc điểm tự chấm"]
    save(seeded, "SKHCN", TC14, 2, declared_score="0.5")
    assert (told()[TC14]["missing"], told()[TC14]["ready"], told()[TC14]["mine"]) == ([], True, True)
    keep(seeded, "SKHCN", TC14, {"progress": "Thêm"}, base_version=3)
    assert (told()[TC14]["ready"], told()[TC14]["drafted_at"]) == (False, seeded.now)
    save(seeded, "SKHCN", TC14, 3, status="submitted")
    assert (told()[TC14]["missing"], told()[TC14]["ready"]) == ([], False)
    assert not any(one["mine"] for one in told().values() if one["agency"]["code"] != "SKHCN")


def test_what_owes_a_report_comes_first_then_what_waits_then_what_is_finished(seeded: World) -> None:
    save(
        seeded,
        "SKHCN",
        "ST-2024-TC-17",
        1,
        status="submitted",
        texts=TEXTS,
        measurements={
            "paid_procedures": 512,
            "payable_procedures": 400,
            "used_procedures": 69,
            "paid_online_files": 40190,
            "settled_files": 256833,
        },
    )
    wanted = Filter(assessment="soc-trang-2024", agency="SKHCN", sort="urgent")
    listed = seeded.read(tasks.list_work, seeded.actor("SKHCN"), wanted)["items"]
    assert listed[-1]["code"] == "ST-2024-TC-17"
    short = [float(one["points_short"]) for one in listed[:-1]]
    assert short == sorted(short, reverse=True)


def test_counts_are_of_what_the_agency_leads(seeded: World) -> None:
    count = lambda who: seeded.read(tasks.count_work, seeded.actor(who), "soc-trang-2024")  # noqa: E731
    mine = count("SKHCN")
    assert (mine["agency"], mine["open"], mine["led"], mine["overdue"], mine["soon"]) == (
        "SKHCN",
        mine["led"],
        mine["open"],
        0,
        0,
    )
    assert mine["cooperating"] > 0
    assert count("coordinator")["led"] == 48
    seeded.now = datetime(2025, 6, 24, 2, tzinfo=UTC)
    assert count("SKHCN")["soon"] == mine["led"]
    seeded.now = datetime(2025, 6, 30, 17, tzinfo=UTC)  # midnight of 01/07 in Sóc Trăng
    assert (count("SKHCN")["soon"], count("SKHCN")["overdue"]) == (0, mine["led"])
    with pytest.raises(NotFound):
        seeded.read(tasks.count_work, seeded.actor("SKHCN"), "nothing")


def test_the_log_tells_texts_from_and_to(seeded: World) -> None:
    save(seeded, "SKHCN", TC16, 1, texts={"progress": "Lần một"})
    save(seeded, "SKHCN", TC16, 2, texts={"progress": "Lần hai"})
    newest = seeded.read(tasks.list_updates, seeded.actor("SKHCN"), TC16, limit=1, offset=0, newest_first=True)[
        "items"
    ][0]
    assert (newest["from"]["progress"], newest["to"]["progress"]) == ("Lần một", "Lần hai")
