import contextlib
import hashlib
import io
import json
import shutil
import threading
import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, insert, select
from sqlalchemy.exc import DBAPIError

from app import schema
from app.accounts import create_account, create_key, create_link, find_session, open_session
from app.accounts.second_factor.half_sign_ins import open_half_sign_in
from app.backup import Manifest, dump, open_backup, restore
from app.backup.rows import content_of, tables_of
from app.core.access import SYSTEM
from app.db import Database, open_database
from app.errors import Conflict, InvalidInput, Problem, SetupProblem
from app.evidence import FileStore
from app.models import (
    accounts,
    agencies,
    api_keys,
    contacts,
    events,
    evidence,
    half_sign_ins,
    login_sessions,
    password_links,
    provinces,
    recovery_codes,
    tasks,
)
from tests.cli.conftest import Console, Run, Serve
from tests.conftest import SEED, Engines, World

NOW = datetime(2025, 6, 1, 3, 0, tzinfo=UTC)
LETTER = b"%PDF-1.7 a letter that proves five tasks"
DIRECTIONS = [("sqlite", "postgresql"), ("postgresql", "sqlite")]


def take(db: Database, folder: Path, **options: Any) -> tuple[Path, Manifest]:
    target = folder / "backup.zip"
    return target, dump(db, FileStore(folder / "evidence"), target, now=NOW, report=lambda _text: None, **options)


def put_back(db: Database, source: Path, folder: Path) -> Manifest:
    with open_backup(source) as archive:
        archive.verify()
        restore(db, archive, FileStore(folder / "restored"), report=lambda _text: None)
        return archive.manifest


@contextlib.contextmanager
def target_of(engine: str, engines: Engines, kind: str = "empty") -> Iterator[Database]:
    url = engines.copy(engine, kind)
    with contextlib.closing(open_database(url)) as opened:
        yield opened
    engines.drop(url)


def fill(seeded: World, folder: Path) -> str:
    """Rows of every awkward kind: references to later rows, text of all sorts, a file, instants with fractions."""
    received = FileStore(folder / "evidence").receive([LETTER], limit=1_000)
    FileStore(folder / "evidence").put(received)
    with seeded.db.transaction() as connection:
        province = connection.execute(select(provinces.c.id)).scalar_one()
        first, last = connection.execute(select(func.min(agencies.c.id), func.max(agencies.c.id))).one()
        account = create_account(
            connection,
            SYSTEM,
            name="agency-snv",
            display_name='Nguyễn "Đức" \\ Thủ tục\u2028',
            role="agency",
            province="soc-trang",
            agency="SNV",
            now=NOW.replace(microsecond=123456),
        )
        connection.execute(agencies.update().where(agencies.c.id == first).values(succeeded_by_id=last))
        connection.execute(
            contacts.insert(),
            [
                {"id": one, "province_id": province, "agency_id": first, "kind": "officer", "name": f"Cán bộ {one}",
                 "email": f"{one}@soctrang.example", "active": True, "stand_in_id": None}
                for one in (1, 2)
            ],
        )  # fmt: skip
        connection.execute(contacts.update().where(contacts.c.id == 1).values(stand_in_id=2))
        connection.execute(
            evidence.insert().values(
                agency_id=first, number="12/BC-SNV", title="", signer="", period="", filename="cong-van.pdf",
                media_type="application/pdf", size=len(LETTER), sha256=received.sha256, issued_on=date(2025, 5, 30),
                created_at=NOW, account_id=account["id"],
            )
        )  # fmt: skip
    return received.sha256


def contents(db: Database) -> dict[str, Any]:
    with db.snapshot() as connection:
        return {table.name: content_of(connection, table) for table in tables_of(connection)}


@pytest.mark.parametrize(("engine", "other"), DIRECTIONS)
def test_a_backup_of_one_engine_restores_into_the_other_row_by_row(
    seeded: World, other: str, engines: Engines, tmp_path: Path
) -> None:
    sha256 = fill(seeded, tmp_path)
    source, taken = take(seeded.db, tmp_path)
    assert source.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["backup.zip"]

    with target_of(other, engines) as target:
        assert put_back(target, source, tmp_path) == taken
        assert contents(target) == contents(seeded.db) == taken.tables
        with FileStore(tmp_path / "restored").open(sha256) as stored:
            assert stored.read() == LETTER
        go_on_working(target)


def test_whoever_was_signed_in_when_a_backup_was_taken_signs_in_again_after_a_restore(
    seeded: World, engines: Engines, tmp_path: Path
) -> None:
    fill(seeded, tmp_path)
    with seeded.db.transaction() as connection:
        account = connection.execute(select(func.min(accounts.c.id))).scalar_one()
        token = open_session(connection, account, device="", now=NOW)
        create_link(connection, SYSTEM, account, now=NOW)
        open_half_sign_in(connection, account, now=NOW)
        connection.execute(insert(recovery_codes).values(account_id=account, hash="used since, perhaps"))
    source, _taken = take(seeded.db, tmp_path)
    with target_of("sqlite", engines) as target:
        put_back(target, source, tmp_path)
        with target.snapshot() as connection:
            assert find_session(connection, token, now=NOW) is None
            for table in (login_sessions, half_sign_ins, password_links, recovery_codes):
                assert connection.execute(select(func.count()).select_from(table)).scalar_one() == 0


def go_on_working(db: Database) -> None:
    """New rows get ids of their own, and the log is still append-only."""
    with db.transaction() as connection:
        made = create_account(
            connection, SYSTEM, name="next", display_name="", role="admin", province=None, agency=None, now=NOW
        )
        assert connection.execute(select(func.max(accounts.c.id))).scalar() == made["id"]
        assert connection.execute(select(contacts.c.stand_in_id).order_by(contacts.c.id)).scalars().all() == [2, None]
    with pytest.raises(DBAPIError, match="append-only"), db.transaction() as connection:
        connection.execute(events.update().values(why="rewritten"))


def test_a_backup_is_one_moment_while_others_write(seeded: World, engines: Engines, tmp_path: Path) -> None:
    """Each write makes an account, its key and two events at once: a backup never holds a part of that."""
    stop, started = threading.Event(), threading.Event()

    def write(worker: int) -> None:
        number = 0
        while not stop.is_set():
            with seeded.db.transaction() as connection:
                made = create_account(
                    connection, SYSTEM, name=f"load-{worker}-{number}", display_name="", role="admin",
                    province=None, agency=None, now=NOW,
                )  # fmt: skip
                create_key(connection, SYSTEM, made["id"], label="", days=None, now=NOW)
            number += 1
            started.set()

    workers = [threading.Thread(target=write, args=(worker,)) for worker in range(2)]
    for worker in workers:
        worker.start()
    started.wait(10)
    taken = [take(seeded.db, tmp_path, overwrite=True)[1] for _ in range(3)]
    stop.set()
    for worker in workers:
        worker.join()

    counts = [one.tables["account"].rows for one in taken]
    assert counts == sorted(counts)
    assert counts[0] > 0
    for one in taken:
        assert one.tables["api_key"].rows == one.tables["account"].rows
        assert one.tables["event"].rows == taken[0].tables["event"].rows + 2 * (one.tables["account"].rows - counts[0])
    with target_of("sqlite", engines) as target:
        put_back(target, tmp_path / "backup.zip", tmp_path)
        with target.snapshot() as connection:
            orphans = select(func.count()).where(accounts.c.id.not_in(select(api_keys.c.account_id)))
            assert connection.execute(orphans.select_from(accounts)).scalar() == 0


def test_only_an_empty_database_takes_a_backup(seeded: World, engine: str, engines: Engines, tmp_path: Path) -> None:
    source, _ = take(seeded.db, tmp_path)
    before = contents(seeded.db)
    with pytest.raises(Conflict, match="đã có dữ liệu"):
        put_back(seeded.db, source, tmp_path)
    assert contents(seeded.db) == before
    with target_of(engine, engines, "migrated") as target:
        put_back(target, source, tmp_path)
        assert contents(target) == before
    with target_of(engine, engines) as strange:
        with strange.transaction() as connection:
            connection.exec_driver_sql("CREATE TABLE ledger (id INTEGER)")
        with pytest.raises(Conflict, match="chương trình khác"):
            put_back(strange, source, tmp_path)


# What a damaged or foreign file does: nothing


@pytest.fixture(scope="module")
def sound(engines: Engines, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup with a file in it; tests change copies of it."""
    folder = tmp_path_factory.mktemp("sound")
    with target_of("sqlite", engines, "seeded") as db:
        fill(World(db), folder)
        return take(db, folder)[0]


def rewritten(
    sound: Path, tmp_path: Path, change: dict[str, bytes | None], add: dict[str, bytes] | None = None
) -> Path:
    """The backup with other contents for some names (None: left out) and with additional names."""
    target = tmp_path / "changed.zip"
    with zipfile.ZipFile(sound) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            content = change.get(name, old.read(name))
            if content is not None:
                new.writestr(name, content)
        for name, content in (add or {}).items():
            new.writestr(name, content)
    return target


def refusal(source: Path, engines: Engines, tmp_path: Path) -> Problem:
    """What restoring says; nothing of the backup is in the database or the folder afterwards."""
    with target_of("sqlite", engines) as target:
        with pytest.raises(Problem) as raised:
            put_back(target, source, tmp_path)
        assert all(content.rows == 0 for content in contents(target).values())
    assert not list((tmp_path / "restored").rglob("*"))
    return raised.value


def manifest_of(sound: Path, **values: Any) -> bytes:
    with zipfile.ZipFile(sound) as archive:
        return json.dumps(json.loads(archive.read("manifest.json")) | values).encode()


def test_a_changed_table_is_named(sound: Path, engines: Engines, tmp_path: Path) -> None:
    with zipfile.ZipFile(sound) as archive:
        tampered = archive.read("tables/task.jsonl").replace(b'"status":"assigned"', b'"status":"accepted"', 1)
    problem = refusal(rewritten(sound, tmp_path, {"tables/task.jsonl": tampered}), engines, tmp_path)
    assert isinstance(problem, InvalidInput)
    assert "bảng task" in problem.detail


def test_a_changed_file_is_named(sound: Path, engines: Engines, tmp_path: Path) -> None:
    sha256 = hashlib.sha256(LETTER).hexdigest()
    changed = rewritten(sound, tmp_path, {f"evidence/{sha256}": b"%PDF-1.7 another letter"})
    assert sha256[:12] in refusal(changed, engines, tmp_path).detail


@pytest.mark.parametrize("name", ["../../etc/passwd", "/tables/task.jsonl", "tables/../x.jsonl", "evidence/x", "notes"])
def test_a_name_that_no_backup_has_is_refused(sound: Path, engines: Engines, tmp_path: Path, name: str) -> None:
    refusal(rewritten(sound, tmp_path, {}, {name: b"x"}), engines, tmp_path)


@pytest.mark.parametrize("name", ["manifest.json", "tables/task.jsonl"])
def test_a_missing_part_is_refused(sound: Path, engines: Engines, tmp_path: Path, name: str) -> None:
    refusal(rewritten(sound, tmp_path, {name: None}), engines, tmp_path)


def test_backups_of_newer_programs_are_refused(sound: Path, engines: Engines, tmp_path: Path) -> None:
    newer = rewritten(sound, tmp_path, {"manifest.json": manifest_of(sound, schema="9999")})
    assert isinstance(refusal(newer, engines, tmp_path), SetupProblem)
    later = rewritten(sound, tmp_path, {"manifest.json": manifest_of(sound, format=2)})
    assert "định dạng 2" in refusal(later, engines, tmp_path).detail
    for broken in (b"", b"[]", b"{}", manifest_of(sound, tables={"task": 1}), manifest_of(sound, schema="../x")):
        refusal(rewritten(sound, tmp_path, {"manifest.json": broken}), engines, tmp_path)


def test_what_is_no_backup_or_only_the_beginning_of_one_is_refused(
    sound: Path, engines: Engines, tmp_path: Path
) -> None:
    cut = tmp_path / "cut.zip"
    cut.write_bytes(sound.read_bytes()[:-500])
    refusal(cut, engines, tmp_path)
    flipped = tmp_path / "flipped.zip"
    content = bytearray(sound.read_bytes())
    content[len(content) // 3] ^= 0xFF
    flipped.write_bytes(content)
    refusal(flipped, engines, tmp_path)
    refusal(tmp_path / "nothing.zip", engines, tmp_path)
    refusal(tmp_path, engines, tmp_path)


# Taking one


def test_an_existing_file_is_only_replaced_when_asked_for(sound: Path, engines: Engines, tmp_path: Path) -> None:
    target = tmp_path / "backup.zip"
    shutil.copy(sound, target)
    with target_of("sqlite", engines, "seeded") as db:
        with pytest.raises(Conflict, match="--overwrite"):
            take(db, tmp_path)
        assert target.read_bytes() == sound.read_bytes()
        take(db, tmp_path, overwrite=True)
    assert target.read_bytes() != sound.read_bytes()


def test_a_backup_that_fails_leaves_nothing_behind(engines: Engines, tmp_path: Path) -> None:
    with target_of("sqlite", engines) as db:
        with pytest.raises(SetupProblem, match="trống"):
            take(db, tmp_path)
        with pytest.raises(SetupProblem, match="Không ghi được"):
            dump(db, FileStore(tmp_path), tmp_path / "no" / "such" / "folder.zip", now=NOW, report=lambda _text: None)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("engine", ["sqlite"])
def test_evidence_without_its_bytes_is_named_and_the_rest_is_backed_up(
    console: Console, seeded: World, data: Path, tmp_path: Path
) -> None:
    sha256 = fill(seeded, tmp_path)
    target = tmp_path / "backup.zip"
    said = console("backup", str(target), "--json")
    assert (said.code, said.json["missing"]) == (1, [sha256])
    assert "12/BC-SNV (cong-van.pdf)" in said.problem

    shutil.copytree(tmp_path / "evidence", data / "evidence")
    said = console("backup", str(target), "--overwrite", "--json")
    assert (said.code, said.json["missing"], said.json["evidence"]) == (0, [], 1)
    (data / "evidence" / sha256[:2] / sha256).write_bytes(b"rotten")
    assert console("backup", str(target), "--overwrite").code == 1


@pytest.mark.parametrize("engine", ["sqlite"])
def test_a_restore_without_all_evidence_says_which_is_missing_and_is_no_success(
    console: Console, seeded: World, data: Path, tmp_path: Path, other: Path
) -> None:
    sha256 = fill(seeded, tmp_path)
    archive = str(tmp_path / "backup.zip")
    assert console("backup", archive).code == 1

    elsewhere = {"DATABASE_URL": "", "KHACPHUC_DATA_DIR": str(other)}
    said = console("restore", archive, **elsewhere)
    assert said.code == 1
    assert "12/BC-SNV (cong-van.pdf)" in said.problem
    assert "khớp với bản sao lưu." not in said.out
    assert console("summary", "--json", **elsewhere).json["total"]["tasks"] == 48  # the rows are all there

    (other / "khacphuc.db").unlink()
    said = console("restore", archive, "--json", **elsewhere)
    assert (said.code, said.json["missing"]) == (1, [sha256])

    (other / "khacphuc.db").unlink()
    shutil.copytree(tmp_path / "evidence", other / "evidence")  # the machine has the file already
    said = console("restore", archive, "--json", **elsewhere)
    assert (said.code, said.json["missing"]) == (0, [])


@pytest.mark.parametrize("engine", ["sqlite"])
def test_a_damaged_backup_leaves_not_even_an_empty_database(
    sound: Path, console: Console, tmp_path: Path, other: Path
) -> None:
    sha256 = hashlib.sha256(LETTER).hexdigest()
    damaged = rewritten(sound, tmp_path, {f"evidence/{sha256}": b"%PDF-1.7 another letter"})
    said = console("restore", str(damaged), DATABASE_URL="", KHACPHUC_DATA_DIR=str(other))
    assert (said.code, "Chưa có gì được ghi" in said.problem) == (1, True)
    assert not other.exists()


@pytest.fixture
def other(tmp_path: Path) -> Path:
    """The data folder of another machine."""
    return tmp_path / "other"


def test_the_command_backs_up_a_running_server_and_restores_elsewhere(
    engines: Engines, serve: Serve, run: Run, tmp_path: Path
) -> None:
    source, target = engines.copy("sqlite", "empty"), engines.copy("postgresql", "empty")
    archive = str(tmp_path / "backup.zip")
    with serve("--seed", str(SEED), DATABASE_URL=source) as server:
        done = run("backup", archive, DATABASE_URL=source)
        assert done.returncode == 0, done.stderr
        key = server.keys["coordinator", "SNV"]
        server.stop()
    done = run("restore", archive, DATABASE_URL=target)
    assert done.returncode == 0, done.stderr
    assert "khớp" in done.stdout
    with serve("--seed", str(SEED), DATABASE_URL=target) as server:
        assert server.keys == {}
        assert server.get("/api/v1/tasks", key).json()["total"] == 48
    assert run("restore", archive, DATABASE_URL=target).returncode == 1
    engines.drop(source)
    engines.drop(target)


def test_rows_are_loaded_at_the_revision_of_the_backup_and_only_then_migrated(
    sound: Path, engines: Engines, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    real = schema.ensure_current

    def watched(db: Database) -> bool:
        with db.snapshot() as connection:
            steps.append(
                f"{schema.revision(connection)}: {connection.execute(select(func.count(tasks.c.id))).scalar()}"
            )
        return real(db)

    monkeypatch.setattr(schema, "ensure_current", watched)
    with target_of("sqlite", engines) as target, zipfile.ZipFile(io.BytesIO(sound.read_bytes())) as archive:
        put_back(target, sound, tmp_path)
        assert steps == [f"{json.loads(archive.read('manifest.json'))['schema']}: 48"]
