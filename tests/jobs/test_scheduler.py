"""The alarm clock itself."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from apscheduler.schedulers.background import BackgroundScheduler

from app import scheduler
from app.clock import Clock
from app.settings import Settings


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> threading.Semaphore:
    """Released at each turn of the only job there is, which comes once an hour."""
    turns = threading.Semaphore(0)
    monkeypatch.setattr(scheduler, "JOBS", (scheduler.Job("plan", lambda _: turns.release(), seconds=3600),))
    monkeypatch.setattr(scheduler, "MINDED", 0.01)
    return turns


def test_a_clock_that_is_set_back_silences_nobody(rung: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[BackgroundScheduler] = []
    add = BackgroundScheduler.start
    monkeypatch.setattr(BackgroundScheduler, "start", lambda self, *a: (made.append(self), add(self, *a))[1])
    stop = scheduler.start(None, Settings(), Clock())  # type: ignore[arg-type]  # the job asks for nothing
    assert rung.acquire(timeout=20)
    made[0].get_jobs()[0].modify(next_run_time=Clock.real_now() + timedelta(days=1))  # as it stands after that
    assert rung.acquire(timeout=20)
    assert not rung.acquire(timeout=0.1)  # and then once an hour as before
    stop()


def test_a_failing_turn_is_followed_by_the_next(rung: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: Any) -> None:
        rung.release()
        raise RuntimeError("no")

    monkeypatch.setattr(scheduler, "JOBS", (scheduler.Job("plan", fail, seconds=1),))
    stop = scheduler.start(None, Settings(), Clock())  # type: ignore[arg-type]
    assert rung.acquire(timeout=20)
    assert rung.acquire(timeout=20)
    stop()
