"""Where the bytes of evidence lie: each file under its SHA-256, so the same bytes are stored once.

A store is a folder of this machine, or one that several machines share (`FileStore`), or a bucket (`bucket.py`).
Whoever puts or deletes bytes holds the claim on their hash (`claim`) in the transaction that also writes or reads the
rows, so that one upload's failure never takes away the file of another one.
"""

import contextlib
import hashlib
import os
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, ClassVar, NamedTuple

from sqlalchemy import BigInteger, Connection, bindparam, func, select

from app import room

INCOMING = "incoming"


@dataclass(frozen=True, slots=True)
class Received:
    """Bytes that are on disk for good (fsync) but not in place yet."""

    path: Path
    size: int
    sha256: str

    def forget(self) -> None:
        """Remove the temporary file, if it is still one."""
        self.path.unlink(missing_ok=True)


class Overflow(Exception):
    """More bytes than allowed."""


class Stored(NamedTuple):
    """A file in its place, and when it came there."""

    sha256: str
    size: int
    modified: datetime


@dataclass(frozen=True, slots=True)
class Store(ABC):
    """`ab/abcdef…` for what is in place. What is on its way is first received and looked into under `folder`, which is
    this machine's own or shared by all of them."""

    folder: Path

    shared: ClassVar[bool] = False
    """Whether other databases may keep files in the same place, so that only the sweep, which knows whose the place
    is, deletes."""

    @property
    @abstractmethod
    def name(self) -> str:
        """The place as operators know it."""

    def receive(self, chunks: Iterable[bytes], *, limit: int) -> Received:
        """Write and hash a stream; `Overflow` past `limit` bytes. What fails leaves no file behind."""
        self.incoming_folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self.incoming_folder)
        try:
            with os.fdopen(handle, "wb") as target:
                size, sha256 = _copy(chunks, target, limit)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        return Received(Path(name), size, sha256)

    @abstractmethod
    def bring(self, received: Received) -> None:
        """What takes long of `put`, done before the transaction begins."""

    @abstractmethod
    def put(self, received: Received) -> None:
        """Received bytes to their place, whole and for good, or not at all. May be done again: a transaction that is
        run again (a deadlock of PostgreSQL) finds what its first run put."""

    @abstractmethod
    def open(self, sha256: str) -> BinaryIO:
        """The stored bytes; FileNotFoundError when they are not there."""

    @abstractmethod
    def delete(self, sha256: str) -> None:
        """Deleting what is not there is no error."""

    @abstractmethod
    def stored(self) -> Iterator[Stored]:
        """Every file in place, in no order; whatever else lies there is passed over."""

    @abstractmethod
    def check(self) -> None:
        """Raises `Busy` with the cause where files can be neither put nor read."""

    def owner(self) -> str | None:
        """Whose files these are (`upkeep.identity_of`), where the store was told."""
        return None

    def settle_owner(self, identity: str) -> str:
        """Whose files these are: of `identity`, unless the store was told another one before."""
        return identity

    @property
    def incoming_folder(self) -> Path:
        return self.folder / INCOMING

    def incoming(self) -> Iterator[Path]:
        return self.incoming_folder.glob("*")


@dataclass(frozen=True, slots=True)
class FileStore(Store):
    """A folder. The only code that knows how files lie in it."""

    @property
    def name(self) -> str:
        return str(self.folder)

    def bring(self, received: Received) -> None:
        """A rename takes no time."""

    def put(self, received: Received) -> None:
        """Move received bytes to their place, atomically and durably. Bytes that are there already are replaced."""
        target = self.path(received.sha256)
        if not received.path.exists() and target.exists():
            return
        if not target.parent.is_dir():
            target.parent.mkdir(exist_ok=True)
            _sync_folder(self.folder)
        received.path.replace(target)
        _sync_folder(target.parent)

    def open(self, sha256: str) -> BinaryIO:
        return self.path(sha256).open("rb")

    def delete(self, sha256: str) -> None:
        self.path(sha256).unlink(missing_ok=True)

    def path(self, sha256: str) -> Path:
        return self.folder / sha256[:2] / sha256

    def stored(self) -> Iterator[Stored]:
        for path in self.folder.glob("[0-9a-f][0-9a-f]/*"):
            if len(path.name) == 64:
                with contextlib.suppress(FileNotFoundError):  # deleted meanwhile
                    found = path.stat()
                    yield Stored(path.name, found.st_size, datetime.fromtimestamp(found.st_mtime, UTC))

    def check(self) -> None:
        try:
            self.incoming_folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise room.refused(self.folder, error) from error
        room.check(self.incoming_folder)


def claim(connection: Connection, sha256: str) -> None:
    """Until this transaction ends nobody else puts or deletes these bytes. A write transaction of SQLite is alone
    anyway; PostgreSQL takes an advisory lock."""
    if connection.dialect.name == "postgresql":
        key = int.from_bytes(bytes.fromhex(sha256[:16]), signed=True)
        connection.execute(select(func.pg_advisory_xact_lock(bindparam("key", key, BigInteger))))


def _copy(chunks: Iterable[bytes], target: BinaryIO, limit: int) -> tuple[int, str]:
    size, digest = 0, hashlib.sha256()
    for chunk in chunks:
        size += len(chunk)
        if size > limit:
            raise Overflow
        digest.update(chunk)
        target.write(chunk)
    target.flush()
    os.fsync(target.fileno())
    return size, digest.hexdigest()


def _sync_folder(folder: Path) -> None:
    """Make a rename survive a power cut. Systems that cannot open folders (Windows) do without."""
    with contextlib.suppress(PermissionError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
