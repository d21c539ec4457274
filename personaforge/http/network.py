"""Network addresses: which of them are public, and a request that goes to the very one that was examined.

A host name may mean a private address, and another one a moment later. So every address of a name is examined, and
the connection is made to one of those, by number, with the name in the header and in TLS. Behind a proxy (HTTPS_PROXY)
names are resolved by the proxy, which then has to keep private addresses out; only addresses written as numbers are
examined here.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from ipaddress import IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    import httpx

_NAT64 = ip_network("64:ff9b::/96")
"""IPv4 behind IPv6 (RFC 6052)."""


class NotPublic(Exception):
    """An address to which no request may go. The text says why, as what a host does."""


def requests(
    http: httpx.Client, url: str, headers: Mapping[str, str], *, loopback: bool = False
) -> Iterator[httpx.Request]:
    """Yield a GET for each network address of a URL's host. `loopback` allows http and this machine, too.

    Raises NotPublic, and OSError or UnicodeError when there is no such host.
    """
    import httpx

    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and loopback):
        raise NotPublic(f"its address begins with {parts.scheme}:, expected https:")
    host = parts.hostname
    if not host or parts.username or parts.password:
        raise NotPublic("its address names no host, or a user")
    if _proxied(url):
        if _literal(host):
            require_public(host, loopback=loopback)
        yield http.build_request("GET", url, headers=dict(headers))
        return
    port = parts.port or (443 if parts.scheme == "https" else 80)
    named = {} if _literal(host) else {"sni_hostname": host}
    for address in addresses(host, port, loopback=loopback):
        there = httpx.URL(url).copy_with(host=address, port=port)
        sent = {**headers, "Host": parts.netloc.rpartition("@")[2]}
        yield http.build_request("GET", there, headers=sent, extensions=named)


def addresses(host: str, port: int, *, loopback: bool = False) -> list[str]:
    """Return the network addresses of a host. Raises NotPublic when any of them is not a public one, and OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    numbers = list(dict.fromkeys(str(one[4][0]) for one in found))
    for number in numbers:
        require_public(number, host, loopback=loopback)
    return numbers


def require_public(address: str, host: str = "", *, loopback: bool = False) -> None:
    """Raise NotPublic unless a network address, and any that is written inside it, is a public one."""
    found = ip_address(address.partition("%")[0].strip("[]"))
    hidden = None
    if isinstance(found, IPv6Address):
        hidden = found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else None)
        if found in _NAT64:
            hidden = ip_address(int(found) & 0xFFFF_FFFF)  # type: ignore[assignment]
    for one in (found, hidden):
        if one is None or (loopback and one.is_loopback):
            continue
        if not one.is_global or one.is_multicast or one.is_reserved:
            raise NotPublic(f"{host or address} leads to {one}, which is not a public one")


def _literal(host: str) -> bool:
    try:
        ip_address(host.strip("[]").partition("%")[0])
    except ValueError:
        return False
    return True


def _proxied(url: str) -> bool:
    """Tell whether the environment sends requests for this address through a proxy (as httpx reads it)."""
    from urllib.request import getproxies, proxy_bypass

    parts = urlsplit(url)
    proxies = getproxies()
    return bool((proxies.get(parts.scheme) or proxies.get("all")) and not proxy_bypass(parts.hostname or ""))
