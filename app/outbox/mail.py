"""A letter as an e-mail message. The same row always gives the same Message-ID."""

from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address, Group
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr

from app.core.workdays import local_moment
from app.outbox.letter import Letter, as_html, as_text


class BadAddress(ValueError):
    """An e-mail address that no mail can be addressed to."""


def compose_mail(
    letter: Letter,
    *,
    sender: str,
    recipient: str,
    addressee: str,
    address: str | None,
    message_key: str,
    now: datetime,
) -> EmailMessage:
    """A mail to `addressee` (a person; "" when nobody is known) at `recipient` (the agency).

    Without an address, as in a file that somebody will open, To is a named empty group.
    Raises `BadAddress` when the sender's or the recipient's address is malformed.
    """
    message = EmailMessage(policy=SMTP)
    message["From"] = _sender(sender)
    message["To"] = _to(addressee or recipient, address)
    message["Subject"] = _one_line(letter.subject)
    message["Date"] = format_datetime(local_moment(now))
    message["Message-ID"] = f"<{message_key}@{_sender(sender).domain or 'localhost'}>"
    message["Auto-Submitted"] = "auto-generated"
    message["Content-Language"] = "vi"
    message.set_content(as_text(letter, addressee=addressee), cte="quoted-printable")
    message.add_alternative(as_html(letter, addressee=addressee), subtype="html", cte="quoted-printable")
    return message


def _to(name: str, address: str | None) -> Address | Group:
    return Group(_one_line(name), ()) if address is None else mailbox(name, address)


def mailbox(name: str, address: str) -> Address:
    try:
        return Address(_one_line(name), addr_spec=address)
    except (MessageError, ValueError, IndexError) as error:
        raise BadAddress(f"Địa chỉ thư không hợp lệ: {address!r}") from error


def _sender(configured: str) -> Address:
    return mailbox(*parseaddr(configured))


def _one_line(text: str) -> str:
    """No line break ever reaches a header."""
    return " ".join(text.split())
