"""For whoever runs the service: liveness, readiness, metrics. Outside /api/v1 and without a key."""

from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import Response

from app import schema
from app.api.deps import reply
from app.db import Database

router = APIRouter(tags=["ops"])


@router.get("/healthz")
async def healthz() -> Response:
    """The process answers."""
    return reply({"status": "ok"})


@router.get("/readyz")
async def readyz(request: Request) -> Response:
    """The database answers and its schema fits this code; 503 otherwise."""
    db: Database = request.app.state.db
    try:
        found = await db.read(schema.revision)
    except Exception:  # whatever the driver raises, the answer to a load balancer is the same
        return reply({"status": "unavailable", "database": "unreachable"}, 503)
    ready = found == schema.HEAD
    return reply({"status": "ok" if ready else "unavailable", "schema": found}, 200 if ready else 503)


@router.get("/metrics")
async def metrics() -> Response:
    """Prometheus text format."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
