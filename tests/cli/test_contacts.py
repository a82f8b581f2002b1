from sqlalchemy import select

from app.models import events
from tests.cli.conftest import Console
from tests.conftest import World

MAIL = ("--email", "cchc@soctrang.example")


def test_contacts_of_agencies_and_of_the_leadership_are_added_listed_and_removed(
    console: Console, seeded: World
) -> None:
    officer = console("contacts", "add", "--agency", "snv", "--name", "Văn thư", *MAIL, "--json").json
    head = console(
        "contacts", "add", "--agency", "soc-trang/STC", "--kind", "head", "--name", "Giám đốc", *MAIL, "--json"
    ).json
    leader = console("contacts", "add", "--leadership", "--name", "Chủ tịch", *MAIL, "--json").json
    assert (officer["agency"]["code"], officer["kind"]) == ("SNV", "officer")
    assert (head["agency"]["code"], head["kind"]) == ("STC", "head")
    assert (leader["agency"], leader["kind"], leader["province"]) == (None, "leadership", "soc-trang")

    def listed(*args: str) -> list[int]:
        return [one["id"] for one in console("contacts", "list", *args, "--json").json]

    assert listed() == [officer["id"], head["id"], leader["id"]]
    assert listed("--agency", "stc") == [head["id"]]
    assert listed("--province", "soc-trang") == listed()

    for _ in range(2):
        assert console("contacts", "remove", str(head["id"])).code == 0
    assert listed() == [officer["id"], leader["id"]]
    assert listed("--all") == [officer["id"], head["id"], leader["id"]]
    with seeded.db.snapshot() as connection:
        log = select(events.c.action, events.c.actor).where(events.c.entity == "contact").order_by(events.c.id)
        actions = [tuple(row) for row in connection.execute(log)]
    assert actions == [("contact.created", "hệ thống")] * 3 + [("contact.deactivated", "hệ thống")]


def test_people_get_a_table_in_vietnamese(console: Console) -> None:
    console("contacts", "add", "--agency", "SNV", "--name", "Trưởng phòng CCHC", *MAIL)
    shown = console("contacts", "list").out
    for words in ("soc-trang/SNV", "Chuyên viên", "Trưởng phòng CCHC", MAIL[1], "đang nhận", "1 đầu mối"):
        assert words in shown


def test_a_webhooks_secret_is_shown_once_and_a_host_that_is_not_allowed_is_told(console: Console) -> None:
    hook = ("contacts", "add", "--agency", "SNV", "--name", "Trợ lý", "--webhook-url", "https://hooks.example.vn/kp")
    said = console(*hook)
    assert "whsec_" in said.out
    assert "KHACPHUC_WEBHOOK_HOSTS" in said.problem
    assert console(*hook, KHACPHUC_WEBHOOK_HOSTS="hooks.example.vn").problem == ""
    assert "whsec_" not in console("contacts", "list").out + console("contacts", "list", "--json").out


def test_what_is_not_fit_makes_nothing(console: Console) -> None:
    for args in (
        ("--agency", "NOPE", "--name", "A", *MAIL),
        ("--agency", "ha-noi/SNV", "--name", "A", *MAIL),
        ("--agency", "SNV", "--name", " ", *MAIL),
        ("--agency", "SNV", "--name", "A", "--email", "A <a@b.vn>"),
        ("--leadership", "--name", "A", "--webhook-url", "ftp://hooks.example.vn"),
    ):
        said = console("contacts", "add", *args)
        assert (said.code, said.out, len(said.problem.splitlines())) == (1, "", 1), args
    for args in (
        ("--name", "A", *MAIL),
        ("--agency", "SNV", "--leadership", "--name", "A", *MAIL),
        ("--leadership", "--kind", "head", "--name", "A", *MAIL),
        ("--agency", "SNV", "--name", "A"),
        ("--agency", "SNV", *MAIL),
        ("--agency", "SNV", "--kind", "leadership", "--name", "A", *MAIL),
    ):
        assert console("contacts", "add", *args).code == 2, args
    assert console("contacts", "list", "--all", "--json").json == []
    assert console("contacts", "remove", "1").code == 1
    assert console("contacts", "list", "--agency", "NOPE").code == 1
