"""Keys and sessions against whoever guesses, steals, replays or reads along, with two replicas on one database."""

import base64
import contextlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient
from typer.testing import CliRunner
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from app import accounts, backup
from app.accounts import keys as api_keys
from app.accounts import passwords, signing_in
from app.accounts.sessions import csrf_of
from app.cli import cli
from app.core.access import SYSTEM
from app.db import Database, open_database
from app.evidence import open_store
from app.main import create_app
from app.settings import Settings
from tests.campaigns.canaries import (
    GUESSED_KEY,
    GUESSED_LINK,
    MISPLACED,
    NAME,
    WRONG,
    Planted,
    carry_a_phone,
    contents,
    cookies_of,
    server_logs,
    text_of,
)
from tests.conftest import World, WorldClock
from tests.domain.test_passwords import GOOD, OTHER
from tests.routes import addresses, page_addresses
from tests.web.test_every_route import filled

SIGNING = f"whsec_{base64.b64encode(b'webhooks are signed with this one').decode()}"


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the pause nor what argon2 costs is what is tried here."""
    monkeypatch.setattr(signing_in, "SECONDS_OF_REFUSAL", 0.0)
    monkeypatch.setattr(passwords, "_hasher", passwords._hasher.__wrapped__)
    monkeypatch.setattr("pwdlib.hashers.argon2.Argon2Hasher.__init__", _cheap)


def _cheap(self: Any, **_cost: int) -> None:
    from argon2 import PasswordHasher

    self._hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@dataclass
class Place:
    """Two replicas on one database; `apps` are reached through a proxy that both trust."""

    world: World
    second: Database
    apps: list[Any]
    https: list[TestClient]
    settings: Settings

    def send(self, path: str, form: dict[str, str], *, at: int = 0, cookies: str = "", address: str = "") -> Any:
        heads = {name: value for name, value in (("Cookie", cookies), ("X-Forwarded-For", address)) if value}
        self.https[at].cookies.clear()
        return self.https[at].post(path, data=form, headers=heads, follow_redirects=False)

    def get(self, path: str, *, at: int = 0, cookies: str = "", key: str = "", **more: Any) -> Any:
        heads = {"Cookie": cookies} if cookies else {}
        heads |= {"Authorization": f"Bearer {key}"} if key else {}
        self.https[at].cookies.clear()
        return self.https[at].get(path, headers=heads, follow_redirects=False, **more)

    def sign_in(self, name: str, password: str = GOOD, **more: Any) -> Any:
        return self.send("/signin", {"name": name, "password": password}, **more)

    def session(self, name: str, **more: Any) -> str:
        """A cookie of somebody who has just signed in."""
        answer = self.sign_in(name, **more)
        assert answer.status_code == 303, answer.text
        return cookies_of(answer)[NAME]

    def act(self, cookie: str, path: str, **form: str) -> Any:
        return self.send(path, {"csrf": csrf_of(cookie), **form}, cookies=f"{NAME}={cookie}")

    def opens(self, cookie: str) -> list[int]:
        return [self.get("/tasks", at=at, cookies=f"{NAME}={cookie}").status_code for at in (0, 1)]

    def link(self, who: str) -> str:
        return str(self.world.write(accounts.create_link, SYSTEM, self.world.actor(who).account_id).path)

    def give_password(self, who: str, password: str = GOOD) -> None:
        answer = self.send(self.link(who), {"password": password, "repeated": password})
        assert answer.status_code == 303, answer.text

    def key(self, who: str, **more: Any) -> accounts.IssuedKey:
        given = {"label": "", "days": None, **more}
        issued: accounts.IssuedKey = self.world.write(
            accounts.create_key, SYSTEM, self.world.actor(who).account_id, **given
        )
        return issued


@pytest.fixture
def place(seeded: World, tmp_path: Path) -> Iterator[Place]:
    settings = Settings(
        data_dir=tmp_path,
        scheduler=False,
        DATABASE_URL=seeded.db.url,
        trusted_proxies="10.9.8.0/24",
        webhook_hosts="hooks.example.vn",
    )
    with contextlib.closing(open_database(seeded.db.url)) as second, contextlib.ExitStack() as stack:
        apps = [create_app(settings, WorldClock(world=seeded), db) for db in (seeded.db, second)]
        behind = [ProxyHeadersMiddleware(app, settings.proxies) for app in apps]
        opened = [
            stack.enter_context(TestClient(one, raise_server_exceptions=False, client=("10.9.8.7", 40_000)))  # type: ignore[arg-type]
            for one in behind
        ]
        yield Place(seeded, second, apps, opened, settings)


# Guessing


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch) -> list[str | None]:
    """The hash that each comparison was made with."""
    found: list[str | None] = []
    compare = passwords.is_right

    def count(typed: str, kept: str | None) -> bool:
        found.append(kept)
        return compare(typed, kept)

    monkeypatch.setattr(passwords, "is_right", count)
    return found


def test_brute_force_is_stopped_whichever_replica_it_asks(place: Place, compared: list[str | None]) -> None:
    place.give_password("STP")
    answers = [place.sign_in("stp", f"{WRONG}{number}", at=number % 2, address="192.0.2.1") for number in range(40)]
    assert [one.status_code for one in answers] == [401] * 5 + [429] * 35
    assert len(compared) == 5
    many = [
        place.sign_in("stp", f"{WRONG}{number}", at=number % 2, address=f"192.0.2.{number}") for number in range(2, 60)
    ]
    assert [one.status_code for one in many].count(401) == signing_in.STRANGERS - 5
    assert len(compared) == signing_in.STRANGERS


def test_an_address_that_is_only_claimed_gives_no_new_tries(place: Place) -> None:
    """The proxy appends the address that it sees; what the guesser wrote before it counts for nothing."""
    place.give_password("STP")
    answers = [place.sign_in("stp", WRONG, address=f"203.0.113.{number}, 192.0.2.1") for number in range(7)]
    assert [one.status_code for one in answers] == [401] * 5 + [429] * 2
    direct = TestClient(ProxyHeadersMiddleware(place.apps[0], place.settings.proxies), client=("192.0.2.2", 1))  # type: ignore[arg-type]
    form = {"name": "stp", "password": WRONG}
    answers = [direct.post("/signin", data=form, headers={"X-Forwarded-For": f"203.0.113.{n}"}) for n in range(7)]
    assert [one.status_code for one in answers] == [401] * 5 + [429] * 2


def test_every_refusal_costs_one_comparison_of_the_same_kind(
    place: Place, compared: list[str | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    for who in ("STP", "STC"):
        place.give_password(who)
    place.world.actor("VPUB")  # has no password
    off = place.world.actor("STC").account_id
    place.world.write(accounts.change_account, place.world.actor("admin"), off, {"active": False})
    hashed: list[str] = []
    hasher = type(passwords._hasher())
    verify = hasher.verify

    def count(self: Any, password: Any, kept: Any) -> bool:
        hashed.append(kept)
        return verify(self, password, kept)

    monkeypatch.setattr(hasher, "verify", count)
    said = {place.sign_in(name, WRONG).text.replace(name, "…") for name in ("stp", "stc", "vpub", "nobody")}
    assert len(said) == 1
    assert [kept is None for kept in compared] == [False, True, True, True]
    assert len(hashed) == 4
    assert hashed[1:] == [passwords.NOBODY] * 3


# Sessions and keys that are over


def _sign_out(place: Place, cookie: str) -> None:
    assert place.act(cookie, "/signout").status_code == 303


def _change_password(place: Place, cookie: str) -> None:
    answer = place.act(cookie, "/account/password", current=GOOD, password=OTHER, repeated=OTHER)
    assert answer.status_code == 303, answer.text


def _set_by_link(place: Place, _cookie: str) -> None:
    place.give_password("STP", OTHER)


def _end_elsewhere(place: Place, _cookie: str) -> None:
    place.act(place.session("stp"), "/account/sessions/others/end")


def _end_by_administrator(place: Place, _cookie: str) -> None:
    place.world.write(accounts.end_sessions, place.world.actor("admin"), place.world.actor("STP").account_id)


def _close(place: Place, _cookie: str) -> None:
    admin, account = place.world.actor("admin"), place.world.actor("STP").account_id
    for active in (False, True):  # opening it again brings nothing back
        place.world.write(accounts.change_account, admin, account, {"active": active})


def _sign_in_again(place: Place, cookie: str) -> None:
    place.session("stp", cookies=f"{NAME}={cookie}")


def _let_it_rest(place: Place, _cookie: str) -> None:
    place.world.now += timedelta(hours=4)


ENDINGS = (
    _sign_out,
    _change_password,
    _set_by_link,
    _end_elsewhere,
    _end_by_administrator,
    _close,
    _sign_in_again,
    _let_it_rest,
)


@pytest.mark.parametrize("end", ENDINGS, ids=lambda end: str(end.__name__).strip("_"))
def test_a_session_that_is_over_opens_nothing_on_any_replica(place: Place, end: Callable[[Place, str], None]) -> None:
    place.give_password("STP")
    cookie = place.session("stp")
    assert place.opens(cookie) == [200, 200]
    end(place, cookie)
    assert place.opens(cookie) == [303, 303]
    for path in ("/account/sessions/others/end", "/signout"):
        answer = place.act(cookie, path)
        assert answer.status_code in (303, 401)
        assert answer.headers.get("location", "/signin") == "/signin"


def test_what_was_in_the_browser_before_signing_in_is_worth_nothing_after(place: Place) -> None:
    place.give_password("STP")
    chosen = "x" * 43
    entered = place.sign_in("stp", cookies=f"{NAME}={chosen}; {NAME}-browser={chosen}")
    assert chosen not in cookies_of(entered).values()
    assert place.opens(chosen) == [303, 303]
    browser = cookies_of(entered)[f"{NAME}-browser"]
    assert place.opens(browser) == [303, 303]


def _revoke(place: Place, issued: accounts.IssuedKey) -> None:
    admin = place.key("admin").key
    done = place.https[0].delete(f"/api/v1/keys/{issued.key_id}", headers={"Authorization": f"Bearer {admin}"})
    assert done.status_code == 200, done.text


def _close_its_account(place: Place, _issued: accounts.IssuedKey) -> None:
    admin, account = place.key("admin").key, place.world.actor("STP").account_id
    done = place.https[0].patch(
        f"/api/v1/accounts/{account}", json={"active": False}, headers={"Authorization": f"Bearer {admin}"}
    )
    assert done.status_code == 200, done.text


def _let_it_expire(place: Place, _issued: accounts.IssuedKey) -> None:
    place.world.now += timedelta(days=1)


@pytest.mark.parametrize("end", [_revoke, _close_its_account, _let_it_expire], ids=lambda end: str(end.__name__))
def test_a_key_that_is_over_opens_nothing_here_at_once_and_elsewhere_within_seconds(
    place: Place, end: Callable[[Place, accounts.IssuedKey], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = place.key("STP", days=1), place.key("STP", days=30)
    assert [place.get("/api/v1/tasks", at=at, key=old.key).status_code for at in (0, 1)] == [200, 200]
    end(place, old)
    assert place.get("/api/v1/tasks", key=old.key).status_code == 401
    later = api_keys.time.monotonic() + place.apps[1].state.keys.seconds + 0.01
    monkeypatch.setattr(api_keys.time, "monotonic", lambda: later)
    assert place.get("/api/v1/tasks", at=1, key=old.key).status_code == 401
    rotated = 401 if end is _close_its_account else 200
    assert [place.get("/api/v1/tasks", at=at, key=new.key).status_code for at in (0, 1)] == [rotated] * 2


# Canaries


@pytest.mark.parametrize("as_json", [True, False])
def test_planted_secrets_come_out_nowhere(
    place: Place, as_json: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planted, found = Planted(), []
    with server_logs(monkeypatch, as_json=as_json) as said:
        found += _live(place, planted)
        found += _break(place, planted)
        if as_json:  # what else comes out does not depend on how the log is written
            found += _look_at_everything(place, planted, place.session("admin"))
            found += _read_files(place, planted, tmp_path, monkeypatch)
    assert "unexpected error" in said.getvalue()  # it did break, and the log was listening
    found += planted.found("the log", said.getvalue())
    assert found == []


def _live(place: Place, planted: Planted) -> list[str]:
    """A working day, with everything that people and programs get wrong in it."""
    found: list[str] = []

    def hear(where: str, answer: Any, *told: str) -> Any:
        found.extend(planted.found(where, text_of(answer), told=told))
        return answer

    for what, secret in (("wrong password", WRONG), ("password as name", MISPLACED), ("wrong key", GUESSED_KEY)):
        planted.plant(what, secret)
    planted.plant("wrong link", GUESSED_LINK)
    planted.plant("password", GOOD)
    planted.plant("new password", OTHER)
    planted.plant("metrics token", "giam-sat-2f9c81aa")
    planted.plant("SMTP password", "thu-dien-tu-5521bb")
    for app in place.apps:
        app.state.settings.metrics_token = planted.secrets["metrics token"]
        app.state.settings.smtp_password = planted.secrets["SMTP password"]
    place.give_password("admin")
    link = place.link("STP")
    token = planted.plant("link token", link.rpartition("/")[2])
    hear("its page", place.get(link), "link token")
    hear("a weak password", place.send(link, {"password": WRONG, "repeated": GOOD}), "link token")
    hear("a used link", place.send(link, {"password": GOOD, "repeated": GOOD}), "link token")
    hear("a link used twice", place.send(link, {"password": OTHER, "repeated": OTHER}))
    hear("an invented link", place.get(f"/password/{GUESSED_LINK}"))
    for number in range(7):
        hear("a wrong password", place.sign_in("stp", WRONG, address="192.0.2.1", at=number % 2))
    misplaced = place.sign_in(MISPLACED, "x", address="192.0.2.2")
    hear("a misplaced password, which whoever typed it sees", misplaced, "password as name")
    entered = hear("signing in", place.sign_in("stp"))
    cookies = cookies_of(entered)
    cookie = planted.plant("session", cookies[NAME])
    planted.plant("known browser", cookies[f"{NAME}-browser"])
    csrf = planted.plant("CSRF token", csrf_of(cookie))
    hear(
        "a forged form",
        place.send("/account/password", {"csrf": csrf[:-1], "current": GOOD}, cookies=f"{NAME}={cookie}"),
        "CSRF token",  # in the form by which the owner signs out
    )
    wrong = {"current": WRONG, "password": OTHER, "repeated": OTHER}
    hear("a wrong present password", place.act(cookie, "/account/password", **wrong), "CSRF token")
    carry_a_phone(place, planted, hear)
    shown = place.act(cookie, "/account/calendar")
    planted.plant("calendar feed", str(re.findall(r"/calendar/([\w-]+)\.ics", shown.text)[0]))
    hear("a calendar", place.get(f"/calendar/{planted.secrets['calendar feed']}.ics"))
    key = planted.plant("key", place.key("SKHCN").key)
    hear("a call", place.get("/api/v1/tasks", key=key))
    hear("a wrong key", place.get("/api/v1/tasks", key=GUESSED_KEY))
    hear("a key of another kind", place.get("/api/v1/tasks", key=f"{key}x"))
    hear("metrics without the token", place.get("/metrics", key=WRONG))
    body = {"kind": "officer", "name": "Văn thư", "agency": "SKHCN", "webhook_url": "https://hooks.example.vn/kp",
            "webhook_secret": planted.plant("webhook secret", SIGNING)}  # fmt: skip
    heads = {"Authorization": f"Bearer {place.key('coordinator').key}"}
    made = place.https[0].post("/api/v1/contacts", json=body, headers=heads)
    assert made.status_code == 201, made.text
    for bad in ({"kind": "king"}, {"webhook_url": "elsewhere"}, {"webhook_secret": SIGNING[:-2]}, {"email": SIGNING}):
        refused = place.https[0].post("/api/v1/contacts", json={**body, **bad}, headers=heads)
        assert refused.status_code == 422, refused.text
        hear("a contact that cannot be", refused)
    assert token not in place.get("/", cookies=f"{NAME}={cookie}").text
    return found


def _break(place: Place, planted: Planted) -> list[str]:
    """What answers while the database lacks a table: failures of ours, with every secret in hand."""
    found: list[str] = []
    tables = ("try_count", "login_session", "password_link", "api_key", "calendar_feed", "recovery_code")
    renamed = [
        (f"ALTER TABLE {name} RENAME TO {name}_away", f"ALTER TABLE {name}_away RENAME TO {name}") for name in tables
    ]
    cookie, key = f"{NAME}={planted.secrets['session']}", planted.secrets["key"]
    for app in place.apps:
        app.state.keys.forget()
    _run(place.world, [away for away, _ in renamed])
    try:
        for where, answer in (
            ("signing in", place.sign_in("stp", GOOD)),
            ("a page", place.get("/account", cookies=cookie)),
            ("a form", place.send("/signout", {"csrf": planted.secrets["CSRF token"]}, cookies=cookie)),
            ("a link", place.get(f"/password/{planted.secrets['link token']}")),
            (
                "a password",
                place.send(f"/password/{planted.secrets['link token']}", {"password": GOOD, "repeated": GOOD}),
            ),
            ("a call", place.get("/api/v1/tasks", key=key)),
            (
                "a recovery code",
                place.send(
                    "/signin/code",
                    {"recovery": planted.secrets["recovery code 2"]},
                    cookies=f"{NAME}-half={planted.secrets['half-way']}",
                ),
            ),
            ("a calendar", place.get(f"/calendar/{planted.secrets['calendar feed']}.ics")),
        ):
            assert answer.status_code >= 500, where
            found += planted.found(f"{where} that failed", text_of(answer))
    finally:
        _run(place.world, [back for _, back in renamed])
    return found


def _run(world: World, statements: list[str]) -> None:
    with world.db.transaction() as connection:
        for statement in statements:
            connection.execute(text(statement))


def _look_at_everything(place: Place, planted: Planted, admin: str) -> list[str]:
    """Every page, table, operation and operators' address, as whoever sees most."""
    found: list[str] = []
    app, key = place.apps[0], place.key("admin").key
    account = place.world.actor("STP").account_id
    paths = {filled(one.path, 0) for one in page_addresses(app) if one.method == "GET"} - {"/signout"}
    paths |= {f"/accounts/{account}", "/audit?limit=500", "/csv/audit", "/csv/accounts", "/csv/contacts", "/docs"}
    for path in sorted(paths):
        found += planted.found(path, text_of(place.get(path, cookies=f"{NAME}={admin}")))
    for path in sorted({filled(one.path, 0) for one in addresses(app) if one.method == "GET"} - paths):
        found += planted.found(path, text_of(place.get(path, key=key)))
    for path in ("/api/v1/openapi.json", "/api/v1/audit?limit=200", f"/api/v1/accounts/{account}", "/api/v1/keys"):
        answer = place.get(path, key=key)
        assert answer.status_code == 200, path
        found += planted.found(path, text_of(answer))
    metrics = place.get("/metrics", key=planted.secrets["metrics token"])
    assert metrics.status_code == 200
    return found + planted.found("/metrics", text_of(metrics))


def _read_files(place: Place, planted: Planted, folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Backup, doctor, letters, and what commands say about settings that do not fit."""
    found: list[str] = []
    kept = tuple(planted.kept)
    archive = folder / "backup.zip"
    store = open_store(place.settings)
    backup.dump(place.world.db, store, archive, now=place.world.now, report=lambda _line: None)
    for name, part in contents(archive):
        found += planted.found(f"the backup's {name}", part, told=kept)
    for name, value in (
        ("DATABASE_URL", place.settings.database_url),
        ("KHACPHUC_DATA_DIR", str(folder)),
        ("KHACPHUC_SMTP_PASSWORD", planted.secrets["SMTP password"]),
        ("KHACPHUC_METRICS_TOKEN", planted.secrets["metrics token"]),
    ):
        monkeypatch.setenv(name, value)
    for args in (["doctor"], ["doctor", "--json"], ["accounts", "list"], ["keys", "list"], ["contacts", "list"]):
        done = CliRunner().invoke(cli, args)
        assert done.stdout, args
        found += planted.found(f"khacphuc {' '.join(args)}", done.output)
    found += planted.found("settings in a trace", repr(place.settings) + repr(place.apps[0].state.settings))
    return found
