"""Fetches a finished result from where the provider put it. The address and the bytes come from outside: neither is
trusted.

- https only; every address that a host name stands for must be a public one, and the connection is made to the very
  address that was checked, so that a name can't stand for another one a moment later. A provider that is itself on this
  machine (FORGE_<PROVIDER>_URL, in tests) may serve its results from this machine over http.
- Redirects are followed here, five at most, and each is checked like the first address.
- The key goes along only where the adapter asks for it, and only to the provider's own hosts, redirects included.
- The body is streamed to a temporary file, within limits of size, of silence and of time in all.
- It has to begin like a picture, a clip or a sound, and must not be cut off.

Behind a proxy (HTTPS_PROXY) names are resolved by the proxy, which then is what keeps private addresses out; only
addresses written as numbers are checked here.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urljoin, urlsplit

from personaforge import __version__
from personaforge.errors import Unavailable, Undelivered
from personaforge.providers import kinds
from personaforge.providers.protocols import Remote
from personaforge.providers.secrets import masked
from personaforge.providers.trust import tls_context
from personaforge.providers.whole import is_cut_off

if TYPE_CHECKING:
    import httpx

    from personaforge.providers.wire import Wire

MAX_BYTES = 256 * 1024 * 1024
MAX_REDIRECTS = 5
_NAT64 = ip_network("64:ff9b::/96")
"""IPv4 behind IPv6 (RFC 6052)."""


class Bounds(NamedTuple):
    """What a result may take."""

    bytes: int = MAX_BYTES
    seconds: float = 600.0
    """In all, from the first request to the last byte."""
    silence: float = 30.0
    """The longest pause between two pieces."""


class Gone(Undelivered):
    """The address is not, or no longer, good. The provider may name a fresh one."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A result in a temporary file, which belongs to the caller."""

    path: Path
    media_type: str
    size: int


class Fetcher:
    """Fetches results. Safe to use from many threads; every request has a connection of its own."""

    def __init__(self, bounds: Bounds | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._bounds = bounds or Bounds()
        self._clock = clock

    def fetch(self, remote: Remote, wanted: tuple[str, ...], target: Path, wire: Wire | None = None) -> Fetched:
        """Fetch a result of one of the `wanted` media types to the file `target`, whose folder is there.

        Raises Unavailable when it is worth another try, Gone when the address is no longer good, and Undelivered when
        what lies there is not what it should be. Nothing is left of `target` then.
        """
        import httpx

        try:
            return self._fetched(remote, wanted, target, wire)
        except httpx.TimeoutException:
            raise Unavailable("the server of the result is silent") from None
        except (httpx.UnsupportedProtocol, httpx.LocalProtocolError, httpx.InvalidURL) as error:
            raise Undelivered(f"the result's address can't be used: {masked(str(error))[:200]}") from None
        except httpx.HTTPError as error:
            text = masked(str(error))[:200] or type(error).__name__
            if "CERTIFICATE_VERIFY_FAILED" in text:
                raise Undelivered(f"the server of the result has a certificate that can't be trusted: {text}") from None
            raise Unavailable(f"the result can't be fetched: {text}") from None

    def _fetched(self, remote: Remote, wanted: tuple[str, ...], target: Path, wire: Wire | None) -> Fetched:
        until = self._clock() + self._bounds.seconds
        url = remote.url
        with self._client() as http:
            for _ in range(MAX_REDIRECTS + 1):
                keyed = wire.key_headers() if wire is not None and remote.with_key and wire.owns(url) else {}
                with self._opened(http, url, keyed, wire) as response:
                    status = response.status_code
                    if status == 200:
                        return self._written(response, wanted, target, until)
                    if status in (301, 302, 303, 307, 308):
                        url = _next(url, response.headers.get("location", ""), wire)
                    elif status in (401, 403, 404, 410):
                        raise Gone(f"the result is not at its address any more ({status} from {_host(url)})")
                    elif status in (408, 425, 429) or status >= 500:
                        raise Unavailable(f"{_host(url)} answers {status} when asked for the result")
                    else:
                        raise Undelivered(f"{_host(url)} answers {status} when asked for the result")
        raise Undelivered(f"the result is redirected more than {MAX_REDIRECTS} times")

    def _opened(self, http: httpx.Client, url: str, keyed: Mapping[str, str], wire: Wire | None) -> _Opened:
        """Ask for an address, at a network address that was checked."""
        import httpx

        parts = urlsplit(url)
        local = wire is not None and wire.loopback
        if parts.scheme != "https" and not (parts.scheme == "http" and local):
            raise Undelivered(f"the result's address begins with {parts.scheme}:, expected https:")
        if not parts.hostname or parts.username or parts.password:
            raise Undelivered("the result's address names no host, or a user")
        headers = {"Accept": "*/*", "Accept-Encoding": "identity", **keyed}
        if _proxied(http, url):
            if _literal(parts.hostname):
                _public(parts.hostname, local)
            return _Opened(http, http.build_request("GET", url, headers=headers))
        port = parts.port or (443 if parts.scheme == "https" else 80)
        first, *others = _addresses(parts.hostname, port, local)
        for index, address in enumerate((first, *others)):
            there = httpx.URL(url).copy_with(host=address, port=port)
            request = http.build_request(
                "GET",
                there,
                headers={**headers, "Host": parts.netloc.rpartition("@")[2]},
                extensions={"sni_hostname": parts.hostname} if not _literal(parts.hostname) else {},
            )
            try:
                return _Opened(http, request)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                if index == len(others):
                    raise
        raise AssertionError

    def _written(self, response: httpx.Response, wanted: tuple[str, ...], target: Path, until: float) -> Fetched:
        """Write a body to a file and check it. Begins to doubt at the first bytes, not after the last."""
        length = response.headers.get("content-length", "")
        expected = int(length) if length.isascii() and length.isdigit() else None
        if expected is not None and expected > self._bounds.bytes:
            raise Undelivered(f"the result has {expected} bytes, more than {self._bounds.bytes}")
        head, size = b"", 0
        kind = ""
        try:
            with open(target, "w+b") as file:
                for piece in response.iter_raw(65_536):
                    size += len(piece)
                    if size > self._bounds.bytes:
                        raise Undelivered(f"the result has more than {self._bounds.bytes} bytes")
                    if self._clock() > until:
                        raise Unavailable(f"the result came too slowly: {size} bytes in {self._bounds.seconds:g} s")
                    file.write(piece)
                    if not kind:
                        head = (head + piece)[: kinds.HEAD]
                        kind = _kind(head, wanted) if len(head) == kinds.HEAD else ""
                kind = kind or _kind(head, wanted)
                if expected is not None and size < expected:
                    raise Unavailable(f"the connection was closed after {size} of {expected} bytes of the result")
                if is_cut_off(file):
                    raise Unavailable(f"the result is a {kind} that is cut off after {size} bytes")
                file.flush()
                os.fsync(file.fileno())
        except BaseException:
            target.unlink(missing_ok=True)
            raise
        return Fetched(target, kind, size)

    def _client(self) -> httpx.Client:
        import httpx

        timeout = httpx.Timeout(self._bounds.silence, connect=min(10.0, self._bounds.silence))
        return httpx.Client(
            headers={"User-Agent": f"personaforge/{__version__}"},
            timeout=timeout,
            verify=tls_context(),
            limits=httpx.Limits(max_keepalive_connections=0),
            follow_redirects=False,
        )


class _Opened:
    """An answer whose body is not read yet, closed at the end of a `with`."""

    def __init__(self, http: httpx.Client, request: httpx.Request) -> None:
        self._response = http.send(request, stream=True)

    def __enter__(self) -> httpx.Response:
        return self._response

    def __exit__(self, *error: object) -> None:
        self._response.close()


def _kind(head: bytes, wanted: tuple[str, ...]) -> str:
    found = kinds.media_type(head)
    if found not in wanted:
        names = ", ".join(name.rpartition("/")[2] for name in wanted)
        raise Undelivered(f"the result begins with {kinds.shown(head)}, which is none of {names}")
    return found


def _next(url: str, location: str, wire: Wire | None) -> str:
    if not location:
        raise Undelivered(f"{_host(url)} redirects to nowhere")
    found = urljoin(url, location)
    if urlsplit(url).scheme == "https" and urlsplit(found).scheme != "https":
        raise Undelivered(f"{_host(url)} redirects from https to {urlsplit(found).scheme or 'nothing'}:")
    return found


def _addresses(host: str, port: int, local: bool) -> list[str]:
    """Return the network addresses of a host. Raises Undelivered when any of them is not a public one."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Unavailable(f"{host}, where the result is, can't be found: {error}") from None
    addresses = list(dict.fromkeys(str(one[4][0]) for one in found))
    for address in addresses:
        _public(address, local, host)
    return addresses


def _public(address: str, local: bool, host: str = "") -> None:
    """Raise Undelivered unless an address may be asked for a result."""
    found = ip_address(address.partition("%")[0].strip("[]"))
    hidden = None
    if isinstance(found, IPv6Address):
        hidden = found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else None)
        if found in _NAT64:
            hidden = ip_address(int(found) & 0xFFFF_FFFF)  # type: ignore[assignment]
    for one in (found, hidden):
        if one is None or (local and one.is_loopback):
            continue
        if not one.is_global or one.is_multicast or one.is_reserved:
            raise Undelivered(f"the result's address {host or address} leads to {one}, which is not a public one")


def _literal(host: str) -> bool:
    try:
        ip_address(host.strip("[]").partition("%")[0])
    except ValueError:
        return False
    return True


def _proxied(http: httpx.Client, url: str) -> bool:
    """Tell whether the environment sends requests for this address through a proxy (as httpx reads it)."""
    from urllib.request import getproxies, proxy_bypass

    parts = urlsplit(url)
    proxies = getproxies()
    return bool((proxies.get(parts.scheme) or proxies.get("all")) and not proxy_bypass(parts.hostname or ""))


def _host(url: str) -> str:
    return urlsplit(url).hostname or "nowhere"
