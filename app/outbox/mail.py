"""A letter as an e-mail message. The same row always gives the same Message-ID."""

from datetime import datetime
from email.charset import QP, Charset
from email.errors import MessageError
from email.header import Header
from email.headerregistry import Address
from email.mime.multipart import MIMEMultipart
from email.mime.nonmultipart import MIMENonMultipart
from email.policy import compat32
from email.utils import format_datetime, parseaddr
from typing import Any, NamedTuple

from app.core.workdays import local_moment
from app.outbox.letter import Letter, as_html, as_text

# The older of Python's two header writers: the newer one loses spaces where it folds long Vietnamese subjects.
_POLICY = compat32.clone(linesep="\r\n")
_UTF8 = Charset("utf-8")
_UTF8.body_encoding = QP


class BadAddress(ValueError):
    """An e-mail address that no mail can be addressed to."""


class BadSender(BadAddress):
    """KHACPHUC_MAIL_FROM is none: the operator's to mend, so letters wait for it."""


class Mail(NamedTuple):
    sender: str
    """The bare address of the envelope."""
    raw: bytes


def compose_mail(
    letter: Letter,
    *,
    sender: str,
    recipient: str,
    addressee: str,
    address: str | None,
    message_key: str,
    now: datetime,
) -> Mail:
    """A mail to `addressee` (a person; "" when nobody is known) at `recipient` (the agency).

    Without an address, as in a file that somebody will open, To is a named empty group.
    Raises `BadSender` or `BadAddress` when the sender's or the recipient's address is malformed.
    """
    sender_name, sender_address = _usable(sender)
    message: Any = MIMEMultipart("alternative", policy=_POLICY)
    message["From"] = mailbox("From", sender_name, sender_address)
    message["To"] = mailbox("To", addressee or recipient, address)
    message["Subject"] = Header(_one_line(letter.subject), "utf-8", header_name="Subject")
    message["Date"] = format_datetime(local_moment(now))
    message["Message-ID"] = f"<{message_key}@{sender_address.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message["Content-Language"] = "vi"
    message.attach(_part("plain", as_text(letter, addressee=addressee)))
    message.attach(_part("html", as_html(letter, addressee=addressee)))
    return Mail(sender_address, message.as_bytes())


def _usable(sender: str) -> tuple[str, str]:
    name, address = parseaddr(sender)
    try:
        return name, _checked(address)
    except BadAddress as error:
        raise BadSender(f"KHACPHUC_MAIL_FROM ({_one_line(sender)}) không phải địa chỉ thư") from error


def _part(subtype: str, text: str) -> MIMENonMultipart:
    part = MIMENonMultipart("text", subtype, policy=_POLICY, charset="utf-8")
    part.set_payload(text, _UTF8)
    return part


def mailbox(header: str, name: str, address: str | None) -> Header:
    """`name <address>`, or the empty group `name:;`."""
    value = Header(header_name=header)
    if name:
        value.append(_one_line(name), "utf-8")
    value.append(":;" if address is None else f"<{_checked(address)}>", "us-ascii")
    return value


def _checked(address: str) -> str:
    """ASCII, one mailbox, and nothing that could end the header."""
    try:
        parsed = Address(addr_spec=address)
    except (MessageError, ValueError, IndexError) as error:
        raise BadAddress(f"Địa chỉ thư không hợp lệ: {address!r}") from error
    if not address.isascii() or not address.isprintable() or not parsed.domain:
        raise BadAddress(f"Địa chỉ thư không hợp lệ: {address!r}")
    return address


def _one_line(text: str) -> str:
    """No line break ever reaches a header."""
    return " ".join(text.split())
