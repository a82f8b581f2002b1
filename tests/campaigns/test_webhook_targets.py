"""Where webhooks go and where they never do, over real sockets that count who connects; and what a receiver can check.

Each address is tried twice: as the sender chooses its way, and straight at what connects, as if it had been chosen.
"""

import base64
import contextlib
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from app.agencies.addresses import check_webhook_url, new_secret, succeed
from app.errors import InvalidInput
from app.outbox.channels import Hooks, Undelivered, choose
from app.settings import ROOT, Settings
from tests.jobs.receivers import Hook, HookReceiver

ALLOWED = "hooks.example.vn"
NOW = datetime(2025, 6, 24, 1, 0, tzinfo=UTC)


class Counter:
    """A listening socket on every way to this machine that counts connections, and says nothing."""

    def __init__(
        self, host: str = "127.0.0.1", port: int = 0, say: Callable[[socket.socket], None] | None = None
    ) -> None:
        self.listener = socket.create_server((host, port))
        self.port: int = self.listener.getsockname()[1]
        self.connections = 0
        self._say = say
        self._thread = threading.Thread(target=self._accept, daemon=True)

    def __enter__(self) -> "Counter":
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self._thread.join(10)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                line, _ = self.listener.accept()
                self.connections += 1
                with line, contextlib.suppress(OSError):
                    if self._say:
                        self._say(line)


@pytest.fixture
def inside() -> Iterator[Counter]:
    """What must not be reached."""
    with Counter() as counter:
        yield counter


def settings(**given: Any) -> Settings:
    return Settings(**{"webhook_hosts": ALLOWED, "webhook_timeout": 0.3, "smtp_host": "mail.example.vn", **given})


def send(url: str, *, secrets: str | None = None, now: datetime = NOW, **given: Any) -> None:
    Hooks(settings(**given)).send(url, secrets, {"text": "x"}, message_key="m1", now=now)


TRICKS = (
    "http://127.0.0.1:{port}/",
    "http://hooks.example.vn@127.0.0.1:{port}/",
    "http://hooks.example.vn:80@127.0.0.1:{port}/",
    "http://hooks.example.vn%40127.0.0.1:{port}/",
    "http://127.0.0.1:{port}#@hooks.example.vn/",
    "http://127.0.0.1:{port}?@hooks.example.vn/",
    "http://127.0.0.1:{port}/@hooks.example.vn",
    "http://127.0.0.1:{port}\\@hooks.example.vn/",
    "http:\\\\127.0.0.1:{port}\\hooks.example.vn",
    "http://127.0.0.1:{port};hooks.example.vn/",
    "http://127.0.0.1:{port},hooks.example.vn/",
    "http://127.0.0.1:{port} hooks.example.vn/",
    "http://127.0.0.1:{port}\thooks.example.vn/",
    "http://127.0.0.1\r\nHost: hooks.example.vn:{port}/",
    "http://hooks.example.vn\0@127.0.0.1:{port}/",
    "http://2130706433:{port}/",
    "http://0x7f000001:{port}/",
    "http://0x7f.0.0.1:{port}/",
    "http://0177.0.0.1:{port}/",
    "http://017700000001:{port}/",
    "http://127.1:{port}/",
    "http://127.0.0.1.:{port}/",
    "http://0:{port}/",
    "http://0.0.0.0:{port}/",
    "http://[::1]:{port}/",
    "http://[::]:{port}/",
    "http://[::ffff:127.0.0.1]:{port}/",
    "http://[::ffff:7f00:1]:{port}/",
    "http://[0:0:0:0:0:ffff:127.0.0.1]:{port}/",
    "http://localhost:{port}/",
    "http://LOCALHOST:{port}/",
    "http://localhost.:{port}/",
    "http://localhost%00.hooks.example.vn:{port}/",
    "http://１２７.0.0.1:{port}/",
    "http://127。0。0。1:{port}/",
    "http://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ:{port}/",
    "http://hooks.example.vn.:{port}/",
    "http://.hooks.example.vn:{port}/",
    "http://hooks.example.vn.localhost:{port}/",
    "http://a.hooks.example.vn:{port}/",
    "http://hookſ.example.vn:{port}/",
    "http://xn--hooks-example-vn:{port}/",
    "http:///127.0.0.1:{port}/",
    "http:127.0.0.1:{port}/",
    "//127.0.0.1:{port}/",
    "127.0.0.1:{port}/",
    "ftp://hooks.example.vn:{port}/",
    "gopher://127.0.0.1:{port}/_hooks.example.vn",
    "file:///etc/passwd",
    "unix:///run/docker.sock",
    "http+unix://hooks.example.vn/",
    "javascript:fetch('http://127.0.0.1:{port}/')",
    "http://[hooks.example.vn]:{port}/",
    "http://hooks.example.vn:{port}:80/",
    "http://hooks.example.vn:99999/",
    "",
)


@pytest.mark.parametrize("trick", TRICKS)
def test_no_other_host_gets_a_connection(inside: Counter, trick: str) -> None:
    url = trick.format(port=inside.port)
    assert choose(None, url, settings(), demo=False) is None
    with pytest.raises(Undelivered):
        send(url)
    assert inside.connections == 0


ODD = [one for one in TRICKS if re.search(r"@hooks|@127|\\|[\0\t\r ]", one) or not one.startswith("http://")]


@pytest.mark.parametrize("trick", [one for one in ODD if "?@" not in one])
def test_nobody_enters_such_an_address(trick: str) -> None:
    with pytest.raises(InvalidInput):
        check_webhook_url(trick.format(port=80).replace("/@", "@"))


# Names


class Names:
    """A resolver whose answer may change from one question to the next."""

    def __init__(self, *answers: tuple[str, ...]) -> None:
        self.answers, self.asked = list(answers), 0
        self._real = socket.getaddrinfo

    def __call__(self, host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
        if host != ALLOWED:
            return self._real(host, port, *args, **kwargs)
        answer = self.answers[min(self.asked, len(self.answers) - 1)]
        self.asked += 1
        return [
            (socket.AF_INET6 if ":" in one else socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port))
            for one in answer
        ]


def answering(monkeypatch: pytest.MonkeyPatch, *answers: tuple[str, ...]) -> Names:
    names = Names(*answers)
    monkeypatch.setattr(socket, "getaddrinfo", names)
    return names


@pytest.mark.parametrize(
    "address",
    [
        *("169.254.169.254", "::ffff:169.254.169.254", "2002:a9fe:a9fe::1", "fe80::1", "0.0.0.0", "::", "224.0.0.1"),
        *("64:ff9b::169.254.169.254", "64:ff9b:1::a9fe:a9fe", "::169.254.169.254", "2001:0:1:2:3:4:5601:5601"),
        *("fd00:ec2::254", "100.100.100.200", "64:ff9b::100.100.100.200"),
    ],
)
@pytest.mark.parametrize("beside", [(), ("127.0.0.1",)])
def test_an_allowed_name_at_nobodys_address_gets_nothing(
    monkeypatch: pytest.MonkeyPatch, inside: Counter, address: str, beside: tuple[str, ...]
) -> None:
    answering(monkeypatch, (*beside, address))
    with pytest.raises(Undelivered, match="địa chỉ không được phép") as refused:
        send(f"http://{ALLOWED}:{inside.port}/")
    assert refused.value.permanent
    assert inside.connections == 0


def test_a_name_is_looked_up_once_and_what_it_says_later_gains_nothing(
    monkeypatch: pytest.MonkeyPatch, hooks: HookReceiver
) -> None:
    port = int(hooks.url.split(":")[2].split("/")[0])
    with Counter("127.0.0.2", port) as other:
        names = answering(monkeypatch, ("127.0.0.1",), ("127.0.0.2",), ("169.254.169.254",))
        send(f"http://{ALLOWED}:{port}/")
        assert (names.asked, other.connections) == (1, 0)
    (sent,) = hooks.received
    assert sent.headers["host"] == f"{ALLOWED}:{port}"


def test_the_next_address_is_tried_where_one_does_not_answer(
    monkeypatch: pytest.MonkeyPatch, hooks: HookReceiver
) -> None:
    answering(monkeypatch, ("127.0.0.3", "127.0.0.1"))
    send(hooks.url.replace("127.0.0.1", ALLOWED))
    assert len(hooks.received) == 1


def test_an_unknown_name_is_tried_again_later(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_args: Any, **_kwargs: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(Undelivered) as refused:
        send(f"http://{ALLOWED}/")
    assert not refused.value.permanent


# Redirects, proxies, answers


@pytest.fixture
def hooks() -> Iterator[HookReceiver]:
    with HookReceiver() as receiver:
        yield receiver


@pytest.mark.parametrize("status", [300, 301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    "location", ["http://127.0.0.1:{port}/", "//127.0.0.1:{port}/", "http://[::ffff:127.0.0.1]:{port}/"]
)
def test_no_redirect_is_followed(inside: Counter, hooks: HookReceiver, status: int, location: str) -> None:
    hooks.status, hooks.location = status, location.format(port=inside.port)
    with pytest.raises(Undelivered, match=f"HTTP {status}") as refused:
        send(hooks.url, webhook_hosts="127.0.0.1")
    assert refused.value.permanent
    assert (len(hooks.received), inside.connections) == (1, 0)


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "HTTPS_PROXY"])
def test_no_proxy_of_the_machine_is_asked(
    monkeypatch: pytest.MonkeyPatch, inside: Counter, hooks: HookReceiver, name: str
) -> None:
    monkeypatch.setenv(name, f"http://127.0.0.1:{inside.port}")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    send(hooks.url, webhook_hosts="127.0.0.1")
    assert (len(hooks.received), inside.connections) == (1, 0)


def test_no_log_in_of_the_machine_is_given_away(
    monkeypatch: pytest.MonkeyPatch, hooks: HookReceiver, tmp_path: Path
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login root password bi-mat\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    send(hooks.url, webhook_hosts="127.0.0.1")
    assert not {"authorization", "cookie", "proxy-authorization"} & set(hooks.received[0].headers)


def endless(start: bytes, more: bytes) -> Callable[[socket.socket], None]:
    def say(line: socket.socket) -> None:
        line.recv(65_536)
        line.sendall(start)
        while True:
            line.sendall(more)

    return say


def test_an_endless_answer_is_not_read() -> None:
    with Counter(say=endless(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", b"x" * 65_536)) as huge:
        send(f"http://127.0.0.1:{huge.port}/", webhook_hosts="127.0.0.1")
        assert huge.connections == 1


@pytest.mark.parametrize(
    ("start", "more"),
    [
        (b"HTTP/1.1 200 OK\r\n", b"X-Header: " + b"x" * 1_000 + b"\r\n"),
        (b"HTTP/1.1 200 OK\r\nX-Header: ", b"x" * 65_536),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (b"SSH-2.0-OpenSSH\r\n", b"x"),
    ],
)
def test_an_answer_without_an_end_is_given_up(start: bytes, more: bytes) -> None:
    with Counter(say=endless(start, more)) as strange:
        with pytest.raises(Undelivered) as refused:
            send(f"http://127.0.0.1:{strange.port}/", webhook_hosts="127.0.0.1")
        assert not refused.value.permanent
        assert strange.connections == 1


# What a receiver can check


def documented() -> Callable[..., bool]:
    """The function that docs/webhooks.md prints."""
    (code,) = re.findall(r"```python\n(.+?)```", (ROOT / "docs" / "webhooks.md").read_text(), re.S)
    names: dict[str, Any] = {}
    exec(code, names)
    return names["is_genuine"]  # type: ignore[no-any-return]


def by_library(secret: str, headers: dict[str, str], body: bytes, now: float | None = None) -> bool:
    try:
        Webhook(secret).verify(body, headers)
    except WebhookVerificationError:
        return False
    return True


CHECKS = {"documented": documented(), "library": by_library}


@pytest.mark.parametrize("check", CHECKS)
def test_a_receiver_tells_what_is_ours_from_what_is_not(hooks: HookReceiver, check: str) -> None:
    genuine, secret, now = CHECKS[check], new_secret(), datetime.now(UTC)
    send(hooks.url, secrets=secret, now=now, webhook_hosts="127.0.0.1")
    (sent,) = hooks.received
    assert genuine(secret, sent.headers, sent.body)
    assert not genuine(new_secret(), sent.headers, sent.body)
    assert not genuine(secret, sent.headers, sent.body.replace(b"x", b"y"))
    assert not genuine(secret, sent.headers, sent.body + b" ")
    for name, value in (
        ("webhook-id", "m2"),
        ("webhook-timestamp", str(int(now.timestamp()) + 1)),
        ("webhook-timestamp", "x"),
        ("webhook-signature", "v1,"),
        ("webhook-signature", "v1," + base64.b64encode(bytes(32)).decode()),
        ("webhook-signature", sent.headers["webhook-signature"].replace("v1,", "v2,")),
    ):
        assert not genuine(secret, {**sent.headers, name: value}, sent.body), name


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("off", [-600, 600])
def test_a_message_of_another_time_is_refused(hooks: HookReceiver, check: str, off: int) -> None:
    secret = new_secret()
    send(hooks.url, secrets=secret, now=datetime.now(UTC) + timedelta(seconds=off), webhook_hosts="127.0.0.1")
    (sent,) = hooks.received
    assert not CHECKS[check](secret, sent.headers, sent.body)


def test_the_time_a_receiver_allows_is_exact() -> None:
    genuine, secret = documented(), new_secret()
    head = {"webhook-id": "m", "webhook-timestamp": str(int(NOW.timestamp()))}
    signed = {**head, "webhook-signature": Webhook(secret).sign("m", NOW, "{}")}
    edges = [genuine(secret, signed, b"{}", now=NOW.timestamp() + off) for off in (-301, -300, 300, 301)]
    assert edges == [False, True, True, False]
    assert abs(time.time() - NOW.timestamp()) > 301
    assert not genuine(secret, signed, b"{}")


@pytest.mark.parametrize("check", CHECKS)
def test_a_receiver_may_change_over_to_a_new_secret_at_any_time(hooks: HookReceiver, check: str) -> None:
    first, second, third = new_secret(), new_secret(), new_secret()
    once = succeed(second, first)
    twice = succeed(third, once)

    def trusted_by(kept: str) -> list[bool]:
        hooks.received.clear()
        send(hooks.url, secrets=kept, now=datetime.now(UTC), webhook_hosts="127.0.0.1")
        sent: Hook = hooks.received[0]
        return [CHECKS[check](one, sent.headers, sent.body) for one in (first, second, third)]

    assert trusted_by(first) == [True, False, False]
    assert trusted_by(once) == [True, True, False]
    assert trusted_by(twice) == [False, True, True]
    assert succeed(third, twice) == twice  # the same once more changes nothing
