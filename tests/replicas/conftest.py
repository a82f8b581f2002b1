from collections.abc import Iterator
from pathlib import Path

import pytest

from app.evidence import FileStore, Store
from app.evidence.bucket import Bucket
from tests.cli.conftest import console, data
from tests.replicas.buckets import Server, running, store_in

__all__ = ["console", "data"]  # fixtures that are used here too


@pytest.fixture(scope="session")
def s3() -> Iterator[Server]:
    with pytest.MonkeyPatch.context() as patch, running() as server:
        patch.setenv("NO_PROXY", "127.0.0.1")
        yield server


@pytest.fixture
def bucket(s3: Server) -> Bucket:
    return s3.make_bucket()


@pytest.fixture(params=["folder", "bucket"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """Where evidence lies: in a folder, and in a bucket."""
    if request.param == "folder":
        return FileStore(tmp_path / "evidence")
    return store_in(tmp_path, request.getfixturevalue("bucket"))
