"""The list of what this software is made of, and its comparison with advisories."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from packaging.requirements import Requirement

from app.settings import ROOT

TOOL = str(ROOT / ".ci" / "dependencies.py")
ADVISORY = """
id: PYSEC-2024-38
details: "ReDoS\\n  in a form parser"
affected:
- package: {name: Fast_API, ecosystem: PyPI}
  ranges:
  - type: GIT
    events: [{introduced: "0"}, {fixed: 9d34ad0ee8a0dfbbcce06f76c2d5d851085024fc}]
  - type: ECOSYSTEM
    events: [{fixed: 0.109.1}, {introduced: "0"}, {introduced: "0.200"}, {last_affected: "0.201"}]
  versions: [0.99.9rc1]
"""
WITHDRAWN = {"id": "GHSA-w", "withdrawn": "2024-01-01T00:00:00Z", "affected": [{"package": {}}]}


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, TOOL, *map(str, arguments)], capture_output=True, text=True)


def sbom(path: Path, *versions: tuple[str, str, str]) -> Path:
    components = [{"name": n, "version": v, "purl": f"pkg:{kind}/{n}@{v}"} for kind, n, v in versions]
    path.write_text(json.dumps({"components": components}))
    return path


@pytest.fixture
def advisories(tmp_path: Path) -> Path:
    folder = tmp_path / "advisories" / "fastapi"
    folder.mkdir(parents=True)
    (folder / "PYSEC-2024-38.yaml").write_text(ADVISORY)
    (folder / "GHSA-w.json").write_text(json.dumps(WITHDRAWN))
    return folder.parent


def test_the_sbom_has_every_locked_package_with_its_hashes_and_every_vendored_file(tmp_path: Path) -> None:
    done = run("sbom", tmp_path / "sbom.json")
    assert done.returncode == 0, done.stderr
    bom: dict[str, Any] = json.loads((tmp_path / "sbom.json").read_text())
    locked = [line for line in (ROOT / "requirements.lock").read_text().splitlines() if "==" in line]
    assert bom["specVersion"] == "1.6"
    pinned = {line.split(" ;")[0].rstrip(" \\") for line in locked}
    listed = {f"{one['name']}=={one['version']}" for one in bom["components"] if one["purl"].startswith("pkg:pypi/")}
    assert listed == pinned
    assert all(
        one["externalReferences"][0]["hashes"] for one in bom["components"] if one["purl"].startswith("pkg:pypi/")
    )
    vendored = [one["name"] for one in bom["components"] if one["purl"].startswith("pkg:npm/")]
    assert vendored == ["htmx.org", "@picocss/pico", "swagger-ui-dist"]


@pytest.mark.parametrize(
    ("version", "status"),
    [("0.109.0", 1), ("0.109.1", 0), ("0.165.0", 0), ("0.200", 1), ("0.201", 1), ("0.201.1", 0), ("0.99.9rc1", 1)],
)
def test_an_affected_version_is_found_and_others_are_not(
    tmp_path: Path, advisories: Path, version: str, status: int
) -> None:
    done = run("audit", sbom(tmp_path / "s.json", ("pypi", "fast-api", version)), "--advisories", advisories)
    assert done.returncode == status, done.stderr
    assert ("PYSEC-2024-38: ReDoS in a form parser" in done.stdout) is bool(status)


def test_another_ecosystem_of_that_name_is_not_meant_and_what_was_looked_at_is_accepted(
    tmp_path: Path, advisories: Path
) -> None:
    other = sbom(tmp_path / "s.json", ("npm", "fast-api", "0.1"))
    assert run("audit", other, "--advisories", advisories).returncode == 0
    ours = sbom(tmp_path / "s.json", ("pypi", "fast-api", "0.1"))
    assert run("audit", ours, "--advisories", advisories, "--accept", "PYSEC-2024-38").returncode == 0


def test_comparing_with_nothing_is_no_success(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    done = run("audit", sbom(tmp_path / "s.json", ("pypi", "a", "1")), "--advisories", empty)
    assert (done.returncode, "nothing was audited" in done.stderr) == (2, True)


@contextmanager
def osv(unsafe: str) -> Iterator[str]:
    """A server that knows one advisory, about the package `unsafe`: what OSV's query API answers."""

    class Answers(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["content-length"])))["package"]
            advisory = {"id": "GHSA-1", "summary": "Reads too much", "affected": [{"package": asked}]}
            body = json.dumps({"vulns": [advisory]} if asked["name"] == unsafe else {}).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *ignored: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    serving = Thread(target=server.serve_forever)
    serving.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1/query"
    finally:
        server.shutdown()
        serving.join()
        server.server_close()


@pytest.mark.parametrize(("accepted", "status"), [((), 1), (("GHSA-1",), 0)])
def test_the_audit_asks_about_every_locked_package(tmp_path: Path, accepted: tuple[str, ...], status: int) -> None:
    with osv("sqlalchemy") as url:
        done = run("audit", tmp_path / "s.json", "--osv-url", url, "--accept", *accepted)
    lines = [line for line in (ROOT / "requirements.lock").read_text().splitlines() if "==" in line]
    markers = [Requirement(line.rstrip(" \\")).marker for line in lines]
    locked = sum(marker is None or marker.evaluate() for marker in markers)
    assert done.returncode == status, done.stderr
    assert "GHSA-1" in done.stdout
    assert "Reads too much" in done.stdout
    assert f"{locked} packages asked about, {len(accepted) == 0:d} advisories concern us." in done.stdout


def test_an_audit_that_got_no_answer_is_no_success_and_says_what_to_do(tmp_path: Path) -> None:
    done = run("audit", tmp_path / "s.json", "--osv-url", "http://127.0.0.1:9/v1/query")
    assert done.returncode == 3
    assert done.stderr.startswith("NOT AUDITED")
    assert "--advisories" in done.stderr
