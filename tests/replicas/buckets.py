"""A real S3 server on 127.0.0.1 (moto) behind a gate that can refuse, and objects as its operator sees them."""

import contextlib
import itertools
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import obstore
from moto.server import DomainDispatcherApplication, create_backend_app
from obstore.store import S3Store
from werkzeug.serving import make_server

from app.evidence.bucket import Bucket, BucketStore

ACCESS, SECRET = "AKIACANARYCANARY", "canary-of-the-secret-key"
REGION = "ap-southeast-1"
REFUSED = (
    "<Error><Code>{code}</Code><Message>No.</Message><AWSAccessKeyId>{key}</AWSAccessKeyId>"
    "<StringToSign>AWS4-HMAC-SHA256</StringToSign></Error>"
)


@dataclass
class Gate:
    """Lets requests through, unless it is told to answer itself. `seen` are (method, path)."""

    application: Callable[..., Any]
    refuse: tuple[str, str] | None = None
    """Status and code of what it answers instead."""
    seen: list[tuple[str, str]] = field(default_factory=list)
    let_pass: threading.Event = field(default_factory=threading.Event)
    asked: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.let_pass.set()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        self.seen.append((environ["REQUEST_METHOD"], environ["PATH_INFO"]))
        self.asked.set()
        self.let_pass.wait()
        if self.refuse is None:
            return self.application(environ, start_response)  # type: ignore[no-any-return]
        status, code = self.refuse
        environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        start_response(status, [("Content-Type", "application/xml")])
        return [REFUSED.format(code=code, key=ACCESS).encode()]

    @contextlib.contextmanager
    def closed(self, status: str = "503 Service Unavailable", code: str = "ServiceUnavailable") -> Iterator[None]:
        self.refuse = (status, code)
        try:
            yield
        finally:
            self.refuse = None

    @contextlib.contextmanager
    def silent(self) -> Iterator[None]:
        """Whoever asks waits until the block ends."""
        self.asked.clear()
        self.let_pass.clear()
        try:
            yield
        finally:
            self.let_pass.set()


@dataclass
class Server:
    """Buckets on one port; each test takes its own."""

    endpoint: str
    gate: Gate
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def make_bucket(self, prefix: str = "tai-lieu") -> Bucket:
        from moto.core import DEFAULT_ACCOUNT_ID
        from moto.s3.models import s3_backends

        name = f"khacphuc-{next(self._numbers)}"
        s3_backends[DEFAULT_ACCOUNT_ID]["aws"].create_bucket(name, REGION)
        return self.bucket(name, prefix)

    def bucket(self, name: str, prefix: str = "tai-lieu") -> Bucket:
        return Bucket(name, prefix, self.endpoint, REGION, ACCESS, SECRET)


@contextlib.contextmanager
def running() -> Iterator[Server]:
    gate = Gate(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", 0, gate, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield Server(f"http://127.0.0.1:{server.port}", gate)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def client_of(bucket: Bucket) -> S3Store:
    """The whole bucket, not only our prefix."""
    return S3Store(bucket.name, client_options={"allow_http": True}, **bucket.options())  # type: ignore[arg-type]


def objects(bucket: Bucket) -> list[str]:
    return sorted(one["path"] for page in obstore.list(client_of(bucket)) for one in page)


def spoil(bucket: Bucket, sha256: str, content: bytes) -> None:
    obstore.put(client_of(bucket), f"{bucket.prefix}/{sha256[:2]}/{sha256}", content)


def variables(bucket: Bucket) -> dict[str, str]:
    """What an operator sets."""
    return {
        "KHACPHUC_EVIDENCE_STORE": f"s3://{bucket.name}/{bucket.prefix}",
        "KHACPHUC_S3_ENDPOINT": bucket.endpoint,
        "KHACPHUC_S3_REGION": bucket.region,
        "KHACPHUC_S3_ACCESS_KEY": bucket.access_key,
        "KHACPHUC_S3_SECRET_KEY": bucket.secret_key,
    }


def store_in(folder: Path, bucket: Bucket) -> BucketStore:
    return BucketStore(folder / "evidence", bucket)


def give_to(bucket: Bucket, owner: str) -> None:
    obstore.put(client_of(bucket), f"{bucket.prefix}/owner", owner.encode())
