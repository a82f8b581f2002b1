"""A post office in a process of its own: it keeps every mail it takes durably, and breaks down as a file tells it.

The file holds JSON: stage → what happens there, read anew at every step. Stages are `greeting`, `starttls`, `mail`,
`rcpt`, `data` (before any of the content) and `end` (after all of it). What happens is a reply such as "451 later", or

- `drop`: the connection is cut; at `end` before the mail is kept;
- `kept-drop`, `said-drop` (`end` only): it is cut after the mail is kept, before or after the 250 was said;
- `hold`: nothing is said until the file says otherwise;
- `drip`: a reply without an end, a byte at a time;
- `slow`: the right reply, a byte at a time.

For `rcpt` and `end` the stage's name may carry the beginning of an address: `rcpt hai@`.
"""

import asyncio
import contextlib
import json
import os
import ssl
import subprocess
import sys
from dataclasses import dataclass
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from app.settings import ROOT
from bench.faults.common import wait_for

BYTE_SECONDS = 0.02
LOOK_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Accepted:
    """One mail that was kept, whether or not its sender learned of it."""

    message_id: str
    to: str
    subject: str
    text: str


class PostOffice:
    """The campaign's side: settings for a sender, rules to set, mails to read. A block lasts as long as the process."""

    def __init__(self, folder: Path, *, certificate: Path | None = None) -> None:
        self.folder, self.certificate = folder, certificate
        self.rules, self.box, self.port = folder / "rules.json", folder / "mails.jsonl", 0
        folder.mkdir(parents=True, exist_ok=True)
        self.box.touch()
        self.follow()

    def follow(self, **rules: str) -> None:
        """Stages by keyword, `rcpt_hai@` for `rcpt hai@`; without any it works as it should."""
        fresh = self.rules.with_suffix(".new")
        fresh.write_text(json.dumps({name.replace("_", " ", 1): rule for name, rule in rules.items()}))
        fresh.replace(self.rules)

    def __enter__(self) -> "PostOffice":
        self.open()
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def open(self) -> None:
        """On the port it had before, if it was open before."""
        tls = [str(self.certificate)] if self.certificate else []
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.faults.post", str(self.folder), str(self.port), *tls],
            cwd=ROOT, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()

    @property
    def settings(self) -> dict[str, str]:
        return {"smtp_host": "127.0.0.1", "smtp_port": str(self.port), "smtp_security": "none"}

    def accepted(self) -> list[Accepted]:
        return [Accepted(**json.loads(line)) for line in self.box.read_text().splitlines()]

    def count(self) -> int:
        return self.box.read_bytes().count(b"\n")

    def wait_until_holding(self, seconds: float = 30.0) -> None:
        """Until a sender waits at a stage that is held."""
        if not wait_for((self.folder / "holding").exists, seconds, every=LOOK_SECONDS):
            raise RuntimeError("no sender came to where it is held")


class Broken(SMTP):
    """One connection. Rules are read where they are needed, so a campaign changes them at any moment."""

    def __init__(self, folder: Path, **more: Any) -> None:
        super().__init__(Counter(folder), hostname="post.example", loop=asyncio.get_running_loop(), **more)
        self.folder = folder
        self._greeted = False

    async def push(self, status: Any) -> None:
        if not self._greeted:
            self._greeted = True
            if (other := await self.at("greeting")) is not None:
                status = other
        rule = rule_of(self.folder, "replies")
        if rule != "slow":
            await super().push(status)
            return
        for byte in (status.encode() if isinstance(status, str) else status) + b"\r\n":
            self._writer.write(bytes([byte]))
            await self._writer.drain()
            await asyncio.sleep(BYTE_SECONDS / 10)

    async def smtp_STARTTLS(self, arg: str) -> None:
        if (reply := await self.at("starttls")) is not None:
            await self.push(reply)
        else:
            await super().smtp_STARTTLS(arg)

    async def smtp_DATA(self, arg: str) -> None:
        if (reply := await self.at("data")) is not None:
            await self.push(reply)
        else:
            await super().smtp_DATA(arg)

    async def at(self, stage: str) -> str | None:
        """The reply to give instead of the right one, once the rule has let go."""
        return await happening(self, self.folder, stage)


@dataclass
class Counter:
    """Takes mails in, one line of JSON each."""

    folder: Path

    async def handle_EHLO(self, _server: Any, session: Session, _envelope: Any, name: str, replies: Any) -> Any:
        session.host_name = name
        return replies

    async def handle_MAIL(self, server: Any, _session: Any, envelope: Envelope, address: str, _options: Any) -> str:
        if (reply := await server.at("mail")) is not None:
            return reply
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server: Any, _session: Any, envelope: Envelope, address: str, _options: Any) -> str:
        if (reply := await happening(server, self.folder, "rcpt", address)) is not None:
            return reply
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, _session: Any, envelope: Envelope) -> str:
        """A real server says 250 a moment after it has kept the mail: that moment is when a sender may die."""
        address = envelope.rcpt_tos[0]
        rule = rule_of(self.folder, "end", address)
        if rule not in (None, "hold", "kept-drop", "said-drop"):
            return await happening(server, self.folder, "end", address) or "250 OK"
        self._keep(address, envelope)
        if rule == "kept-drop":
            return await cut(server)
        if rule == "said-drop":
            await server.push("250 OK")
            return await cut(server)
        await asyncio.sleep(int.from_bytes(os.urandom(1)) / 255 * 0.01)
        return await happening(server, self.folder, "end", address) or "250 OK"

    def _keep(self, address: str, envelope: Envelope) -> None:
        mail: Any = message_from_bytes(envelope.original_content or b"", policy=default)
        text = mail.get_body(("plain",)).get_content()
        line = {"message_id": mail["Message-ID"], "to": address, "subject": mail["Subject"], "text": text}
        with (self.folder / "mails.jsonl").open("ab") as box:
            box.write(json.dumps(line).encode() + b"\n")
            box.flush()
            os.fsync(box.fileno())


def rule_of(folder: Path, stage: str, address: str = "") -> str | None:
    rules: dict[str, str] = json.loads((folder / "rules.json").read_text())
    named = (rule for name, rule in rules.items() if " " in name and _names(name, stage, address))
    return next(named, rules.get(stage))


def _names(name: str, stage: str, address: str) -> bool:
    wanted, _, beginning = name.partition(" ")
    return wanted == stage and address.startswith(beginning)


async def happening(server: Any, folder: Path, stage: str, address: str = "") -> str | None:
    rule = rule_of(folder, stage, address)
    if rule == "drop":
        await cut(server)
    if rule == "drip":
        await _drip(server)
    while rule == "hold":
        (folder / "holding").touch()
        await asyncio.sleep(LOOK_SECONDS)
        rule = rule_of(folder, stage, address)
        if rule != "hold":
            (folder / "holding").unlink(missing_ok=True)
    return rule if rule and rule[0].isdigit() else None


async def cut(server: Any) -> str:
    server.transport.abort()
    raise asyncio.CancelledError


async def _drip(server: Any) -> None:
    """Each byte comes long before anybody's timeout, the end of the reply never."""
    with contextlib.suppress(OSError):
        while not server.transport.is_closing():
            server._writer.write(b"2")
            await server._writer.drain()
            await asyncio.sleep(BYTE_SECONDS)
    await cut(server)


def make_certificate(folder: Path, name: str) -> None:
    """One for that name which nobody has signed but itself, with its key, as own.pem."""
    path = folder / "own.pem"
    command = f"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN={name}"
    names = ["-addext", f"subjectAltName=DNS:{name}"]
    subprocess.run([*command.split(), *names, "-keyout", path, "-out", path], check=True, capture_output=True)


async def _serve(folder: Path, port: int, certificate: str | None) -> None:
    context = None
    if certificate:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Broken(folder, tls_context=context), "127.0.0.1", port)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def main() -> None:
    folder, port, *certificate = sys.argv[1:]
    asyncio.run(_serve(Path(folder), int(port), certificate[0] if certificate else None))


if __name__ == "__main__":
    main()
