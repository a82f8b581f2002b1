"""The only wiring: settings and clock in, a running application out."""

import contextlib
from collections.abc import AsyncIterator

from anyio import CapacityLimiter
from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.middleware.gzip import GZipMiddleware

from app import scheduler
from app.accounts import KeyRing
from app.api import accounts, agencies, assessments, audit, evidence, exports, measures, ops, reminders, shares, tasks
from app.api import documents as document_files
from app.api import workbooks as workbook_routes
from app.api.edge.limits import BodyLimit, upload_limits
from app.api.edge.observing import Observing
from app.api.edge.paths import PlainPaths
from app.api.uploads import TRANSFERS
from app.clock import Clock
from app.db import Database, open_database
from app.settings import Settings
from app.web import account as account_page
from app.web import agencies as agency_pages
from app.web import assessment as assessment_page
from app.web import audit as audit_page
from app.web import (
    calendar,
    charts,
    desk,
    docs,
    documents,
    duties,
    failures,
    overview,
    people,
    proof,
    reviews,
    signin,
    steering,
    tables,
    task,
    what_if,
    workbooks,
)
from app.web import reminders as reminder_pages
from app.web import second_factor as second_factor_page
from app.web import tasks as task_list
from app.web.protection import Protection

API = (
    assessments,
    workbook_routes,
    tasks,
    evidence,
    shares,
    measures,
    reminders,
    agencies,
    accounts,
    audit,
    exports,
    document_files,
)
PAGES = (
    signin,
    account_page,
    second_factor_page,
    calendar,
    task_list,
    task,
    steering,
    duties,
    proof,
    workbooks,
    desk,
    reviews,
    reminder_pages,
    agency_pages,
    assessment_page,
    audit_page,
    overview,
    what_if,
    charts,
    documents,
    tables,
    people,
    docs,
)


def create_app(settings: Settings, clock: Clock, db: Database | None = None) -> FastAPI:
    """An application on `db`, or on the database that the settings name, which it then opens and closes itself."""

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.transfers, app.state.turns = CapacityLimiter(TRANSFERS), {}
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
        openapi_url="/api/v1/openapi.json" if settings.api_docs else None,
    )
    app.state.settings, app.state.clock, app.state.keys = settings, clock, KeyRing()
    failures.install(app)
    for module in API:
        app.include_router(module.router, prefix="/api/v1")
    for module in (ops, *PAGES):
        if module is not docs or settings.api_docs:
            app.include_router(module.router)
    # Pages themselves stay uncompressed: they hold a secret beside what others typed.
    app.mount("/static", GZipMiddleware(docs.assets, minimum_size=1_000), name="static")
    app.add_middleware(
        BodyLimit, limit=settings.body_limit, uploads=upload_limits(settings), refuse=failures.on_refused_body
    )
    app.add_middleware(PlainPaths, refuse=failures.on_refused_body)
    https = settings.base_url.startswith("https://")
    app.add_middleware(Protection, https=https, subdomains=settings.hsts_subdomains)
    app.add_middleware(Observing)
    return app
