"""The nginx examples of docs/operations.md and docs/many-machines.md as they stand there, before two real replicas."""

import contextlib
import datetime
import ipaddress
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from app.accounts import create_key, create_link
from app.clock import Clock
from app.core.access import SYSTEM
from app.db import open_database
from app.models import login_sessions
from app.settings import ROOT
from tests.cli.conftest import COMMAND, SECONDS, environment, free_port
from tests.conftest import Engines, World
from tests.domain.evidence_samples import PDF
from tests.programs import NGINX, require

PASSWORD = "Năm con gà chạy nhanh"
HERE, CLIENT, OTHER = "127.0.0.1", "127.0.0.2", "127.0.0.3"
"""Linux answers at every address of 127/8, so one machine can be several."""
LARGEST = 20_000_000
SLOW = "1s"


@dataclass(frozen=True)
class Site:
    """What stands behind the proxies: `single` is the example of operations.md, `shared` that of many-machines.md."""

    world: World
    replicas: tuple[subprocess.Popen[bytes], subprocess.Popen[bytes]]
    ports: tuple[int, int]
    single: int
    plain: int
    shared: int
    trusted: ssl.SSLContext
    log: Path
    """Where nginx would note addresses."""

    def client(self, port: int, **options: Any) -> httpx.Client:
        """A browser at another address than the proxy's."""
        transport = httpx.HTTPTransport(verify=self.trusted, local_address=options.pop("address", CLIENT))
        return httpx.Client(base_url=f"https://{HERE}:{port}", transport=transport, timeout=SECONDS, **options)

    def direct(self, replica: int, address: str) -> httpx.Client:
        transport = httpx.HTTPTransport(local_address=address)
        return httpx.Client(base_url=f"http://{HERE}:{self.ports[replica]}", transport=transport, timeout=SECONDS)

    def key(self, who: str = "SKHCN") -> dict[str, str]:
        issued = self.world.write(create_key, SYSTEM, self.world.actor(who).account_id, label="test", days=None)
        return {"Authorization": f"Bearer {issued.key}"}

    def sign_in(self, client: httpx.Client, **headers: str) -> httpx.Response:
        """As somebody who has just got a link."""
        path = self.world.write(create_link, SYSTEM, self.world.actor("STP").account_id).path
        done = client.post(path, data={"password": PASSWORD, "repeated": PASSWORD}, headers=headers)
        assert done.status_code == 303, done.text
        return client.post("/signin", data={"name": "stp", "password": PASSWORD}, headers=headers)


def example(page: str, changes: Mapping[str, str]) -> str:
    """The nginx block of a page, for this machine: each text to be changed stands in it."""
    found = re.search(r"```nginx\n(.*?)```", (ROOT / "docs" / page).read_text(), re.DOTALL)
    assert found is not None
    block = found[1]
    for old, new in changes.items():
        assert old in block, (page, old)
        block = block.replace(old, new)
    return block


def around(folder: Path, blocks: str) -> str:
    """What distributions put around a site, compression of pages included."""
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    places = "\n".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)
    user = "user root;" if os.geteuid() == 0 else ""
    return f"""{user} daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{}}
http {{ gzip on; access_log {folder}/access.log; {places}
{blocks} }}"""


def certify(folder: Path) -> tuple[Path, Path]:
    """A certificate of this machine's, signed by itself."""
    from cryptography import x509  # the simulated S3 server brings it
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name.from_rfc4514_string("CN=khacphuc")
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(HERE))]), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "tls.crt").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    form = serialization.PrivateFormat.PKCS8
    (folder / "tls.key").write_bytes(key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()))
    return folder / "tls.crt", folder / "tls.key"


def configured(folder: Path, ports: tuple[int, int], single: int, plain: int, shared: int) -> Path:
    """nginx.conf with both examples."""
    certificate, key = certify(folder)
    timeouts = {"client_header_timeout 10s": f"client_header_timeout {SLOW}"}
    timeouts["client_body_timeout 30s"] = f"client_body_timeout {SLOW}"
    alone = {
        "listen 443 ssl": f"listen {HERE}:{single} ssl",
        "listen 80;": f"listen {HERE}:{plain};",
        "khacphuc.example.vn": HERE,
        "/etc/ssl/khacphuc.crt": str(certificate),
        "/etc/ssl/private/khacphuc.key": str(key),
        "http://127.0.0.1:8000": f"http://{HERE}:{ports[0]}",
    }
    both = {
        "listen 443 ssl": f"listen {HERE}:{shared} ssl",
        "listen 80;": f"listen {HERE}:{free_port()};",
        "khacphuc.example.vn": HERE,
        "/etc/nginx/tls/fullchain.pem": str(certificate),
        "/etc/nginx/tls/privkey.pem": str(key),
        "server app:8000 max_fails=2 fail_timeout=5s;": "".join(
            f"server {HERE}:{port} max_fails=2 fail_timeout=5s;" for port in ports
        ),
    }
    blocks = example("operations.md", {**alone, **timeouts}) + example("many-machines.md", {**both, **timeouts})
    (folder / "nginx.conf").write_text(around(folder, blocks))
    return folder / "nginx.conf"


@contextlib.contextmanager
def replica(port: int, folder: Path, url: str, base_url: str) -> Iterator[subprocess.Popen[bytes]]:
    env = environment(
        folder, DATABASE_URL=url, KHACPHUC_BASE_URL=base_url, KHACPHUC_SCHEDULER="false", KHACPHUC_POOL_SIZE="2"
    )
    command = [*COMMAND, "serve", "--port", str(port)]
    process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        process.wait(timeout=SECONDS)


@contextlib.contextmanager
def nginx(configuration: Path) -> Iterator[None]:
    program, folder = require(NGINX, "nginx"), configuration.parent
    started = [program, "-p", str(folder), "-e", str(folder / "error.log"), "-c", str(configuration)]
    checked = subprocess.run([*started, "-t"], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    process = subprocess.Popen(started)
    try:
        yield
    finally:
        process.terminate()
        process.wait(timeout=SECONDS)


@pytest.fixture(scope="module")
def site(engines: Engines) -> Iterator[Site]:
    require(NGINX, "nginx")
    if sys.platform != "linux":
        pytest.skip("only Linux answers at 127.0.0.2 and 127.0.0.3")
    folder = Path(tempfile.mkdtemp(prefix="khacphuc-nginx-"))
    url = engines.copy("postgresql", "seeded")
    first, second, single, plain, shared = (free_port() for _ in range(5))
    base_url = f"https://{HERE}:{single}"
    with contextlib.ExitStack() as running:
        running.callback(shutil.rmtree, folder, ignore_errors=True)
        running.callback(engines.drop, url)
        replicas = [running.enter_context(replica(port, folder / "data", url, base_url)) for port in (first, second)]
        running.enter_context(nginx(configured(folder, (first, second), single, plain, shared)))
        db = running.enter_context(contextlib.closing(open_database(url, pool_size=2)))
        log = folder / "access.log"
        trusted = ssl.create_default_context(cafile=str(folder / "tls.crt"))
        made = Site(
            World(db, Clock.real_now()),
            (replicas[0], replicas[1]),
            (first, second),
            single,
            plain,
            shared,
            trusted,
            log,
        )
        for port in made.ports:
            retrying = httpx.HTTPTransport(retries=8)  # until the port is taken; what comes then waits for the server
            with httpx.Client(transport=retrying, timeout=SECONDS) as client:
                assert client.get(f"http://{HERE}:{port}/readyz").status_code == 200
        yield made


def test_people_sign_in_through_it_and_the_browser_is_held_to_tls(site: Site) -> None:
    with site.client(site.single) as client:
        page = client.get("/signin")
        assert page.headers["strict-transport-security"].startswith("max-age=31536000")
        entered = site.sign_in(client, Origin=f"https://{HERE}:{site.single}")
        assert entered.status_code == 303
        cookies = entered.headers.get_list("set-cookie")
        assert len(cookies) == 2
        assert all(one.startswith("__Host-khacphuc") and "; Secure" in one for one in cookies)
        assert "Đăng xuất" in client.get("/account").text
        forged = client.post("/signin", data={"name": "stp", "password": "x"}, headers={"Origin": "https://evil.vn"})
        assert forged.status_code == 403
    with httpx.Client() as client:
        moved = client.get(f"http://{HERE}:{site.plain}/tasks?field=7")
        assert (moved.status_code, moved.headers["location"]) == (301, f"https://{HERE}/tasks?field=7")


def test_pages_with_secrets_are_not_compressed_and_their_addresses_not_logged(site: Site) -> None:
    for port in (site.single, site.shared):
        with site.client(port) as client:
            page = client.get("/signin?next=/password/SECRET")
            assert "content-encoding" not in page.headers
            style = re.search(r'href="(/static/\S+\.css\S*)"', page.text)
            assert style is not None
            assert client.get(style[1]).headers["content-encoding"] == "gzip"
            assert client.get("/password/SECRET").status_code == 404
    with httpx.Client() as client:
        assert client.get(f"http://{HERE}:{site.plain}/password/SECRET").status_code == 301
    assert "SECRET" not in site.log.read_text()


def test_addresses_are_those_of_the_connection_whatever_the_client_says(site: Site) -> None:
    told = {"X-Forwarded-For": "203.0.113.9, 127.0.0.1", "X-Real-IP": "203.0.113.9", "Forwarded": "for=203.0.113.9"}
    for port in (site.single, site.shared):
        with site.client(port) as client:
            assert site.sign_in(client, **told).status_code == 303
        assert last_address(site) == CLIENT
    with site.direct(0, OTHER) as client:  # past the proxy, from an address that is no proxy's
        assert site.sign_in(client, **told).status_code == 303
        assert last_address(site) == OTHER


def last_address(site: Site) -> str:
    newest = select(login_sessions.c.client).order_by(login_sessions.c.id.desc()).limit(1)
    with site.world.db.snapshot() as connection:
        return str(connection.execute(newest).scalar_one())


def test_the_largest_document_arrives_and_what_is_longer_is_told_by_the_server(site: Site) -> None:
    stated, key = {"number": "1/BC", "tasks": "ST-2024-TC-15"}, site.key()
    content = PDF + bytes(LARGEST - len(PDF))
    for port in (site.single, site.shared):
        with site.client(port) as client:
            made = client.post("/api/v1/evidence", data=stated, files={"file": ("a.pdf", content)}, headers=key)
            assert (made.status_code, made.json().get("size")) == (201, LARGEST), made.text
            got = client.get(f"/api/v1/evidence/{made.json()['id']}/file", headers=key)
            assert got.content == content
    with site.client(site.single) as client:
        over = {"file": ("a.pdf", content + bytes(100_000))}
        refused = client.post("/api/v1/evidence", data=stated, files=over, headers=key)
        assert (refused.status_code, refused.headers["content-type"]) == (413, "application/problem+json")


@pytest.mark.parametrize("sent", [b"GET /sig", b"POST /signin HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nname="])
def test_who_sends_too_slowly_is_let_go(site: Site, sent: bytes) -> None:
    line = socket.create_connection((HERE, site.single), timeout=SECONDS)
    with site.trusted.wrap_socket(line, server_hostname=HERE) as client:
        client.sendall(sent)
        answer = b"".join(iter(lambda: client.recv(4_096), b""))
    assert answer == b"" or answer.startswith(b"HTTP/1.1 408 ")


def test_figures_of_the_service_are_for_the_monitoring_only(site: Site) -> None:
    for port, status in ((site.single, 403), (site.shared, 404)):
        with site.client(port) as client:
            assert client.get("/metrics").status_code == status


def test_two_replicas_share_the_work_and_one_does_it_alone_when_the_other_dies(site: Site) -> None:
    with site.client(site.shared) as client:
        assert site.sign_in(client).status_code == 303
        for _ in range(6):
            assert client.get("/account").status_code == 200  # the session holds at both
        assert all(asked(site, number) > 1 for number in (0, 1))
        site.replicas[1].send_signal(signal.SIGKILL)
        site.replicas[1].wait(timeout=SECONDS)
        written = {"headers": {**site.key(), "If-Match": "*"}, "json": {"progress": "Đang kết nối"}}
        for _ in range(3):
            assert client.get("/account").status_code == 200
            assert client.post("/api/v1/tasks/ST-2024-TC-15/updates", **written).status_code == 200


def asked(site: Site, number: int) -> float:
    """How many pages of /account a replica has answered."""
    with site.direct(number, HERE) as client:
        lines = client.get("/metrics").text.splitlines()
    return sum(float(line.split()[-1]) for line in lines if "_count{" in line and '"/account"' in line)
