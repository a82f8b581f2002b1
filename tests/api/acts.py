"""What an officer and the coordinator do to a task over HTTP, and what a refusal looks like."""

from typing import Any

from sqlalchemy import func, select

from app.models import events, tasks
from tests.conftest import Client

T15, T16, T17, T21 = (f"/api/v1/tasks/ST-2024-TC-{n}" for n in (15, 16, 17, 21))
T03, T01 = "/api/v1/tasks/ST-2024-TC-03", "/api/v1/tasks/ST-2024-TC-01"
KS27 = "/api/v1/tasks/ST-2024-KS-27"
PARTS = {"reason": "Chưa kết nối đủ", "progress": "Đã kết nối thêm", "remedy": "Hoàn thành trong quý III"}


def inputs(client: Client, path: str) -> dict[str, str]:
    rule = client.get(path).json()["rule"]
    return {one["name"]: one["published"] for one in rule["inputs"] if one["published"] is not None}


def submit(client: Client, path: str, **extra: Any) -> Any:
    version = client.get(path).json()["version"]
    return client.post(f"{path}/updates", version=version, json={"status": "submitted", **PARTS, **extra})


def review(client: Client, path: str, **body: Any) -> Any:
    version = client.get(path).json()["version"]
    return client.post(f"{path}/review", version=version, json={"decision": "accepted", **body})


def problem(response: Any, status: int, slug: str) -> Any:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    body = response.json()
    assert body["type"] == f"urn:khacphuc:problem:{slug}"
    assert body["detail"]
    return body


def standing(client: Client) -> tuple[Any, ...]:
    with client.world.db.snapshot() as connection:
        rows = connection.execute(select(tasks).order_by(tasks.c.id)).all()
        return tuple(rows), connection.execute(select(func.count()).where(events.c.entity == "task")).scalar_one()
