"""Where a webhook may go: to a host that the operator named, at an address that belongs to a machine.

Names are looked up once, and the connection goes to what was looked at: a name that answers differently the next
moment gains nothing. Private addresses are fine, since the operator named the host. Link-local ones are not: receivers
have none, but the metadata services of clouds do.
"""

import asyncio
import contextlib
import ipaddress
import re
import socket
from urllib.parse import urlsplit

_PLAIN = re.compile(r"https?://[!-\[\]-~]+", re.IGNORECASE)
"""Printable ASCII without a backslash."""


class BadTarget(ValueError):
    """Never to be connected to; the text says why."""


def host_of(url: str) -> str | None:
    """The host in lower case; None for what is not a plain http(s) address that every reader reads alike."""
    if not _PLAIN.fullmatch(url):
        return None
    with contextlib.suppress(ValueError):
        parts = urlsplit(url)
        if parts.hostname and parts.port != 0 and "@" not in parts.netloc:
            return parts.hostname.lower()
    return None


async def find_addresses(host: str, port: int) -> list[str]:
    """Those of a host, the preferred first. Raises OSError for an unknown name, `BadTarget` where one is nobody's."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(address[0]) for *_kind, address in found))
    if any(map(_is_nobodys, addresses)):
        raise BadTarget(f"máy chủ {host} có địa chỉ không được phép ({', '.join(addresses)})")
    return addresses


def _is_nobodys(address: str) -> bool:
    """IPv4 addresses count as what they are inside IPv6, too."""
    known = ipaddress.ip_address(address.partition("%")[0])
    plain = (known.ipv4_mapped or known.sixtofour or known) if isinstance(known, ipaddress.IPv6Address) else known
    return plain.is_link_local or plain.is_multicast or plain.is_unspecified
