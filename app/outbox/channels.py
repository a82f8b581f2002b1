"""The ways out: SMTP, webhooks to allowed hosts, and .eml files in the outbox folder.

Each sends one message or raises `Undelivered`, which says whether trying again can help. Which way a message takes is
decided when it is sent, from the settings of that moment.
"""

import asyncio
import contextlib
import os
import re
import smtplib
import ssl
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, NamedTuple

from pydantic_core import to_json

from app.outbox.mail import Mail
from app.outbox.patience import PatientSmtp, PatientSmtpOverTls
from app.outbox.targets import BadTarget, find_addresses, host_of
from app.settings import Settings
from app.text import compose as clean

Channel = Literal["email", "webhook", "folder"]
RETRIED_STATUSES = frozenset({408, 425, 429})
"""Of the 4xx answers of a webhook: those that say "later" rather than "never"."""


class Undelivered(Exception):
    """`permanent`: this message will never go out this way, so it becomes a dead letter at once."""

    def __init__(self, error: str, *, permanent: bool) -> None:
        super().__init__(error)
        self.error = told(error)
        self.permanent = permanent


def told(error: str) -> str:
    """For the row and for people, of what may be another server's words: PostgreSQL takes no NUL, and a terminal that
    shows it obeys what controls it."""
    return " ".join(clean(error).split())[:500]


class Route(NamedTuple):
    channel: Channel
    address: str
    """An e-mail address or a URL; empty for the folder, where the file's name is known only afterwards."""


def choose(email: str | None, webhook: str | None, settings: Settings, *, demo: bool) -> Route | None:
    """The way to a contact; None when there is none, which only happens where SMTP is configured.

    A webhook to an allowed host comes first, then mail. Without SMTP, and always on a demo clock, it is the folder.
    """
    if demo:
        return Route("folder", "")
    if webhook and host_of(webhook) in settings.allowed_webhook_hosts:
        return Route("webhook", webhook)
    if not settings.smtp_host:
        return Route("folder", "")
    return Route("email", email) if email else None


def ways_out(settings: Settings, *, demo: bool) -> tuple[Channel, ...]:
    """Every channel that `choose` may give as things are set, the preferred one first."""
    if demo:
        return ("folder",)
    hooks: tuple[Channel, ...] = ("webhook",) if settings.allowed_webhook_hosts else ()
    return (*hooks, "email" if settings.smtp_host else "folder")


# The outbox folder


def save(folder: Path, name: str, mail: Mail) -> str:
    """Write `name`.eml whole or not at all, and return the file's name; writing it again replaces it."""
    target = folder / f"{re.sub(r'[^A-Za-z0-9._-]+', '-', name)}.eml"
    unfinished = target.with_suffix(f".{os.getpid()}.tmp")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with unfinished.open("wb") as file:
            file.write(mail.raw)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(target)
    except OSError as error:
        with contextlib.suppress(OSError):
            unfinished.unlink(missing_ok=True)
        raise Undelivered(f"Không ghi được vào thư mục {folder}: {error.strerror}", permanent=False) from error
    return target.name


# SMTP


class Mailer:
    """One connection for all mails of a delivery round, opened by the first.

    When the server cannot be reached, the other mails of the round fail at once instead of waiting for it one by one.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._connection: smtplib.SMTP | None = None
        self._down: str | None = None

    def send(self, mail: Mail, address: str) -> None:
        """Raises `Undelivered`: permanent when the server refuses this recipient or this content for good (5xx)."""
        server = self._connection or self.open()
        try:
            server.sendmail(mail.sender, [address], mail.raw)
        except (smtplib.SMTPException, OSError) as error:
            permanent = _refused_for_good(error)
            if not permanent:
                self.close()  # it may concern the connection; the next mail opens a new one
            raise Undelivered(_smtp_text(error), permanent=permanent) from error

    def close(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(smtplib.SMTPException, OSError):
                self._connection.quit()
            self._connection.close()
            self._connection = None

    def open(self) -> smtplib.SMTP:
        """Ready for the next mail, which may take minutes; raises `Undelivered` when the server cannot be reached."""
        if self._down is not None:
            raise Undelivered(self._down, permanent=False)
        if self._connection is not None and not _alive(self._connection):
            self.close()
        if self._connection is None:
            try:
                self._connection = _connect(self._settings)
            except (smtplib.SMTPException, OSError) as error:
                self._down = _smtp_text(error)
                raise Undelivered(self._down, permanent=False) from error
        return self._connection


def _connect(settings: Settings) -> smtplib.SMTP:
    context = ssl.create_default_context()
    host, port, timeout = settings.smtp_host, settings.smtp_port, settings.smtp_timeout
    server: PatientSmtp
    if settings.smtp_security == "tls":
        server = PatientSmtpOverTls(host, port, timeout=timeout, context=context)
    else:
        server = PatientSmtp(host, port, timeout=timeout)
    try:
        if settings.smtp_security == "starttls":
            server.starttls(context=context)
        if settings.smtp_username:
            server.login(settings.smtp_username, settings.smtp_password)
    except BaseException:
        server.close()
        raise
    return server


def _alive(connection: smtplib.SMTP) -> bool:
    """A server may have hung up between two mails."""
    try:
        return connection.noop()[0] == 250
    except (smtplib.SMTPException, OSError):
        return False


def _refused_for_good(error: Exception) -> bool:
    """5xx for this recipient or content. A refused sender or log-in is the operator's to mend, so it is retried."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code >= 500 for code, _text in error.recipients.values())
    if isinstance(error, smtplib.SMTPDataError):
        return error.smtp_code >= 500
    return isinstance(error, smtplib.SMTPNotSupportedError)


def _smtp_text(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return "; ".join(f"SMTP {code} {_decoded(text)}" for code, text in error.recipients.values())
    if isinstance(error, smtplib.SMTPResponseException):
        return f"SMTP {error.smtp_code} {_decoded(error.smtp_error)}"
    return f"SMTP: {type(error).__name__}: {error}"


def _decoded(text: bytes | str) -> str:
    return text.decode(errors="replace") if isinstance(text, bytes) else text


# Webhooks


HOOK_STEPS = 3
"""Timeouts that one webhook may take in all: connect, send, answer."""


class Hooks:
    """Posts to webhooks: no redirects (the allowed host is the host that gets it), no proxies or .netrc of the machine.

    Signed as Standard Webhooks say, when the contact has a secret.
    """

    def __init__(self, settings: Settings) -> None:
        self._timeout, self._hosts = settings.webhook_timeout, settings.allowed_webhook_hosts

    def send(self, url: str, secrets: str | None, payload: dict[str, Any], *, message_key: str, now: datetime) -> None:
        """`secrets`: one, or two separated by a space while a receiver changes over.

        Raises `Undelivered`: permanent for every answer that a later try would get again.
        """
        import httpx  # slow to import, and many installations have no webhook

        body = to_json(payload)
        headers = {"Content-Type": "application/json", "User-Agent": "khacphuc"}
        headers |= _signature(secrets, body.decode(), message_key, now=now)
        try:
            status = asyncio.run(self._post(url, body, headers))
        except TimeoutError as error:
            raise Undelivered("Webhook: không trả lời xong trong thời hạn", permanent=False) from error
        except (httpx.InvalidURL, BadTarget) as error:
            raise Undelivered(f"Webhook: {error}", permanent=True) from error
        except (httpx.HTTPError, OSError) as error:
            raise Undelivered(f"Webhook: {type(error).__name__}: {error}", permanent=False) from error
        if not 200 <= status < 300:
            permanent = status < 500 and status not in RETRIED_STATUSES
            raise Undelivered(f"Webhook: HTTP {status}", permanent=permanent)

    async def _post(self, url: str, body: bytes, headers: dict[str, str]) -> int:
        """The status of the answer, in a time of its own: the client's is per read, and a host could drip for ever."""
        import httpx

        target = httpx.URL(url)
        host = target.raw_host.decode()
        if not {host_of(url), host.lower()} <= self._hosts:  # as it was chosen, and as the one who connects reads it
            raise BadTarget(f"{host} không có trong KHACPHUC_WEBHOOK_HOSTS")
        named = headers | {"Host": target.netloc.decode()}
        options = {"sni_hostname": host}  # certificates are for the name
        async with (
            asyncio.timeout(HOOK_STEPS * self._timeout),
            self._client() as client,
        ):
            port = target.port or {"https": 443}.get(target.scheme, 80)
            *others, last = await find_addresses(host, port)
            for address in others:
                with contextlib.suppress(httpx.ConnectError, httpx.ConnectTimeout):
                    return await _status(client, target.copy_with(host=address), body, named, options)
            return await _status(client, target.copy_with(host=last), body, named, options)

    def _client(self) -> Any:
        """It trusts whom the machine trusts: receivers on a closed network have certificates of its own authority."""
        import httpx

        context = ssl.create_default_context()
        return httpx.AsyncClient(timeout=self._timeout, follow_redirects=False, trust_env=False, verify=context)


async def _status(client: Any, url: Any, body: bytes, headers: dict[str, str], options: dict[str, Any]) -> int:
    async with client.stream("POST", url, content=body, headers=headers, extensions=options) as response:
        return int(response.status_code)  # the answer's body says nothing that we need


def _signature(secrets: str | None, body: str, message_key: str, *, now: datetime) -> dict[str, str]:
    headers = {"webhook-id": message_key, "webhook-timestamp": str(int(now.timestamp()))}
    if secrets:
        from standardwebhooks.webhooks import Webhook

        try:
            signed = [Webhook(one).sign(message_key, now, body) for one in secrets.split(" ")]
        except ValueError as error:  # not Base64; the message must not go out unsigned
            raise Undelivered("Webhook: khóa bí mật không phải Base64", permanent=True) from error
        headers["webhook-signature"] = " ".join(signed)
    return headers


class Channels:
    """All ways out for one delivery round; leaving the block closes what was opened."""

    def __init__(self, settings: Settings) -> None:
        self.mailer, self.hooks, self.folder = Mailer(settings), Hooks(settings), settings.outbox_dir

    def __enter__(self) -> "Channels":
        return self

    def __exit__(self, *_error: object) -> None:
        self.mailer.close()
