"""Addresses that messages may go to: mail, webhook, and the secret that signs a webhook."""

import base64
import binascii
import re
import secrets
from urllib.parse import urlsplit

from app.errors import InvalidInput

MARK = "whsec_"
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_EMAIL = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+[A-Za-z]{{2,63}}")
_URL = re.compile(r"[!-~]{1,2000}")


def check_email(text: str) -> str:
    """A plain `local@domain`. No names, quotes, spaces or line breaks, so it cannot smuggle a header into a mail."""
    cleaned = text.strip(" ")
    if len(cleaned) > 254 or len(cleaned.partition("@")[0]) > 64 or not _EMAIL.fullmatch(cleaned):
        raise InvalidInput("Địa chỉ thư điện tử không đúng, ví dụ đúng: cchc.snv@soctrang.example.", field="email")
    return cleaned


def check_webhook_url(text: str) -> str:
    """http or https with a host, without credentials or fragment. Which hosts are allowed is the operator's setting."""
    cleaned = text.strip(" ")
    try:
        parts = urlsplit(cleaned)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port, parts = None, None, urlsplit("")
    fine = _URL.fullmatch(cleaned) and parts.scheme in ("http", "https") and host and port != 0
    if not fine or "@" in parts.netloc or "\\" in cleaned or parts.fragment:
        raise InvalidInput(
            "Địa chỉ webhook phải có dạng https://máy-chủ/đường-dẫn, không kèm tên đăng nhập, mật khẩu hay dấu #.",
            field="webhook_url",
        )
    return cleaned


def check_secret(text: str) -> str:
    """As Standard Webhooks writes it: `whsec_` and 24 to 64 random bytes in base64."""
    try:
        size = len(base64.b64decode(text.removeprefix(MARK), validate=True))
    except (binascii.Error, ValueError):
        size = 0
    if not text.startswith(MARK) or not 24 <= size <= 64:
        raise InvalidInput(
            "Khóa ký webhook phải có dạng whsec_… với 24–64 byte ngẫu nhiên theo base64; để trống thì hệ thống tạo.",
            field="webhook_secret",
        )
    return text


def new_secret() -> str:
    return MARK + base64.b64encode(secrets.token_bytes(32)).decode()


def succeed(secret: str, before: str | None) -> str:
    """What is kept when a secret follows another: both sign, the newest first, so that a receiver may change over at
    any time. Which one counts is the receiver's to say; the one before the last signs no more."""
    return " ".join([secret, *[one for one in (before or "").split() if one != secret][:1]])


def current(secrets: str | None) -> str | None:
    """The newest of what is kept."""
    return secrets.split(" ")[0] if secrets else None
