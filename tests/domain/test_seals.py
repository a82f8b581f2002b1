"""The chain over the log: what it covers, and what it shows when somebody writes behind its back."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, func, select, text

from app import seals
from app.models import events
from app.models import seals as chain
from app.seals import Head, Verified
from app.tasks import Update, record_update
from tests.conftest import World


def seal(world: World) -> int:
    with world.db.transaction() as connection:
        return seals.seal_committed(connection, now=world.now)


def verify(world: World, *heads: Head) -> Verified:
    with world.db.snapshot() as connection:
        return seals.verify(connection, heads, now=world.now)


def report(world: World, version: int) -> None:
    note = Update(status="in_progress", note=f"Lần {version}")
    world.write(record_update, world.actor("SKHCN"), "ST-2024-TC-16", note, version=version)


@pytest.fixture
def sealed(seeded: World) -> World:
    """Everything so far is sealed, and has been for two hours."""
    report(seeded, 1)
    seal(seeded)
    seeded.now += timedelta(hours=2)
    report(seeded, 2)
    report(seeded, 3)
    seal(seeded)
    seeded.now += timedelta(hours=2)
    return seeded


def behind_its_back(world: World, *statements: str) -> None:
    """Somebody who owns the database takes the triggers away first."""

    def strike(connection: Connection) -> None:
        if connection.dialect.name == "sqlite":
            found = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars().all()
            for name in found:
                connection.execute(text(f"DROP TRIGGER {name}"))
        else:
            connection.execute(text("ALTER TABLE event DISABLE TRIGGER USER"))
            connection.execute(text("ALTER TABLE seal DISABLE TRIGGER USER"))
        for statement in statements:
            connection.execute(text(statement))

    with world.db.transaction() as connection:
        strike(connection)


def kinds(found: Verified) -> set[str]:
    return {one.kind for one in found.findings}


def test_an_untouched_log_is_whole_and_the_unsealed_window_is_told(sealed: World) -> None:
    found = verify(sealed)
    with sealed.db.snapshot() as connection:
        written = connection.execute(select(func.count()).select_from(events)).scalar_one()
    assert (found.findings, found.unsealed, found.head.position) == ([], 0, written)
    report(sealed, 4)
    found = verify(sealed)
    assert (found.findings, found.unsealed, found.since) == ([], 1, sealed.now)
    assert seal(sealed) == 1
    assert seal(sealed) == 0
    assert verify(sealed).head.position == written + 1


_LAST = "(SELECT max(id) FROM event)"
_SOME = "(SELECT event_id FROM seal WHERE position = 10)"
_COPY = (
    "INSERT INTO event (id, at, province_id, assessment_id, entity, entity_id, entity_code, action, account_id, actor, "
    "on_behalf_of, before, after, why) SELECT {id}, at, province_id, assessment_id, entity, entity_id, entity_code, "
    "action, account_id, actor, on_behalf_of, before, after, 'chèn' FROM event WHERE id = {of}"
)


@pytest.mark.parametrize(
    ("strike", "kind"),
    [
        ((f"UPDATE event SET why = 'khác' WHERE id = {_SOME}",), "edited"),
        ((f"UPDATE event SET actor = 'khác' WHERE id = {_LAST}",), "edited"),
        ((f"DELETE FROM event WHERE id = {_SOME}",), "deleted"),
        ((f"DELETE FROM event WHERE id = {_LAST}",), "deleted"),
        (("DELETE FROM seal WHERE position = 10",), "broken"),
        ((f"DELETE FROM event WHERE id = {_SOME}", "DELETE FROM seal WHERE position = 10"), "broken"),
        ((_COPY.format(id=0, of=_SOME),), "inserted"),
        (("UPDATE seal SET sealed_at = '2099-01-01 00:00:00'", _COPY.format(id=0, of=_SOME)), "inserted"),
    ],
)
def test_every_change_behind_its_back_is_found(sealed: World, strike: tuple[str, ...], kind: str) -> None:
    behind_its_back(sealed, *strike)
    seal(sealed)
    assert kind in kinds(verify(sealed))


_EDIT = f"UPDATE event SET {{}} WHERE id = {_SOME}"


@pytest.mark.parametrize(
    ("engine", "edit"),
    [
        ("sqlite", "before = 'no json'"),
        ("sqlite", "at = 'never'"),
        ("sqlite", "at = '0001-01-01 00:00:00'"),
        ("sqlite", "actor = x'ff'"),
        ("sqlite", "actor = CAST(x'ff41' AS TEXT)"),
        ("sqlite", "before = replace(hex(zeroblob(60000)), '0', '[')"),
        ("sqlite", "at = replace(at, '-', '')"),
        ("sqlite", "at = at || '+00:00'"),
        ("postgresql", "at = 'infinity'"),
        ("postgresql", "at = '0100-01-01 00:00:00 BC'"),
    ],
    indirect=["engine"],
)
def test_a_line_that_nobody_can_read_or_that_is_spelt_otherwise_is_named_and_hides_no_other(
    sealed: World, edit: str
) -> None:
    """SQL compares the spelling of a time on SQLite: another one takes a line out of every list by days."""
    behind_its_back(sealed, _EDIT.format(edit), f"UPDATE event SET why = 'khác' WHERE id = {_LAST}")
    found = [(one.kind, one.position) for one in verify(sealed).findings]
    assert found == [("edited", 10), ("edited", verify(sealed).head.position)]


def test_a_last_line_that_nobody_can_read_stops_neither_sealer_nor_verifier(sealed: World) -> None:
    spoilt = "never" if sealed.db.url.startswith("sqlite") else "infinity"
    behind_its_back(sealed, f"UPDATE event SET at = '{spoilt}' WHERE id = {_LAST}")
    report(sealed, 4)
    assert seal(sealed) == 1
    assert kinds(verify(sealed)) == {"edited"}


def test_a_line_added_at_the_end_under_an_older_time_is_told(sealed: World) -> None:
    assert verify(sealed).backdated == []
    behind_its_back(sealed, _COPY.format(id="(SELECT max(id) + 1 FROM event)", of=_SOME))
    assert [one.position for one in verify(sealed).backdated] == [None]
    assert seal(sealed) == 1
    found = verify(sealed)
    assert (found.findings, [one.position for one in found.backdated]) == ([], [found.head.position])


def test_what_a_sealer_just_missed_is_no_insertion_however_long_none_runs(seeded: World) -> None:
    """An event with a smaller id may be committed after the last seal before a stop for the night."""
    report(seeded, 1)
    with seeded.db.snapshot() as connection:
        last = connection.execute(select(func.max(events.c.id))).scalar_one()
    behind_its_back(seeded, _COPY.format(id=last + 2, of=last))
    seal(seeded)
    behind_its_back(seeded, _COPY.format(id=last + 1, of=last))
    seeded.now += timedelta(hours=12)
    assert (verify(seeded).findings, verify(seeded).unsealed) == ([], 1)
    assert seal(seeded) == 1
    assert verify(seeded).findings == []


def test_two_events_that_change_places_are_found(sealed: World) -> None:
    behind_its_back(
        sealed,
        "UPDATE seal SET event_id = -event_id WHERE position IN (10, 11)",
        "UPDATE seal SET event_id = (SELECT -s.event_id FROM seal s WHERE s.position = 21 - seal.position) "
        "WHERE position = 10",
        "UPDATE seal SET event_id = (SELECT e.id FROM event e WHERE NOT EXISTS "
        "(SELECT 1 FROM seal s WHERE s.event_id = e.id)) WHERE position = 11",
    )
    assert kinds(verify(sealed)) == {"edited"}


def test_a_cut_tail_is_found_with_the_head_that_was_sent(sealed: World) -> None:
    with sealed.db.snapshot() as connection:
        sent = seals.get_head(connection)
    assert verify(sealed, sent).findings == []
    last = f"{sent.position}"
    behind_its_back(
        sealed,
        f"DELETE FROM event WHERE id IN (SELECT event_id FROM seal WHERE position > {last} - 2)",
        f"DELETE FROM seal WHERE position > {last} - 2",
    )
    assert verify(sealed).findings == []  # the chain alone looks whole
    assert kinds(verify(sealed, sent)) == {"cut"}


def test_a_chain_made_anew_is_found_with_the_head_that_was_sent(sealed: World) -> None:
    with sealed.db.snapshot() as connection:
        sent = seals.get_head(connection)
    behind_its_back(sealed, f"UPDATE event SET why = 'khác' WHERE id = {_SOME}", "DELETE FROM seal")
    seal(sealed)
    assert verify(sealed).findings == []
    assert kinds(verify(sealed, sent)) == {"cut"}
    other = verify(sealed).head
    assert kinds(verify(sealed, sent, other)) == kinds(verify(sealed, other, sent)) == {"cut"}  # two at one place


def test_the_database_itself_refuses_changes_of_the_chain(sealed: World) -> None:
    def strike(statement: str) -> Callable[[Connection], Any]:
        return lambda connection: connection.execute(text(statement))

    for statement in ("UPDATE seal SET hash = ''", "DELETE FROM seal"):
        with pytest.raises(Exception, match="append-only"), sealed.db.transaction() as connection:
            strike(statement)(connection)


def test_events_are_sealed_in_the_order_in_which_they_are_seen_committed(seeded: World) -> None:
    """On PostgreSQL an event with a smaller id may be committed after one with a greater one."""
    seal(seeded)
    report(seeded, 1)
    with seeded.db.snapshot() as connection:
        last = connection.execute(select(func.max(events.c.id))).scalar_one()
    behind_its_back(seeded, _COPY.format(id=last + 2, of=last))
    seal(seeded)
    behind_its_back(seeded, _COPY.format(id=last + 1, of=last))
    assert seal(seeded) == 1
    with seeded.db.snapshot() as connection:
        order = connection.execute(select(chain.c.event_id).order_by(chain.c.position.desc()).limit(3)).scalars().all()
    assert order == [last + 1, last + 2, last]
    assert verify(seeded).findings == []


def test_a_second_sealer_leaves_it_to_the_first(seeded: World) -> None:
    if seeded.db.url.startswith("sqlite"):
        assert seal(seeded) > 0  # one writer at a time by itself
        return
    with seeded.db.transaction() as connection:
        assert seals.seal_committed(connection, now=seeded.now) > 0
        assert seal(seeded) == 0


def test_the_coordinators_letter_carries_the_head_out_of_the_house(sealed: World) -> None:
    from app.models import digests
    from app.outbox.content import gather
    from app.outbox.letter import as_html, as_text, compose
    from app.reminders import run_now

    sealed.now = sealed.now.replace(month=7, day=2)
    sealed.write(run_now, sealed.actor("coordinator"))
    with sealed.db.snapshot() as connection:
        head = seals.get_head(connection)
        letters = {
            row.recipient: compose(gather(connection, row.id, today=row.local_date), base_url="http://127.0.0.1")
            for row in connection.execute(select(digests))
        }
    told = f"{head.position}:{head.hash}"
    assert told in as_text(letters["soc-trang/SNV"], addressee="")
    assert told in as_html(letters["soc-trang/SNV"], addressee="")
    assert all(letter.seal == "" for recipient, letter in letters.items() if recipient != "soc-trang/SNV")
    assert len(letters) > 5
