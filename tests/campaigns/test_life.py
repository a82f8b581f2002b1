"""The task's life with many hands in it, beside a small model of it: after every step both must say the same.

The short form runs here; `python -m bench.life --steps 10000` runs the same machine for longer and prints figures.
"""

import contextlib
import copy
import shutil
import sqlite3
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, time
from pathlib import Path
from threading import Barrier
from typing import Any, ClassVar

import holidays
import pytest
from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import func, make_url, select

from app import outbox, reminders, summaries
from app.assessments.load import load_assessment
from app.assessments.seedfile import load_seed
from app.core.access import SYSTEM
from app.db import open_database
from app.errors import Problem
from app.models import deliveries, digest_items, digests, events
from app.projections import get_projection
from app.settings import Settings
from app.tasks import Filter, list_tasks
from tests.campaigns.acts import WHO, Act, Dice, answer_share, anything, sensible, shown, steer
from tests.campaigns.model import DAY, LOCAL, Life, read_life
from tests.conftest import Engines, World
from tests.jobs.scene import SetClock, settings_for

SEED = Path(__file__).with_name("seed.yaml")
ASSESSMENT = "soc-trang-2025"
START = datetime(2025, 5, 26, 2, 0, tzinfo=UTC)
"""A Monday, 09:00 in Sóc Trăng, five weeks before the deadline."""
CODES = tuple(f"TH-2025-{one}" for one in ("TC-01", "TC-02", "TC-03", "TC-04", "KS-01", "KS-02"))
SHARES = ("TH-2025-TC-01.01", "TH-2025-TC-01.02", "TH-2025-TC-04.01")
HOURS = (time(0, 30), time(7, 30), time(8), time(9), time(11, 59), time(16, 59), time(17), time(23, 30))
KNOWN = holidays.country_holidays("VN", years=range(2025, 2030))

luck = st.integers(0, 10_000)
dice = st.builds(Dice, luck, luck, st.integers(0, 40))


class Course:
    """One course of events: a database, the model beside it, and what each account last saw of each task."""

    def __init__(self, world: World, folder: Path) -> None:
        self.world = world.at(START)
        self.settings: Settings = settings_for(world.db, folder)
        self.life: Life = read_life(SEED, START, off=KNOWN, worked=KNOWN.weekend_workdays)
        self.untouched = self.life.standing()
        self.seen = {(who, code): 1 for who in WHO for code in CODES}

    def do(self, act: Act) -> str:
        """For real and in the model; what stood in the way must be the same. Returns it, or "done"."""
        faults = act.model(self.life)
        problem = self._attempt(act)
        assert problem in faults if faults else problem is None, f"{act.said}: {problem}, expected {set(faults) or 0}"
        return problem or "done"

    def do_at_once(self, acts: tuple[Act, Act]) -> list[str]:
        """Two people at the same moment: the outcome must be that of one order or of the other."""
        start = Barrier(2)

        def run(act: Act) -> str | None:
            start.wait()
            return self._attempt(act)

        with ThreadPoolExecutor(2) as pool:
            problems = list(pool.map(run, acts))
        for order in ((0, 1), (1, 0)):
            trial = copy.deepcopy(self.life)
            faults = {place: acts[place].model(trial) for place in order}
            if all(problems[place] in faults[place] if faults[place] else problems[place] is None for place in order):
                self.life = trial
                return [problem or "done" for problem in problems]
        raise AssertionError(f"{acts[0].said} | {acts[1].said}: {problems} is neither order's outcome")

    def _attempt(self, act: Act) -> str | None:
        try:
            act.real(self.world)
        except Problem as problem:
            return type(problem).__name__
        return None

    def version(self, who: str, code: str, *, fresh: bool) -> int:
        if fresh:
            self.seen[who, code] = self.life.tasks[code].version
        return self.seen[who, code]

    # Time and reminders

    def pass_days(self, days: int, at: time) -> None:
        then = datetime.combine(self.life.today + days * DAY, at, LOCAL).astimezone(UTC)
        self.life.pass_to(max(then, self.life.now))
        self.world.at(self.life.now)

    def remind(self, *, asked: bool) -> int:
        """How many letters were written."""
        planned = self.life.remind(asked=asked) or {}
        if not asked:
            wrote = reminders.run_due(self.world.db, now=self.life.now)
            assert wrote == len(planned)
            return len(planned)
        said = self.world.write(reminders.run_now, self.world.actor("coordinator"))
        told = {
            one["recipient"]: {(item["kind"], item["code"], item["milestone"]) for item in one["items"]}
            for one in said["digests"]
        }
        assert told == {who: {(kind, code, step) for kind, code, _, step in rows} for who, rows in planned.items()}
        return len(planned)

    def post(self) -> None:
        self.life.post()
        outbox.deliver_due(self.world.db, self.settings, clock=SetClock(self.life.now))

    # What must be the same

    def compare(self) -> None:
        with self.world.db.snapshot() as connection:
            self._compare_tasks(connection)
            self._compare_figures(connection, None)
            self._compare_figures(connection, self.life.today - DAY)
            self._compare_ledger(connection)

    def compare_past(self, day: date) -> None:
        with self.world.db.snapshot() as connection:
            self._compare_figures(connection, day)

    def _compare_tasks(self, connection: Any) -> None:
        life = self.life
        for who in ("leadership", "STP"):
            given = (connection, self.world.actor(who), Filter(sort="code"))
            found = {one["code"]: one for one in list_tasks(*given, now=life.now)["items"]}
            assert found.keys() == {code for code in life.tasks if life.sees(who, code)}
            for code, one in found.items():
                assert {name: one[name] for name in EXPECTED} == expected_task(life, code)
                assert one["agency"]["code"] == life.tasks[code].agency
                assert {helper["code"] for helper in one["cooperating"]} == life.tasks[code].helpers
        logged = select(events.c.entity_code, func.count()).where(events.c.entity == "task")
        rows = connection.execute(logged.group_by(events.c.entity_code)).all()
        assert dict(map(tuple, rows)) == {code: task.log for code, task in life.tasks.items()}

    def _compare_figures(self, connection: Any, day: date | None) -> None:
        """`day`: None for now; before the first day everything stood untouched."""
        life = self.life
        standing = life.standing() if day is None else life.days.get(day, self.untouched)
        on = life.today if day is None else day
        for who, seen in (("coordinator", None), ("STC", [code for code in CODES if life.sees("STC", code)])):
            found = get_projection(connection, self.world.actor(who), ASSESSMENT, as_of=day, now=life.now)
            totals = life.totals(standing, seen=seen)
            assert {name: found[name] for name in totals} == {name: shown(one) for name, one in totals.items()}
            for one in found["criteria"]:
                hidden = seen is not None and one["code"] not in seen
                task = standing[one["code"]]
                assert (one["floor"], one["ceiling"]) == (shown(task.floor), shown(task.ceiling))
                assert one["expected"] == (None if hidden else shown(task.expected))
                assert one["status"] == (None if hidden else task.status)
        for by, key in (("agency", lambda code: standing[code].agency), ("kind", lambda code: life.tasks[code].kind)):
            given = (connection, self.world.actor("coordinator"), ASSESSMENT)
            found = summaries.summarize(*given, by=by, as_of=day, now=life.now)
            assert counted(found["total"]) == as_shown(life.summary(standing, on))
            parts: dict[str, dict[str, Any]] = {}
            for code, one in standing.items():
                parts.setdefault(key(code), {})[code] = one
            assert {group["key"]: counted(group) for group in found["groups"]} == {
                name: as_shown(life.summary(part, on)) for name, part in parts.items()
            }

    def _compare_ledger(self, connection: Any) -> None:
        items = select(digest_items.c.recipient, digest_items.c.kind, digest_items.c.subject)
        items = items.add_columns(digest_items.c.effective_due, digest_items.c.milestone, digests.c.local_date)
        items = items.join(digests, digests.c.id == digest_items.c.digest_id)
        rows = [(one[0].rpartition("/")[2], tuple(one[1:5]), one[5]) for one in connection.execute(items)]
        assert {row[:2]: row[2] for row in rows} == self.life.told()
        assert len(rows) == len({row[:2] for row in rows})
        states = select(digests.c.recipient, digests.c.local_date, deliveries.c.state)
        states = states.join(deliveries, deliveries.c.digest_id == digests.c.id)
        posted = Counter((one[0].rpartition("/")[2], *one[1:]) for one in connection.execute(states))
        assert posted == Counter((one.recipient, one.day, one.state) for one in self.life.digests)

    def compare_history(self) -> None:
        """Every day that has passed since the start, as the nightly snapshots keep it."""
        with self.world.db.transaction() as connection:
            summaries.take_snapshots(connection, now=self.life.now)
        found = self.world.read(summaries.get_history, self.world.actor("leadership"), ASSESSMENT)
        kept = {item["day"]: item for item in found["items"] if not item["provisional"]}
        for day, standing in self.life.days.items():
            totals = {name: shown(one) for name, one in self.life.totals(standing).items()}
            assert {name: kept[day][name] for name in totals} == totals
            assert kept[day]["counts"] == self.life.counts(standing, day)


EXPECTED = (
    "status",
    "version",
    "due_before",
    "extension_due",
    "resubmit_before",
    "effective_due",
    "overdue",
    "days_left",
    "submitted_on_time",
    "submissions",
    "percent",
    "floor",
    "expected",
    "ceiling",
    "verified",
    "reported",
    "target",
)


def expected_task(life: Life, code: str) -> dict[str, Any]:
    task = life.tasks[code]
    return {
        "status": task.status,
        "version": task.version,
        "due_before": task.due_before,
        "extension_due": task.extension,
        "resubmit_before": task.resubmit,
        "effective_due": task.due,
        "overdue": task.overdue(life.today),
        "days_left": (task.due - life.today).days,
        "submitted_on_time": task.on_time,
        "submissions": task.submissions,
        "percent": task.percent,
        **{name: shown(getattr(task, name)) for name in ("floor", "expected", "ceiling")},
        **{name: shown(getattr(task, name)) for name in ("verified", "reported", "target")},
    }


SUMMED = ("points_short", "verified_gain", "expected_gain", "completion")


def counted(group: dict[str, Any]) -> dict[str, Any]:
    return {name: group[name] for name in ("tasks", "by_status", "overdue", "on_time", "late", *SUMMED)}


def as_shown(summary: dict[str, Any]) -> dict[str, Any]:
    return summary | {name: shown(summary[name]) for name in SUMMED}


class Machine(RuleBasedStateMachine):
    """Draws never depend on what happened, so that every course can be repeated and shortened."""

    stage: ClassVar["Stage"]

    def __init__(self) -> None:
        super().__init__()
        self.opened = self.stage.open()
        self.course = Course(*self.opened[:2])

    def teardown(self) -> None:
        self.stage.close(*self.opened)

    def count(self, *outcomes: str) -> None:
        self.stage.steps += 1
        self.stage.outcomes.update(outcomes)

    def do(self, act: Act) -> None:
        self.count(f"{act.kind}: {self.course.do(act)}")

    @initialize()
    def begin(self) -> None:
        self.stage.examples += 1

    @rule(code=st.sampled_from(CODES), dice=dice)
    def work_on(self, code: str, dice: Dice) -> None:
        self.do(sensible(self.course.life, code, dice))

    @rule(code=st.sampled_from(CODES), dice=dice)
    def hand_in(self, code: str, dice: Dice) -> None:
        self.do(sensible(self.course.life, code, replace(dice, luck=dice.luck % 2)))

    @rule(place=st.integers(0, 5), dice=dice)
    def work_on_what_waits(self, place: int, dice: Dice) -> None:
        waiting = [task.code for task in self.course.life.tasks.values() if task.status == "submitted"] or CODES
        self.do(sensible(self.course.life, waiting[place % len(waiting)], dice))

    @rule(who=st.sampled_from(WHO), code=st.sampled_from(CODES), dice=dice, fresh=st.sampled_from((True, True, False)))
    def try_anything(self, who: str, code: str, dice: Dice, fresh: bool) -> None:
        version = self.course.version(who, code, fresh=fresh)
        self.do(anything(self.course.life, who, code, dice, version))

    @rule(code=st.sampled_from(CODES), one=dice, other=dice)
    def two_at_once(self, code: str, one: Dice, other: Dice) -> None:
        acts = (sensible(self.course.life, code, one), sensible(self.course.life, code, other))
        self.count(*(f"two at once: {outcome}" for outcome in self.course.do_at_once(acts)))

    @rule(
        code=st.sampled_from(SHARES),
        own=st.sampled_from((True, True, True, False)),
        said=st.dictionaries(st.sampled_from(("reason", "current", "resolved")), st.booleans(), min_size=1),
    )
    def answer_share(self, code: str, own: bool, said: dict[str, bool]) -> None:
        meant = {"reason": ("", "Lý do"), "current": (None, 3), "resolved": (False, True)}
        holder = self.course.life.shares[code].agency
        values = {name: meant[name][given] for name, given in said.items()}
        self.do(answer_share(holder if own else WHO[len(said)], code, values))

    @rule(days=st.sampled_from((0, 0, 1, 1, 2, 3, 5, 10)), at=st.sampled_from(HOURS), back=st.integers(1, 40))
    def time_passes(self, days: int, at: time, back: int) -> None:
        self.course.pass_days(days, at)
        self.course.compare_past(self.course.life.today - back * DAY)
        self.course.compare_history()
        self.count("time passes: done")

    @rule(days=st.sampled_from((0, 1, 1, 2, 3, 7)), posting=st.booleans())
    def tick(self, days: int, posting: bool) -> None:
        """As the scheduler does: the day's plan if its hour has come, then the letters that wait."""
        if days:
            self.course.pass_days(days, time(8))
        wrote = self.course.remind(asked=False)
        if posting:
            self.course.post()
        self.count(f"reminders: {wrote} letters")

    @rule(posting=st.booleans())
    def remind_now(self, posting: bool) -> None:
        wrote = self.course.remind(asked=True)
        if posting:
            self.course.post()
        self.count(f"reminders asked for: {wrote} letters")

    @rule(code=st.sampled_from(CODES), days=st.integers(1, 31), posting=st.booleans())
    def remind_move_and_remind(self, code: str, days: int, posting: bool) -> None:
        """Whoever has had today's letter gets no second one, however near a date has come meanwhile."""
        wrote = self.course.remind(asked=True)
        if posting:
            self.course.post()
        task = self.course.life.tasks[code]
        due = self.course.life.today + days * DAY
        self.course.do(steer("coordinator", code, task.version, "Điều chỉnh", due=due))
        self.count(f"reminders asked for twice: {wrote} and {self.course.remind(asked=True)} letters")

    @invariant()
    def all_the_same(self) -> None:
        self.course.compare()


class Stage:
    """A template database of one engine, a copy of it for each course, and a tally."""

    def __init__(self, engines: Engines, engine: str) -> None:
        self.engines, self.engine = engines, engine
        self.steps = self.examples = 0
        self.outcomes: Counter[str] = Counter()
        self.actors: dict[str, Any] = {}
        if (engine, "life") not in engines.templates:
            engines.templates[engine, "life"] = self._template()
        else:
            self.actors = ACTORS[engine]

    def _template(self) -> str:
        url = self.engines.copy(self.engine, "migrated")
        with contextlib.closing(open_database(url)) as db:
            with db.transaction() as connection:
                load_assessment(connection, SYSTEM, load_seed(SEED), now=START - 20 * DAY)
            world = World(db, START)
            # Agencies that only get their share have accounts too.
            self.actors = {who: world.actor(who) for who in (*WHO, "VPUB")}
            ACTORS[self.engine] = self.actors
        name = str(make_url(url).database)
        if self.engine == "sqlite":  # so that copying the one file copies everything
            with contextlib.closing(sqlite3.connect(name)) as connection:
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return name

    def open(self) -> tuple[World, Path, str]:
        url = self.engines.copy(self.engine, "life")
        folder = Path(tempfile.mkdtemp(dir=self.engines.folder))
        return World(open_database(url, pool_size=2), START, dict(self.actors)), folder, url

    def close(self, world: World, folder: Path, url: str) -> None:
        world.db.close()
        self.engines.drop(url)
        shutil.rmtree(folder)


ACTORS: dict[str, dict[str, Any]] = {}


def run_courses(stage: Stage, *, examples: int, chance: int | None = None, **more: Any) -> None:
    """Raises what the first course that disagrees raises, shortened. `chance`: None for the same courses each time."""
    given = {"max_examples": examples, "stateful_step_count": 50, "deadline": None, "database": None, **more}
    held = settings(suppress_health_check=list(HealthCheck), derandomize=chance is None, **given)
    machine = type("LifeMachine", (Machine,), {"stage": stage})
    run_state_machine_as_test(machine if chance is None else seed(chance)(machine), settings=held)


@pytest.fixture
def stage(engine: str, engines: Engines) -> Stage:
    return Stage(engines, engine)


def test_whatever_people_do_the_application_and_the_model_agree(stage: Stage) -> None:
    run_courses(stage, examples=8)
    assert stage.steps > 300
