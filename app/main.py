"""The only wiring: settings and clock in, a running application out."""

import contextlib
from collections.abc import AsyncIterator

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool

from app import scheduler
from app.accounts import KeyRing
from app.api import (
    accounts,
    agencies,
    assessments,
    audit,
    docs,
    errors,
    evidence,
    measures,
    ops,
    reminders,
    shares,
    tasks,
)
from app.api.limits import BodyLimit
from app.clock import Clock
from app.db import Database, open_database
from app.settings import Settings

ROUTERS = (assessments, tasks, evidence, shares, measures, reminders, agencies, accounts, audit)


def create_app(settings: Settings, clock: Clock, db: Database | None = None) -> FastAPI:
    """An application on `db`, or on the database that the settings name, which it then opens and closes itself."""

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.db = db or open_database(settings.url, pool_size=settings.pool_size)
        stop = scheduler.start(app.state.db, settings, clock) if settings.scheduler else None
        yield
        if stop is not None:
            await run_in_threadpool(stop)
        if db is None:
            app.state.db.close()

    app = FastAPI(
        title="Khắc Phục",
        summary="Theo dõi khắc phục các tiêu chí cải cách hành chính chưa đạt điểm tối đa",
        version="1",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,  # a redirect would repeat whatever Host the caller sent
        openapi_url="/api/v1/openapi.json",
    )
    app.state.settings, app.state.clock, app.state.keys = settings, clock, KeyRing()
    errors.install(app)
    for module in ROUTERS:
        app.include_router(module.router, prefix="/api/v1")
    app.include_router(ops.router)
    app.include_router(docs.router)
    app.mount("/static", docs.assets, name="static")
    app.add_middleware(BodyLimit, limit=settings.body_limit, upload_limit=settings.evidence_limit + 64_000)
    return app
