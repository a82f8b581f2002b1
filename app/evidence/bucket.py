"""Evidence in a bucket of S3-compatible storage, for replicas on several machines.

The network is slow and fails, so bytes go there before the transaction that writes their row (`bring`), and within it
one short question tells whether they are still there. A put is atomic: nobody ever sees half a file. What comes back
lies on disk, checked against its hash, before anybody is sent a byte: a slow reader holds no connection to the bucket,
and a file that changed there is never taken for the document. obstore is imported when a bucket is first used.
"""

import contextlib
import hashlib
import re
import secrets
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, BinaryIO, ClassVar, Final, cast

import structlog

from app import room
from app.errors import StoreUnavailable
from app.evidence.storage import Received, Store, Stored

if TYPE_CHECKING:
    from obstore.store import S3Store

log = structlog.get_logger()

PART: Final = 5 << 20
"""Bytes of one piece on its way there: the least that S3 takes. Two are in memory at once."""
CHUNK: Final = 1 << 20
OWNER: Final = "owner"
"""Object that names the database whose files these are."""
PROBE: Final = "probe"
_KEY = re.compile(r"([0-9a-f]{2})/(\1[0-9a-f]{62})")
_NO_BUCKET: Final = "<Code>NoSuchBucket</Code>"
"""What tells a missing bucket from a missing object."""
_CODE = re.compile(r"<Code>(\w+)</Code>")
_STATUS = re.compile(r"status code: (\d{3})")
_NOT_READ = "Chưa tải được tệp; hãy thử lại sau ít phút, nếu vẫn lỗi xin báo bộ phận kỹ thuật."
_NOT_WRITTEN = "Chưa có gì được ghi; hãy gửi lại sau ít phút, nếu vẫn lỗi xin báo bộ phận kỹ thuật."
_OF_CODE: Mapping[str, str] = {
    "NoSuchBucket": "không có bucket này",
    "InvalidAccessKeyId": "khóa truy cập không đúng",
    "SignatureDoesNotMatch": "khóa bí mật không đúng",
    "InvalidToken": "khóa tạm thời không đúng hoặc đã hết hạn",
    "ExpiredToken": "khóa tạm thời không đúng hoặc đã hết hạn",
    "AccessDenied": "khóa truy cập không đủ quyền",
    "AllAccessDisabled": "bucket đã bị khóa",
    "AuthorizationHeaderMalformed": "sai vùng (KHACPHUC_S3_REGION)",
    "PermanentRedirect": "sai vùng (KHACPHUC_S3_REGION)",
    "RequestTimeTooSkewed": "đồng hồ của máy này lệch so với kho",
    "SlowDown": "kho đang quá tải",
    "QuotaExceeded": "kho đã đầy",
}
_OF_TEXT: Mapping[str, str] = {
    "169.254.169.254": "chưa khai khóa truy cập",  # what is asked for keys when none are given
    "InvalidCertificate": "chứng chỉ TLS của kho không được tin cậy",
    "kind: Timeout": "quá thời gian chờ",
    "kind: Connect": "không kết nối được máy chủ của kho",
    "kind: Request": "máy chủ của kho ngắt kết nối",
}


@dataclass(frozen=True, slots=True)
class Bucket:
    """Where it is and how it is entered; what is empty obstore takes from AWS_…, or from the machine's own role."""

    name: str
    prefix: str = ""
    endpoint: str = ""
    region: str = ""
    access_key: str = field(default="", repr=False)
    secret_key: str = field(default="", repr=False)

    def options(self) -> dict[str, str]:
        named = {
            "endpoint": self.endpoint,
            "region": self.region,
            "access_key_id": self.access_key,
            "secret_access_key": self.secret_key,
        }
        return {name: value for name, value in named.items() if value}


@dataclass(frozen=True, slots=True)
class BucketStore(Store):
    """Objects `ab/abcdef…` under the bucket's prefix: as in a folder, so that one can be copied into the other."""

    bucket: Bucket

    shared: ClassVar[bool] = True

    @property
    def name(self) -> str:
        return "/".join(filter(None, (f"s3://{self.bucket.name}", self.bucket.prefix)))

    def bring(self, received: Received) -> None:
        with self._translated(_NOT_WRITTEN):
            if not self._holds(received):
                self._upload(received)

    def put(self, received: Received) -> None:
        """Under the claim: a sweep that found these bytes unreferenced may have deleted them since `bring`."""
        self.bring(received)

    def open(self, sha256: str) -> BinaryIO:
        """A copy on disk that vanishes when it is closed. FileNotFoundError also for bytes that are not what their
        name says; raises `StoreUnavailable`, and `Unwritable` when this machine's disk is full."""
        target = self._temporary_file()
        try:
            self._download(sha256, target)
        except BaseException:
            target.close()
            raise
        return target

    def delete(self, sha256: str) -> None:
        import obstore

        with self._translated(_NOT_WRITTEN), contextlib.suppress(FileNotFoundError):
            obstore.delete(_connect(self.bucket, quick=True), _key(sha256))

    def stored(self) -> Iterator[Stored]:
        import obstore

        with self._translated(_NOT_READ):
            for page in obstore.list(_connect(self.bucket), chunk_size=1_000):
                for one in page:
                    if named := _KEY.fullmatch(one["path"]):
                        yield Stored(named[2], one["size"], one["last_modified"])

    def check(self) -> None:
        """Lists, puts, reads and deletes, without patience."""
        import obstore

        client, probe = _connect(self.bucket, quick=True), f"{PROBE}-{secrets.token_hex(8)}"
        with self._translated("Kiểm tra KHACPHUC_EVIDENCE_STORE, KHACPHUC_S3_… (hoặc AWS_…) và đường mạng."):
            next(iter(obstore.list(client, chunk_size=1)), None)
            obstore.put(client, probe, b"khacphuc")
            obstore.get(client, probe).bytes()
            obstore.delete(client, probe)

    def owner(self) -> str | None:
        import obstore

        with self._translated(_NOT_READ):
            try:
                return bytes(obstore.get(_connect(self.bucket, quick=True), OWNER).bytes()).decode("ascii", "replace")
            except FileNotFoundError as error:
                if _NO_BUCKET in str(error):
                    raise
                return None

    def settle_owner(self, identity: str) -> str:
        import obstore

        if self.owner() is None:
            with self._translated(_NOT_WRITTEN):
                obstore.put(_connect(self.bucket, quick=True), OWNER, identity.encode())
        return self.owner() or ""  # of two databases that came at once the last one

    def _holds(self, received: Received) -> bool:
        import obstore

        try:
            found = obstore.head(_connect(self.bucket, quick=True), _key(received.sha256))
        except FileNotFoundError:
            return False
        return found["size"] == received.size

    def _upload(self, received: Received) -> None:
        import obstore

        client = _connect(self.bucket)
        obstore.put(client, _key(received.sha256), received.path, chunk_size=PART, max_concurrency=2)

    def _download(self, sha256: str, target: BinaryIO) -> None:
        import obstore

        digest = hashlib.sha256()
        with self._translated(_NOT_READ):
            for chunk in obstore.get(_connect(self.bucket), _key(sha256)).stream(min_chunk_size=CHUNK):
                digest.update(chunk)
                self._write(target, chunk)
        if digest.hexdigest() != sha256:
            log.error("evidence file is not what its name says", store=self.name, sha256=sha256)
            raise FileNotFoundError(sha256)
        target.seek(0)

    def _temporary_file(self) -> BinaryIO:
        try:
            self.incoming_folder.mkdir(parents=True, exist_ok=True)
            return cast(BinaryIO, tempfile.TemporaryFile(dir=self.incoming_folder))
        except OSError as error:
            raise room.refused(self.folder, error) from error

    def _write(self, target: BinaryIO, chunk: bytes) -> None:
        try:
            target.write(chunk)
        except OSError as error:
            raise room.refused(self.folder, error) from error

    @contextlib.contextmanager
    def _translated(self, advice: str) -> Iterator[None]:
        """What the bucket says becomes `StoreUnavailable`: its own words hold addresses and names of keys."""
        from obstore.exceptions import BaseError

        try:
            yield
        except (BaseError, FileNotFoundError) as error:
            if isinstance(error, FileNotFoundError) and _NO_BUCKET not in str(error):
                raise
            why = reason_of(error)
            log.warning("evidence store unavailable", store=self.name, why=why)
            raise StoreUnavailable(f"Kho tài liệu {self.name} không dùng được ({why}). {advice}") from None


def reason_of(error: Exception) -> str:
    """In Vietnamese, from what S3 and the network say in English; never their own words."""
    text = str(error)
    code = _CODE.search(text)
    if code is not None and code[1] in _OF_CODE:
        return _OF_CODE[code[1]]
    for part, reason in _OF_TEXT.items():
        if part in text:
            return reason
    status = _STATUS.search(text)
    if status is not None and status[1] in ("401", "403"):
        return "khóa truy cập không đúng hoặc không đủ quyền"
    return f"kho trả lời {status[1]}" if status is not None else "kho trả lời không đọc được"


def _key(sha256: str) -> str:
    return f"{sha256[:2]}/{sha256}"


@cache
def _connect(bucket: Bucket, *, quick: bool = False) -> "S3Store":
    """A client with connections of its own. `quick` asks once and waits little: a transaction may be waiting for it."""
    from obstore.store import S3Store

    return S3Store(
        bucket.name,
        prefix=bucket.prefix or None,
        client_options={
            "allow_http": bucket.endpoint.startswith("http://"),
            "connect_timeout": "3s",
            "read_timeout": "5s" if quick else "20s",
            "timeout": "5s" if quick else "60s",
        },
        retry_config={
            "max_retries": 0 if quick else 2,
            "backoff": {"init_backoff": timedelta(milliseconds=100), "max_backoff": timedelta(seconds=1), "base": 2},
            "retry_timeout": timedelta(seconds=10),
        },
        disable_bulk_delete=True,  # one at a time, as every S3-compatible store can
        **bucket.options(),  # type: ignore[arg-type]  # a TypedDict of strings
    )
