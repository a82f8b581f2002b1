"""`khacphuc accounts`, and what a first start prints for people."""

import asyncio
import re

import pytest
from rich.cells import cell_len
from sqlalchemy import insert, select

from app import accounts, models
from app.accounts.second_factor.codes import new_secret
from tests.cli.conftest import Console, Serve
from tests.conftest import MAY as NOW
from tests.conftest import SEED, World
from tests.domain.succession_scene import logged
from tests.web.test_signin import GOOD

LINK = re.compile(r"https?://\S+/password/(\S{43})")


def use(world: World, console: Console, link: str) -> str:
    """The name of the account whose password the link sets."""
    found = LINK.fullmatch(link)
    assert found is not None
    made = console("accounts", "list", "--json").json  # the command's clock is the machine's
    assert made
    from app.clock import Clock

    return asyncio.run(accounts.set_password(world.db, found[1], GOOD, now=Clock.real_now()))


def test_an_account_is_made_with_a_link_that_sets_its_password(console: Console, seeded: World) -> None:
    made = console("accounts", "create", "--role", "agency", "--agency", "stp", "--drafts-only", "--json").json
    assert (made["account"], made["agency"], made["drafts_only"]) == ("agency-stp", "STP", True)
    assert use(seeded, console, made["link"]) == "agency-stp"
    listed = {one["name"]: one for one in console("accounts", "list", "--json").json}
    assert listed["agency-stp"]["has_password"] is True
    assert "password_hash" not in listed["agency-stp"]


def test_a_link_is_made_by_name_and_starts_with_the_configured_address(console: Console, seeded: World) -> None:
    console("accounts", "create", "--role", "leadership", "--name", "pct.ubnd", "--display-name", "Phó Chủ tịch")
    said = console("accounts", "link", "pct.ubnd", KHACPHUC_BASE_URL="https://khacphuc.example.vn/")
    assert "Phó Chủ tịch" in said.out
    link = next(word for word in said.out.split() if LINK.fullmatch(word))
    assert link.startswith("https://khacphuc.example.vn/password/")
    assert "KHACPHUC_BASE_URL" not in said.out
    assert "KHACPHUC_BASE_URL" in console("accounts", "link", "pct.ubnd").out
    again = console("accounts", "link", "pct.ubnd", "--json").json
    assert use(seeded, console, again["link"]) == "pct.ubnd"


def test_a_second_factor_is_removed_on_the_server_with_a_reason(console: Console, seeded: World) -> None:
    console("accounts", "create", "--role", "admin")
    with seeded.db.transaction() as connection:
        account = connection.execute(select(models.accounts.c.id).where(models.accounts.c.name == "admin")).scalar_one()
        factor = {"account_id": account, "secret": new_secret(), "created_at": NOW, "session_id": 1}
        factor |= {"confirmed_at": NOW, "last_step": 0}
        connection.execute(insert(models.second_factors).values(factor))
    for args in (("nobody", "--reason", "x"), ("admin", "--reason", " ")):
        said = console("accounts", "remove-second-factor", *args)
        assert (said.code, len(said.problem.splitlines())) == (1, 1), args
    assert console("accounts", "remove-second-factor", "admin").code == 2
    done = console("accounts", "remove-second-factor", "admin", "--reason", "Mất điện thoại", "--json").json
    assert (done["name"], done["second_factor"]) == ("admin", False)
    assert console("accounts", "remove-second-factor", "admin", "--reason", "Mất điện thoại").code == 1
    assert [(one.actor, one.why) for one in logged(seeded, action="account.second_factor_removed")] == [
        ("hệ thống", "Mất điện thoại")
    ]


def test_what_is_not_there_or_cannot_be_made_is_one_line(console: Console) -> None:
    for args in (
        ("link", "nobody"),
        ("create", "--role", "agency"),
        ("create", "--role", "leadership", "--agency", "STP"),
        ("create", "--role", "leadership", "--drafts-only"),
        ("create", "--role", "leadership", "--name", "Tên Có Dấu"),
    ):
        said = console("accounts", *args)
        assert (said.code, said.out, len(said.problem.splitlines())) == (1, "", 1), args
    assert console("accounts", "create").code == 2


@pytest.mark.parametrize("width", ["80", "120"])
def test_a_list_fits_into_the_window(console: Console, width: str) -> None:
    for role in ("admin", "coordinator", "leadership"):
        console("accounts", "create", "--role", role)
    out = console("accounts", "list", "--role", "coordinator", COLUMNS=width).out
    assert "coordinator" in out
    assert "chưa có" in out
    assert "leadership" not in out
    assert max(map(cell_len, out.splitlines())) <= int(width)


def test_a_first_start_shows_a_link_for_everybody_within_eighty_columns(serve: Serve) -> None:
    with serve("--seed", str(SEED)) as server:
        said = [line.rstrip("\n") for line in server.lines]
        links = [line.split()[0] for line in said if "/password/" in line]
        assert len(links) == len(server.keys) == 8
        assert all(link.startswith(f"http://127.0.0.1:{server.port}/password/") for link in links)
        first = said.index("    " + links[0])
        assert first < min(index for index, line in enumerate(said) if " kp_" in line)
        assert "coordinator" in said[first - 1]
        assert any("khacphuc accounts link" in line for line in said)
        shown = said[: next(index for index, line in enumerate(said) if "Khóa API" in line)]
        assert max(map(cell_len, shown)) <= 80
        assert "coordinator" in server.get(links[0].removeprefix(f"http://127.0.0.1:{server.port}")).text
