"""Two replicas on one PostgreSQL and one bucket, as a load balancer sees them: any may answer any request."""

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from app import scheduler
from app.clock import Clock
from app.db import open_database
from app.errors import Busy
from app.evidence.bucket import Bucket
from app.main import create_app
from app.settings import Settings
from tests.api.test_proof_api import TC15, URL, pdf, problem, send, written
from tests.cli.conftest import Console, Said, free_port
from tests.conftest import Client, World, WorldClock
from tests.domain.evidence_samples import DOCX, PDF
from tests.replicas.buckets import ACCESS, SECRET, Server, give_to, objects, variables

Pair = tuple[Client, Client]


@pytest.fixture
def engine() -> str:
    return "postgresql"


def settings_of(world: World, folder: Path, bucket: Bucket) -> Settings:
    return Settings(
        data_dir=folder,
        scheduler=False,
        DATABASE_URL=world.db.url,
        evidence_store=f"s3://{bucket.name}/{bucket.prefix}",
        s3_endpoint=bucket.endpoint,
        s3_region=bucket.region,
        s3_access_key=bucket.access_key,
        s3_secret_key=bucket.secret_key,
    )


@contextlib.contextmanager
def replica(world: World, folder: Path, bucket: Bucket) -> Iterator[Client]:
    """A machine of its own: its connections, its disk."""
    folder.mkdir()
    with contextlib.closing(open_database(world.db.url, pool_size=2)) as db:
        app = create_app(settings_of(world, folder, bucket), WorldClock(world=world), db)
        with TestClient(app, raise_server_exceptions=False) as http:
            yield Client(world, http, who="SKHCN")


@pytest.fixture
def pair(seeded: World, bucket: Bucket, tmp_path: Path) -> Iterator[Pair]:
    with replica(seeded, tmp_path / "a", bucket) as first, replica(seeded, tmp_path / "b", bucket) as second:
        yield first, replace(second, keys=first.keys)


def left_on_disk(tmp_path: Path) -> list[Path]:
    return [path for path in tmp_path.rglob("*") if path.is_file()]


def test_what_is_handed_in_at_one_is_read_at_the_other(pair: Pair, bucket: Bucket, tmp_path: Path) -> None:
    here, there = pair
    key = {"Idempotency-Key": "one-letter"}
    made = send(here, pdf(), headers=key).json()
    again = send(there, pdf(), headers=key)
    assert (again.json(), again.headers["idempotent-replayed"]) == (made, "true")
    got = there.get(f"{URL}/{made['id']}/file")
    assert (got.status_code, got.content, got.headers["content-length"]) == (200, PDF, str(len(PDF)))
    assert written(here) == (1, 1)
    assert objects(bucket) == [f"tai-lieu/{made['sha256'][:2]}/{made['sha256']}"]
    assert left_on_disk(tmp_path) == []


def test_a_bucket_that_fails_in_the_middle_refuses_files_and_nothing_else(
    pair: Pair, s3: Server, bucket: Bucket, tmp_path: Path
) -> None:
    here, there = pair
    made = send(here, pdf()).json()
    with s3.gate.closed():
        refused = problem(send(here, ("b.docx", DOCX)), 503, "store-unavailable")
        assert "Chưa có gì được ghi" in refused["detail"]
        assert not [secret for secret in (ACCESS, SECRET, "http://") if secret in str(refused)]
        problem(there.get(f"{URL}/{made['id']}/file"), 503, "store-unavailable")
        before = len(s3.gate.seen)
        assert here.http.get("/readyz").status_code == 200
        assert there.get(f"/api/v1/tasks/{TC15}/evidence").json()["total"] == 1
        assert send(there, ("", b"")).status_code == 201, "a document without a file needs no bucket"
        assert len(s3.gate.seen) == before
    assert written(here) == (2, 2)
    assert left_on_disk(tmp_path) == []
    assert send(there, ("b.docx", DOCX)).status_code == 201
    assert there.get(f"{URL}/{made['id']}/file").content == PDF


def test_a_bucket_that_is_silent_keeps_only_those_waiting_who_want_a_file(pair: Pair, s3: Server) -> None:
    here, there = pair
    made = send(here, pdf()).json()
    got: list[bytes] = []
    waiting = threading.Thread(target=lambda: got.append(there.get(f"{URL}/{made['id']}/file").content))
    with s3.gate.silent():
        waiting.start()
        assert s3.gate.asked.wait(timeout=60)
        assert there.http.get("/readyz").status_code == 200
        assert there.get(f"/api/v1/tasks/{TC15}/evidence").json()["total"] == 1
        assert got == []
    waiting.join()
    assert got == [PDF]


def test_a_document_that_is_refused_leaves_bytes_that_nobody_sees_until_any_replica_sweeps_them(
    pair: Pair, bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = pair
    made = send(there, pdf()).json()
    problem(send(here, ("b.docx", DOCX), tasks=["ST-2024-TC-03"]), 404, "not-found", "tasks")
    assert written(here) == (1, 1)
    assert len(objects(bucket)) == 2
    monkeypatch.setattr(Clock, "real_now", staticmethod(lambda: datetime.now(UTC) + timedelta(hours=2)))
    for folder in ("b", "a"):
        settings = settings_of(here.world, tmp_path / folder, bucket)
        scheduler._tidy(scheduler.Context(here.world.db, settings, WorldClock(world=here.world)))
    assert objects(bucket) == [f"tai-lieu/{made['sha256'][:2]}/{made['sha256']}", "tai-lieu/owner"]


def test_upkeep_of_everything_else_does_not_wait_for_the_bucket(
    seeded: World, s3: Server, bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    monkeypatch.setattr(scheduler.idempotency, "forget_old", lambda *_args, **_more: done.append("forgotten"))
    settings = settings_of(seeded, tmp_path, bucket)
    with s3.gate.closed(), pytest.raises(Busy):
        scheduler._tidy(scheduler.Context(seeded.db, settings, WorldClock(world=seeded)))
    assert done == ["forgotten"]


def doctor(console: Console, check: str, **given: str) -> tuple[Said, dict[str, str]]:
    said = console("doctor", "--json", **given)
    assert SECRET not in said.out + said.problem
    assert ACCESS not in said.out + said.problem
    return said, {one["state"]: one["message"] for one in said.json["findings"] if one["check"] == check}


def test_the_doctor_says_what_is_wrong_with_the_bucket(console: Console, s3: Server, bucket: Bucket) -> None:
    _, found = doctor(console, "Kho tài liệu", **variables(bucket))
    assert found == {"ok": f"s3://{bucket.name}/tai-lieu ghi và đọc được."}
    assert objects(bucket) == []

    said, found = doctor(console, "Kho tài liệu", **variables(s3.bucket("khacphuc-nowhere")))
    assert "không có bucket này" in found["error"]
    assert "KHACPHUC_EVIDENCE_STORE" in found["error"]
    assert said.code == 1

    nobody = variables(replace(bucket, endpoint=f"http://127.0.0.1:{free_port()}"))
    _, found = doctor(console, "Kho tài liệu", **nobody)
    assert "không kết nối được máy chủ của kho" in found["error"]

    with s3.gate.closed("403 Forbidden", "InvalidAccessKeyId"):
        _, found = doctor(console, "Kho tài liệu", **variables(bucket))
    assert "khóa truy cập không đúng" in found["error"]


def test_the_doctor_tells_of_a_bucket_that_another_database_holds(console: Console, bucket: Bucket) -> None:
    give_to(bucket, "another database")
    _, found = doctor(console, "Tài liệu", **variables(bucket))
    assert "cơ sở dữ liệu khác giữ" in found["warning"]
    assert f"s3://{bucket.name}/tai-lieu/owner" in found["warning"]
