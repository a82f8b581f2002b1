"""What every store of evidence promises, tried on a folder and on a bucket of a real S3 server."""

import contextlib
import hashlib
import io
import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app import evidence as noun
from app.backup import dump, open_backup, restore
from app.db import Database, open_database
from app.demo import settings_for_demo
from app.errors import SetupProblem, StoreUnavailable
from app.evidence import Document, FileStore, Store, upkeep
from app.evidence.bucket import Bucket, reason_of
from app.evidence.storage import Received
from app.settings import ROOT, Settings, load_settings
from tests.conftest import MAY, Engines, World
from tests.domain.evidence_samples import DOCX, PDF
from tests.replicas.buckets import ACCESS, SECRET, Server, spoil, store_in

TC15 = "ST-2024-TC-15"
LATER = timedelta(hours=2)


def put(store: Store, content: bytes) -> Received:
    received = store.receive([content], limit=len(content))
    store.bring(received)
    store.put(received)
    received.forget()
    return received


def read(store: Store, sha256: str) -> bytes:
    with store.open(sha256) as source:
        return source.read()


def stored(store: Store) -> list[str]:
    return sorted(one.sha256 for one in store.stored())


def add(world: World, store: Store, content: bytes = PDF, name: str = "a.pdf", number: str = "1/BC") -> Any:
    sent = noun.receive(store, io.BytesIO(content), name, limit=1_000_000)
    made = world.write(noun.add, world.actor("SKHCN"), Document(number, [TC15]), sent, store)
    sent.received.forget()
    return made


def sweep(world: World, store: Store) -> list[str]:
    return noun.sweep_orphans(world.db, store, now=datetime.now(UTC) + LATER)


def test_bytes_come_back_as_they_went_in_and_the_same_ones_are_stored_once(store: Store) -> None:
    contents = [PDF, DOCX, os.urandom(11 << 20)]  # the last one in several parts
    hashes = [put(store, one).sha256 for one in contents]
    put(store, PDF)
    assert stored(store) == sorted(hashes)
    assert [hashlib.sha256(read(store, one)).hexdigest() for one in hashes] == hashes
    assert noun.sizes_of(store) == {name: len(content) for name, content in zip(hashes, contents, strict=True)}
    assert list(store.incoming()) == [], "nothing stays behind on the way in or out"


def test_what_is_not_there_is_not_found_and_may_be_deleted(store: Store) -> None:
    sha256 = put(store, PDF).sha256
    store.delete(sha256)
    store.delete(sha256)
    assert stored(store) == []
    with pytest.raises(FileNotFoundError):
        store.open(sha256)


def test_a_transaction_that_is_run_again_puts_again(store: Store) -> None:
    received = store.receive([PDF], limit=1_000)
    store.bring(received)
    store.put(received)
    store.put(received)
    assert read(store, received.sha256) == PDF


def test_the_sweep_takes_what_nobody_refers_to_and_only_after_its_time(seeded: World, store: Store) -> None:
    kept, orphan = add(seeded, store), put(store, DOCX)
    waiting = store.receive([b"under way"], limit=100)
    assert noun.sweep_orphans(seeded.db, store, now=datetime.now(UTC)) == []
    assert sorted(sweep(seeded, store)) == sorted([orphan.sha256, waiting.path.name])
    assert stored(store) == [kept["sha256"]]
    assert sweep(seeded, store) == []


@pytest.mark.parametrize("engine", ["sqlite"])
def test_a_sweep_is_bounded(seeded: World, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep, "BATCH", 2)
    monkeypatch.setattr(upkeep, "MOST_REMOVED", 3)
    orphans = {put(store, b"%d" % number).sha256 for number in range(5)}
    first, second = sweep(seeded, store), sweep(seeded, store)
    assert (len(first), len(second), {*first, *second}) == (3, 2, orphans)


@pytest.mark.parametrize("engine", ["postgresql"])
def test_bytes_that_a_sweep_took_before_the_row_was_written_are_put_again(seeded: World, store: Store) -> None:
    """The document's file is in the bucket already, unreferenced and old, when another replica sweeps."""
    old = put(store, PDF).sha256
    sent = noun.receive(store, io.BytesIO(PDF), "a.pdf", limit=1_000_000)
    with seeded.db.transaction() as connection:
        assert noun.discard(connection, store, old)
    made = seeded.write(noun.add, seeded.actor("SKHCN"), Document("1/BC", [TC15]), sent, store)
    assert read(store, made["sha256"]) == PDF


@pytest.mark.parametrize("engine", ["postgresql"])
def test_a_bucket_that_another_database_uses_is_not_swept(seeded: World, bucket: Bucket, tmp_path: Path) -> None:
    """A drill restores a backup beside the real system and forgets to name another bucket."""
    store = store_in(tmp_path, bucket)
    add(seeded, store)
    foreign = put(store, DOCX).sha256
    assert store.settle_owner("another database") == "another database"
    assert sweep(seeded, store) == []
    assert foreign in stored(store)


def test_what_a_bucket_holds_is_never_taken_for_something_else(bucket: Bucket, tmp_path: Path) -> None:
    store = store_in(tmp_path, bucket)
    sha256 = put(store, PDF).sha256
    spoil(bucket, sha256, PDF[:-1] + b"x")
    with pytest.raises(FileNotFoundError):
        store.open(sha256)
    spoil(bucket, "README", b"someone's note")
    assert stored(store) == [sha256]


@pytest.mark.parametrize("engine", ["sqlite"])
def test_a_backup_goes_from_a_folder_into_a_bucket_and_back(
    seeded: World, bucket: Bucket, engines: Engines, tmp_path: Path
) -> None:
    folder, across = FileStore(tmp_path / "evidence"), store_in(tmp_path / "there", bucket)
    whole, spoilt = add(seeded, folder), add(seeded, folder, DOCX, "a.docx")
    first = backed_up(seeded.db, folder, tmp_path / "1.zip")
    with restored(engines, first, across) as there:
        assert stored(across) == stored(folder)
        assert list(across.incoming()) == []
        upkeep._settle_identity(there)
        second = backed_up(there, across, tmp_path / "2.zip")
        spoil(bucket, spoilt["sha256"], b"damaged")
        third = backed_up(there, across, tmp_path / "3.zip")
    back = FileStore(tmp_path / "back")
    with restored(engines, second, back) as again, again.snapshot() as connection:
        assert noun.find_missing(connection, noun.sizes_of(back)) == []
        assert noun.identity_of(connection) is None, "whether the bucket is this one's is for the operator to say"
    assert read(back, whole["sha256"]) == PDF
    with open_backup(third) as archive:
        assert archive.manifest.missing == (spoilt["sha256"],)


def backed_up(db: Database, store: Store, target: Path) -> Path:
    dump(db, store, target, now=MAY, report=lambda _text: None)
    return target


@contextlib.contextmanager
def restored(engines: Engines, source: Path, store: Store) -> Iterator[Database]:
    """A new SQLite database filled from a backup."""
    url = engines.copy("sqlite", "empty")
    with contextlib.closing(open_database(url)) as db, open_backup(source) as archive:
        archive.verify()
        restore(db, archive, store, report=lambda _text: None)
        yield db
    engines.drop(url)


@pytest.mark.parametrize("engine", ["sqlite"])
def test_while_the_bucket_does_not_answer_nothing_is_half_done(
    seeded: World, s3: Server, bucket: Bucket, tmp_path: Path
) -> None:
    store = store_in(tmp_path, bucket)
    made = add(seeded, store)
    sent = noun.receive(store, io.BytesIO(DOCX), "a.docx", limit=1_000_000)
    store.delete(sent.received.sha256)
    with s3.gate.closed():
        for attempt in (
            lambda: noun.receive(store, io.BytesIO(DOCX), "b.docx", limit=1_000_000),
            lambda: seeded.write(noun.add, seeded.actor("SKHCN"), Document("2/BC", [TC15]), sent, store),
            lambda: store.open(made["sha256"]),
            lambda: sweep(seeded, store),
            lambda: backed_up(seeded.db, store, tmp_path / "backup.zip"),
            store.check,
        ):
            with pytest.raises(StoreUnavailable, match="kho trả lời 503") as told:
                attempt()
            assert not set(re.findall("CANARY|canary|http", str(told.value)))
    assert [path.name for path in tmp_path.iterdir()] == ["evidence"], "no half a backup"
    assert [one["number"] for one in documents(seeded)] == ["1/BC"]
    assert stored(store) == [made["sha256"]]
    assert set(store.incoming()) <= {sent.received.path}


def documents(world: World) -> Any:
    return world.read(noun.list_documents, world.actor("SKHCN"), limit=10, offset=0)["items"]


def test_a_bucket_is_only_reached_when_it_is_needed_and_its_library_only_then_loaded() -> None:
    for path in (ROOT / "app").rglob("*.py"):
        assert not re.search(r"^(import|from) obstore", path.read_text(), re.MULTILINE), path


@pytest.mark.parametrize(
    ("status", "code", "says"),
    [
        ("403 Forbidden", "InvalidAccessKeyId", "khóa truy cập không đúng"),
        ("403 Forbidden", "SignatureDoesNotMatch", "khóa bí mật không đúng"),
        ("403 Forbidden", "AccessDenied", "không đủ quyền"),
        ("403 Forbidden", "RequestTimeTooSkewed", "đồng hồ"),
        ("400 Bad Request", "AuthorizationHeaderMalformed", "sai vùng"),
        ("418 Teapot", "Unheard", "kho trả lời 418"),
    ],
)
def test_what_a_bucket_refuses_is_told_in_vietnamese_and_without_keys(
    s3: Server, bucket: Bucket, tmp_path: Path, status: str, code: str, says: str
) -> None:
    store = store_in(tmp_path, bucket)
    with s3.gate.closed(status, code), pytest.raises(StoreUnavailable, match=says) as told:
        store.check()
    assert (ACCESS in str(told.value), told.value.__suppress_context__) == (False, True)
    with s3.gate.closed(status, code), pytest.raises(StoreUnavailable):
        put(store, PDF)
    assert SECRET not in repr(store) + repr(bucket)


def test_a_bucket_that_is_not_there_loses_nothing_silently(s3: Server, tmp_path: Path) -> None:
    store = store_in(tmp_path, s3.bucket("khacphuc-nowhere"))
    for attempt in (store.check, store.owner, lambda: put(store, PDF), lambda: stored(store), lambda: store.open("ab")):
        with pytest.raises(StoreUnavailable, match="không có bucket này"):
            attempt()


def test_causes_that_are_hard_to_make_are_told_apart() -> None:
    assert (
        reason_of(Exception("PUT http://169.254.169.254/latest/api/token kind: Connect")) == "chưa khai khóa truy cập"
    )
    assert reason_of(Exception("HttpError { kind: Timeout")) == "quá thời gian chờ"
    assert "TLS" in reason_of(Exception("kind: Connect, source: InvalidCertificate(UnknownIssuer)"))
    assert reason_of(Exception("anything")) == "kho trả lời không đọc được"


@pytest.mark.parametrize("given", ["s3://ab", "s3://Bucket/x", "https://bucket", "s3://bucket/../x", "s3://bucket//x"])
def test_an_address_that_is_no_bucket_is_refused_at_start(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv("KHACPHUC_EVIDENCE_STORE", given)
    with pytest.raises(SetupProblem, match=r"KHACPHUC_EVIDENCE_STORE.*s3://tên-bucket"):
        load_settings()


def test_settings_name_the_store_and_demos_have_one_of_their_own() -> None:
    assert noun.open_store(Settings()).name == "data/evidence"
    settings = Settings(evidence_store="s3://tinh/khac-phuc/", s3_secret_key=SECRET)
    assert noun.open_store(settings).name == "s3://tinh/khac-phuc"
    assert noun.open_store(settings_for_demo(settings)).name == "s3://tinh/khac-phuc/demo"
    assert SECRET not in repr(settings)
