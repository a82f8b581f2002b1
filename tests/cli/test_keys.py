from datetime import timedelta

from sqlalchemy import func, select

from app.accounts import find_by_key
from app.clock import Clock
from app.models import accounts, events
from tests.cli.conftest import Console
from tests.conftest import Engines, World


def test_each_new_key_is_an_account_of_its_own(console: Console, seeded: World) -> None:
    first, second = (console("keys", "create", "--role", "coordinator", "--json").json for _ in range(2))
    assert (first["account"], second["account"]) == ("coordinator", "coordinator-2")
    with seeded.db.snapshot() as connection:
        owners = [find_by_key(connection, one["key"]) for one in (first, second)]
    assert owners[0] is not None
    assert owners[1] is not None
    assert owners[0].actor.account_id != owners[1].actor.account_id
    assert owners[0].actor.agency_id == owners[1].actor.agency_id != None  # noqa: E711 -- a chain of comparisons


def test_an_agency_is_named_with_or_without_its_province_and_in_any_case(console: Console) -> None:
    spelled = ("SNV", "soc-trang/SNV", "snv")
    made = [console("keys", "create", "--role", "agency", "--agency", one, "--json").json for one in spelled]
    assert [one["account"] for one in made] == ["agency-snv", "agency-snv-2", "agency-snv-3"]
    assert {one["agency"] for one in made} == {"SNV"}


def test_a_further_key_for_an_account_is_asked_for_by_its_name(console: Console) -> None:
    made = console("keys", "create", "--role", "leadership", "--json").json
    further = console(
        "keys", "create", "--account", made["account"], "--days", "30", "--label", "máy chủ", "--json"
    ).json
    assert further["account"] == made["account"]
    assert further["key"] != made["key"]
    assert further["expires_at"] is not None


def test_what_does_not_exist_makes_nothing(console: Console, seeded: World) -> None:
    def counted() -> int:
        with seeded.db.snapshot() as connection:
            return connection.execute(select(func.count()).select_from(accounts)).scalar_one()

    before = counted()
    for args in (
        ("--role", "agency", "--agency", "NOPE"),
        ("--role", "agency"),
        ("--role", "coordinator", "--agency", "STC"),
        ("--role", "leadership", "--province", "nowhere"),
        ("--account", "nobody"),
    ):
        said = console("keys", "create", *args)
        assert (said.code, said.out, len(said.problem.splitlines())) == (1, "", 1), args
    for args in (
        (),
        ("--role", "king"),
        ("--role", "admin", "--account", "admin"),
        ("--role", "admin", "--days", "0"),
        ("--role", "admin", "--agency", "SNV"),
        ("--role", "leadership", "--agency", "SNV"),
    ):
        assert console("keys", "create", *args).code == 2, args
    assert counted() == before


def test_a_key_is_revoked_by_number_or_by_prefix(console: Console, seeded: World) -> None:
    one, two = (console("keys", "create", "--role", "admin", "--json").json for _ in range(2))
    assert console("keys", "revoke", str(one["id"]), "--json").json["state"] == "revoked"
    assert console("keys", "revoke", two["prefix"]).code == 0
    states = {key["id"]: key["state"] for key in console("keys", "list", "--json").json}
    assert (states[one["id"]], states[two["id"]]) == ("revoked", "revoked")
    assert console("keys", "revoke", "kp_nobody").code == 1
    assert console("keys", "revoke", "999999").code == 1
    with seeded.db.snapshot() as connection:
        assert find_by_key(connection, one["key"]) is None
        log = select(events.c.action, events.c.actor).where(events.c.entity == "key").order_by(events.c.id)
        actions = connection.execute(log).all()
    assert [tuple(row) for row in actions] == [("key.created", "hệ thống")] * 2 + [("key.revoked", "hệ thống")] * 2


def test_a_list_never_shows_a_key(console: Console) -> None:
    made = console("keys", "create", "--role", "admin", "--days", "1", "--json").json
    for args in (("keys", "list"), ("keys", "list", "--json")):
        listed = console(*args).out
        assert made["prefix"] in listed
        assert made["key"] not in listed


def test_people_read_roles_and_states_in_vietnamese_and_machines_in_english(console: Console) -> None:
    made = console("keys", "create", "--role", "coordinator", "--json").json
    console("keys", "create", "--role", "admin")
    console("keys", "revoke", str(made["id"]))
    shown = console("keys", "list", COLUMNS="100").out
    for words in ("Cơ quan thường trực", "Quản trị", "đã thu hồi", "dùng được"):
        assert words in shown
    assert {key["state"] for key in console("keys", "list", "--json").json} == {"active", "revoked"}


def test_a_table_shows_the_whole_key_even_in_a_pipe(console: Console) -> None:
    said = console("keys", "create", "--role", "agency", "--agency", "VPUB").out
    key = next(word for word in said.split() if word.startswith("kp_"))
    assert len(key) == len("kp_") + 43


def test_an_expired_key_is_no_owner_any_more(console: Console, seeded: World) -> None:
    made = console("keys", "create", "--role", "admin", "--days", "2", "--json").json
    with seeded.db.snapshot() as connection:
        owner = find_by_key(connection, made["key"])
    assert owner is not None
    assert owner.expires_at is not None
    left = owner.expires_at - Clock.real_now()
    assert timedelta(days=1, hours=23) < left <= timedelta(days=2)


def test_a_database_without_tables_is_told_to_be_migrated(console: Console, engine: str, engines: Engines) -> None:
    url = engines.copy(engine, "empty")
    said = console("keys", "create", "--role", "admin", DATABASE_URL=url)
    assert said.code == 1
    assert "khacphuc migrate" in said.problem
    assert console("migrate", "--json", DATABASE_URL=url).json["migrated"] is True
    assert console("migrate", "--json", DATABASE_URL=url).json["migrated"] is False
    assert console("keys", "create", "--role", "admin", DATABASE_URL=url).code == 0
    engines.drop(url)
