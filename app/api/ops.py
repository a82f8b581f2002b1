"""For whoever runs the service: liveness, readiness, metrics. Outside /api/v1 and without a key."""

import asyncio
import hmac
from datetime import datetime

from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST, Gauge, generate_latest
from starlette.concurrency import run_in_threadpool
from starlette.responses import PlainTextResponse, Response

from app import pulse, room, schema
from app.api.deps import reply
from app.db import Database
from app.errors import Unauthenticated, Unwritable
from app.outbox import DELIVERY_STATES

router = APIRouter(tags=["ops"])

READY_SECONDS = 3.0
"""A database that takes longer is of no use to whoever waits for a page."""


@router.get("/healthz")
async def healthz() -> Response:
    """The process answers."""
    return reply({"status": "ok"})


@router.get("/readyz", responses={503: {"description": "Chưa sẵn sàng", "content": {"application/json": {}}}})
async def readyz(request: Request) -> Response:
    """The database answers and takes writes, its schema fits this code, and the data folder has room; 503 otherwise."""
    state = request.app.state
    try:
        async with asyncio.timeout(READY_SECONDS):
            found = await state.db.read(schema.revision)
            await state.db.write(state.db.check_writable)
            await run_in_threadpool(room.check, state.settings.data_dir)
    except Unwritable as error:
        return reply({"status": "unavailable", "storage": error.detail}, 503)
    except Exception:  # whatever the driver raises, the answer to a load balancer is the same
        return reply({"status": "unavailable", "database": "unreachable"}, 503)
    ready = found == schema.HEAD
    return reply({"status": "ok" if ready else "unavailable", "schema": found}, 200 if ready else 503)


DATABASE = Gauge("khacphuc_database_up", "1 while the database answers")
MESSAGES = Gauge("khacphuc_messages", "Messages of the outbox by state", ("state",))
UNDELIVERED = Gauge("khacphuc_oldest_undelivered_seconds", "How long the oldest message should have been out")
PLANNED = Gauge("khacphuc_last_plan_seconds", "Time since the last successful plan of reminders; -1 before the first")
UNSEALED = Gauge("khacphuc_oldest_unsealed_seconds", "How long the oldest event of the log has stood without a seal")


@router.get("/metrics", response_class=PlainTextResponse)
async def metrics(request: Request) -> Response:
    """Prometheus text format; see docs/alerts.yml. Answers also while the database does not.

    With KHACPHUC_METRICS_TOKEN only to `Authorization: Bearer TOKEN`.
    """
    _check_token(request.headers.get("authorization", ""), request.app.state.settings.metrics_token)
    await _measure(request.app.state.db, now=request.app.state.clock.now())
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


def _check_token(given: str, wanted: str) -> None:
    scheme, _, token = given.partition(" ")
    if wanted and not (scheme.lower() == "bearer" and hmac.compare_digest(token.encode(), wanted.encode())):
        raise Unauthenticated("Cần Authorization: Bearer với giá trị của KHACPHUC_METRICS_TOKEN.")


async def _measure(db: Database, *, now: datetime) -> None:
    try:
        found = await db.read(pulse.take_pulse, now=now)
    except Exception:  # an alert reads the gauge; a scrape that fails would say less
        DATABASE.set(0)
        return
    DATABASE.set(1)
    for state in DELIVERY_STATES:
        MESSAGES.labels(state).set(found.messages.get(state, 0))
    UNDELIVERED.set(found.oldest_undelivered)
    PLANNED.set(-1 if found.last_plan is None else found.last_plan)
    UNSEALED.set(found.oldest_unsealed)
