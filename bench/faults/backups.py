"""Backups while people write: each is one moment, restores on either engine with the same hashes, and is refused when
it is damaged or its target is not empty.
"""

import http.client
import os
import shutil
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from hashlib import sha256
from pathlib import Path

from sqlalchemy import select

from app.backup import open_backup
from app.evidence import FileStore
from app.models import evidence
from app.settings import ROOT
from bench.common import Figure, Options, say
from bench.faults.schemas import contents
from bench.faults.writing import Told, Writers, agencies_of, disagreements, marks
from bench.serving import Server, khacphuc, settings
from bench.stores import Store, database, opened
from bench.updates import Agency
from tests.domain.evidence_samples import PDF

ENDED = frozenset({"login_session", "password_link"})
"""Tables that a restore empties: what was ended since must not come back."""
Taken = tuple[Path, frozenset[str]]
"""A backup, and the marks that were acknowledged before it began."""


def measure(options: Options) -> list[Figure]:
    times = 2 if options.small else 5
    with ExitStack() as stack:
        stores = [stack.enter_context(opened(engine, options.folder)) for engine in options.engines]
        return [figure for store in stores for figure in _measure(store, stores, options.folder, times)]


def _measure(store: Store, stores: list[Store], folder: Path, times: int) -> Iterator[Figure]:
    home = folder / f"backups-{store.engine}"
    home.mkdir()
    url = store.create()
    taken, told = take_under_load(url, home, times)
    say(f"  {store.engine}: {times} backups beside {told.done} updates")
    for target in stores:
        yield restoring(taken, told, store, target, home)
    yield refusing(taken[-1][0], store, home)


# Taking


def take_under_load(url: str, home: Path, times: int) -> tuple[list[Taken], Told]:
    """Backups one after the other by the command, while every agency reports and documents come in."""
    agencies, taken = agencies_of(url), []
    with khacphuc(url, home) as server, Proving(server, agencies[0]), Writers(server.port, agencies) as writers:
        for number in range(times):
            writers.wait_for_more(30)
            known = frozenset(_acknowledged(writers.told))
            target = home / f"{number}.zip"
            command(url, home, "backup", str(target))
            taken.append((target, known))
    return taken, writers.told


class Proving(threading.Thread):
    """Brings in documents with files until the block ends."""

    def __init__(self, server: Server, agency: Agency) -> None:
        super().__init__()
        self.server, self.agency, self.over = server, agency, threading.Event()

    def __enter__(self) -> "Proving":
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.over.set()
        self.join()

    def run(self) -> None:
        number = 0
        while not self.over.wait(0.02):
            number += 1
            status = prove(self.server.port, self.agency, number)
            assert status == 201, f"POST /evidence answered {status}"


def prove(port: int, agency: Agency, number: int) -> int:
    """Enter one document with a small PDF; the status."""
    pdf = PDF.replace(b"%%EOF", b"%% van ban so %d\n%%%%EOF" % number)
    parts = [_part("number", f"{number}/BC".encode()), _part("tasks", agency.tasks[0][0].encode())]
    parts.append(_part("file", pdf, '; filename="bao-cao.pdf"'))
    headers = {"Authorization": f"Bearer {agency.key}", "Content-Type": "multipart/form-data; boundary=kp"}
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
        connection.request("POST", "/api/v1/evidence", b"".join(parts) + b"--kp--\r\n", headers)
        return connection.getresponse().status


def _part(name: str, content: bytes, more: str = "") -> bytes:
    head = f'--kp\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n'
    return head.encode() + content + b"\r\n"


def command(url: str, home: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    """`khacphuc …` on that database; raises when a backup does not go through."""
    done = subprocess.run(
        [sys.executable, "-m", "app.cli", *words], cwd=ROOT, env=os.environ | settings(url, home),
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert words[0] != "backup" or done.returncode == 0, done.stderr
    return done


def _acknowledged(told: Told) -> list[str]:
    return [mark for versions in list(told.acknowledged.values()) for mark in list(versions.values())]


# Restoring


def restoring(taken: list[Taken], told: Told, store: Store, target: Store, home: Path) -> Figure:
    """Each backup restored into a new database: hashes, agreement, one moment, files."""
    problems = []
    for source, known in taken:
        url, into = target.create(migrated=False), home / f"{source.stem}-{target.engine}"
        done = command(url, into, "restore", str(source))
        problems += [done.stderr] if done.returncode else [*_differences(source, url, into, known, told)]
        target.drop(url)
        shutil.rmtree(into, ignore_errors=True)
    held = len(taken) if not problems else 0
    return Figure(
        f"backups under load, restored into {target.engine}: equal", store.engine, "backups", held,
        target=f"= {len(taken)}", met=not problems,
        note=f"beside {told.done} updates" if not problems else problems[0][:150],
    )  # fmt: skip


def _differences(source: Path, url: str, into: Path, known: frozenset[str], told: Told) -> Iterator[str]:
    with open_backup(source) as archive:
        wanted = {name: one for name, one in archive.manifest.tables.items() if name not in ENDED}
    found = contents(url)
    yield from (f"{name}: other rows than in the backup" for name, one in wanted.items() if found[name] != one)
    yield from (f"{name}: not empty" for name in ENDED & found.keys() if found[name].rows)
    yield from disagreements(url, told, whole=False)
    with database(url) as db, db.snapshot() as connection:
        there = set(marks(connection))
        stored = connection.execute(select(evidence.c.sha256).where(evidence.c.sha256.is_not(None))).scalars().all()
    yield from (f"acknowledged before the backup began and not in it: {mark}" for mark in sorted(known - there))
    yield from _holes(there, told)
    files = FileStore(into / "data" / "evidence")
    yield from (f"file {one}" for one in stored if _hash(files, one) != one)
    if not stored:
        yield "no document with a file in the backup"


def _holes(there: set[str], told: Told) -> Iterator[str]:
    """An agency sends one update after the other: what is in a backup must be the beginning of that row."""
    rows: dict[str, list[tuple[int, str]]] = {}
    for mark in _acknowledged(told):
        agency, _, turn = mark.removeprefix("Lượt ").partition(".")
        rows.setdefault(agency, []).append((int(turn), mark))
    for row in rows.values():
        held = [mark in there for _turn, mark in sorted(row)]
        if held != sorted(held, reverse=True):
            yield f"a later update without an earlier one: {row[held.index(False)]}"


def _hash(files: FileStore, name: str) -> str:
    with files.open(name) as file:
        return sha256(file.read()).hexdigest()


# Refusing


def refusing(source: Path, store: Store, home: Path) -> Figure:
    """Damaged backups, and a target that has rows: exit code 1, one line, and the target as it was."""
    damages = {"cut": cut, "a table changed": change_table, "a file changed": change_file, "no backup": overwrite}
    failed = []
    for name, damage in damages.items():
        broken, url, into = home / "broken.zip", store.create(), home / "broken"
        damage(source, broken)
        if not _refused(url, into, broken):
            failed.append(name)
        store.drop(url)
    url, into = store.create(migrated=False), home / "again"
    command(url, into, "restore", str(source))
    if not _refused(url, into, source):
        failed.append("a target with rows")
    store.drop(url)
    tried = len(damages) + 1
    return Figure(
        "damaged backups and full targets: refused", store.engine, "times", tried - len(failed), target=f"= {tried}",
        met=not failed, note=", ".join(failed),
    )  # fmt: skip


def _refused(url: str, into: Path, source: Path) -> bool:
    before = contents(url)
    done = command(url, into, "restore", str(source))
    return done.returncode == 1 and "Traceback" not in done.stderr and contents(url) == before


def cut(source: Path, target: Path) -> None:
    target.write_bytes(source.read_bytes()[: source.stat().st_size * 2 // 3])


def overwrite(_source: Path, target: Path) -> None:
    target.write_bytes(b"not a backup at all")


def change_table(source: Path, target: Path) -> None:
    """One word of one row, in a zip that is sound as such."""
    _rewrite(source, target, "tables/report.jsonl", lambda content: content.replace(b"400", b"401", 1))


def change_file(source: Path, target: Path) -> None:
    with zipfile.ZipFile(source) as archive:
        name = next(one for one in archive.namelist() if one.startswith("evidence/"))
    _rewrite(source, target, name, lambda content: content + b" ")


def _rewrite(source: Path, target: Path, name: str, change: Callable[[bytes], bytes]) -> None:
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for one in old.namelist():
            content = old.read(one)
            new.writestr(one, change(content) if one == name else content)
