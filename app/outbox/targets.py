"""Where a webhook may go: to a host that the operator named, at an address that belongs to a machine.

Names are looked up once, and the connection goes to what was looked at: a name that answers differently the next
moment gains nothing. Private addresses are fine, since the operator named the host. Link-local ones are not: receivers
have none, but the metadata services of clouds do, and some have them elsewhere (`METADATA`).
"""

import asyncio
import contextlib
import ipaddress
import re
import socket
from urllib.parse import urlsplit

_PLAIN = re.compile(r"https?://[!-\[\]-~]+", re.IGNORECASE)
"""Printable ASCII without a backslash."""


METADATA = frozenset(
    map(ipaddress.ip_address, ("fd00:ec2::254", "fd20:ce::254", "100.100.100.200", "192.0.0.192", "168.63.129.16"))
)
"""Of clouds that do not keep to link-local addresses: Amazon, Google, Alibaba, Oracle, Azure."""
_WITH_IPV4_AT_THE_END = tuple(map(ipaddress.IPv6Network, ("64:ff9b::/96", "64:ff9b:1::/48", "::/96")))
"""NAT64, and what came before mapped addresses; its first 16 bits' worth (`::`, `::1`) are addresses of IPv6."""


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
    known = ipaddress.ip_address(address.partition("%")[0])
    meant = {known, _within(known)} if isinstance(known, ipaddress.IPv6Address) else {known}
    return any(one.is_link_local or one.is_multicast or one.is_unspecified or one in METADATA for one in meant)


def _within(known: ipaddress.IPv6Address) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """The IPv4 address that one of IPv6 leads to, else itself."""
    if any(known in network for network in _WITH_IPV4_AT_THE_END) and int(known) >> 16:
        return ipaddress.IPv4Address(int(known) & 0xFFFF_FFFF)
    return known.ipv4_mapped or known.sixtofour or (known.teredo[1] if known.teredo else known)
