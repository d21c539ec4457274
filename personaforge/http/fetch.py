"""The one fetcher of files over HTTP: bounded in size, silence, time and redirects. Addresses and bytes come from
outside, and neither is trusted.

- `Reach` says where a file may lie: anywhere that a catalog names (`any`), only at public network addresses over https
  (`public`, see `network`), or there and on this machine, over http as well (`loopback`, for a provider that is itself
  on this machine, as in tests).
- Redirects are followed here, not by httpx, five at most; each is examined like the first address, and none leads from
  https to http. Headers, a key among them, are made anew for each address. TLS is always verified.
- A body comes as it is sent, never decompressed, and one that is shorter than announced is an error.

httpx and not urllib: it has a time limit for each phase, yields a body piece by piece as it comes and notices when
that is shorter than announced, and is installed with litellm in any case. Who fetches: `download` (a file that is kept,
resumable) and `personaforge.providers.results`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

from personaforge import __version__
from personaforge.http.network import NotPublic, requests
from personaforge.http.secrets import masked
from personaforge.http.trust import tls_context
from personaforge.http.url import next_address

if TYPE_CHECKING:
    import httpx

MAX_REDIRECTS = 5
_AGAIN = frozenset({408, 425, 429})
"""Statuses after which another try makes sense, besides 5xx."""
_MOST_DIGITS = 18
"""Of a number of bytes: an exabyte."""
_LONGEST_PAUSE = 20.0
"""Seconds that we are ready to wait when a server asks for a pause."""

Reach = Literal["any", "public", "loopback"]
Headers = Callable[[str], Mapping[str, str]]
"""The headers for an address."""
Clock = Callable[[], float]


class Bounds(NamedTuple):
    """What a file may take."""

    bytes: int = 256 * 1024 * 1024
    seconds: float = 600.0
    """In all, from the first request to the last byte."""
    silence: float = 30.0
    """The longest pause between two pieces."""


class FetchFailed(Exception):
    """A file can't be fetched. The text, for the user, says what the source does, such as `answers 404 Not Found`."""

    def __init__(self, text: str, *, again: bool = False, status: int = 0, pause: float | None = None) -> None:
        super().__init__(text)
        self.again = again
        """Whether it is worth another try."""
        self.status = status
        """What the server answered; 0 for none, or for a good one."""
        self.pause = pause
        """Seconds that it asks to wait, as far as we are ready to."""


class TooLarge(FetchFailed):
    """There are more bytes than allowed."""


@dataclass(frozen=True, slots=True)
class Body:
    """An answer with a file, whose bytes are not read yet."""

    status: int
    """200, or 206 for the range that was asked for."""
    headers: Mapping[str, str]
    _response: httpx.Response
    _bounds: Bounds
    _clock: Clock
    _until: float

    @property
    def length(self) -> int | None:
        """Bytes of this answer as it announces them, None where it doesn't."""
        return bytes_in(self.headers.get("content-length", ""))

    def pieces(self, start: int = 0, whole: int | None = None) -> Iterator[bytes]:
        """Yield the bytes as they come. `start` of the file's bytes are here already, `whole` are expected in all.

        Raises TooLarge, and FetchFailed for a body that comes too slowly or ends too early.
        """
        size = start
        for piece in self._response.iter_raw():
            size += len(piece)
            if size > self._bounds.bytes:
                raise TooLarge(f"sends more than the {self._bounds.bytes:,} bytes that were expected")
            if self._clock() > self._until:
                raise FetchFailed(f"came too slowly: {size} bytes in {self._bounds.seconds:g} s", again=True)
            yield piece
        if whole is not None and size < whole:
            raise FetchFailed(f"the connection was closed after {size:,} of {whole:,} bytes", again=True)


def client(silence: float = 30.0) -> httpx.Client:
    """Return a client for `opened`, to be closed by the caller. `silence` is the longest one in seconds.

    No connection is used twice: several names may share a network address, and one must not get another's connection.
    """
    import httpx

    return httpx.Client(
        headers={"User-Agent": f"personaforge/{__version__}", "Accept": "*/*", "Accept-Encoding": "identity"},
        timeout=httpx.Timeout(silence, connect=min(10.0, silence)),
        verify=tls_context(),
        limits=httpx.Limits(max_keepalive_connections=0),
        follow_redirects=False,
    )


@contextmanager
def opened(
    http: httpx.Client,
    url: str,
    bounds: Bounds,
    reach: Reach,
    headers: Headers = lambda url: {},
    clock: Clock = time.monotonic,
) -> Iterator[Body]:
    """Ask for a file, and give the answer for as long as the `with` lasts. Raises FetchFailed, inside it as well."""
    import httpx

    until = clock() + bounds.seconds
    try:
        response = _followed(http, url, reach, headers)
        try:
            yield Body(response.status_code, response.headers, response, bounds, clock, until)
        finally:
            response.close()
    except httpx.HTTPError as error:
        raise _network_fault(error) from None
    except httpx.InvalidURL as error:
        raise FetchFailed(f"is not an address: {masked(str(error))[:200]}") from None


def _followed(http: httpx.Client, url: str, reach: Reach, headers: Headers) -> httpx.Response:
    """Follow redirects, and return an answer that has a file, not read yet."""
    for _ in range(MAX_REDIRECTS + 1):
        sent = headers(url)
        response = _sent(http, url, reach, sent)
        status = response.status_code
        if status == 200 or (status == 206 and "Range" in sent):
            return response
        response.close()
        if status == 206:
            raise FetchFailed("sends a part of a file though the whole was asked for")
        if status not in (301, 302, 303, 307, 308):
            again = status in _AGAIN or status >= 500
            text = f"answers {status} {response.reason_phrase}".rstrip()
            raise FetchFailed(text, again=again, status=status, pause=_asked_pause(response))
        try:
            url = next_address(url, response.headers.get("location", ""))
        except ValueError as error:
            raise FetchFailed(str(error)) from None
    raise FetchFailed(f"is redirected more than {MAX_REDIRECTS} times")


def _sent(http: httpx.Client, url: str, reach: Reach, headers: Mapping[str, str]) -> httpx.Response:
    import httpx

    if reach == "any":
        try:
            return http.send(http.build_request("GET", url, headers=dict(headers)), stream=True)
        except UnicodeError as error:  # a part of the host's name is empty, or longer than names may be
            raise FetchFailed(f"is at a host that can't be: {error}") from None
    failed: httpx.TransportError | None = None
    try:
        for request in requests(http, url, headers, loopback=reach == "loopback"):
            try:
                return http.send(request, stream=True)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                failed = error  # the host's next address may do
    except NotPublic as error:
        raise FetchFailed(str(error)) from None
    except (OSError, UnicodeError) as error:
        raise FetchFailed(f"the host can't be found: {error}", again=True) from None
    raise failed or FetchFailed("the host has no address", again=True)


def _network_fault(error: httpx.HTTPError) -> FetchFailed:
    """Distinguish what may pass (a connection that failed) from what won't (a certificate, a protocol)."""
    import httpx

    text = masked(str(error))[:200] or type(error).__name__
    if "CERTIFICATE_VERIFY_FAILED" in text:
        return FetchFailed(f"has a certificate that can't be trusted: {text}")
    if isinstance(error, httpx.TimeoutException):
        return FetchFailed(f"the server is silent ({type(error).__name__})", again=True)
    if isinstance(error, httpx.UnsupportedProtocol | httpx.LocalProtocolError) or not isinstance(
        error, httpx.TransportError
    ):
        return FetchFailed(f"can't be fetched: {text}")
    return FetchFailed(f"the connection failed: {text}", again=True)


def bytes_in(text: str) -> int | None:
    """Return the number of bytes that a header names; None for anything else, and for what no file can have."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS else None


def _asked_pause(response: httpx.Response) -> float | None:
    """Return the seconds that `Retry-After` asks for, as far as we are ready to wait."""
    text = response.headers.get("retry-after", "")
    return min(float(text), _LONGEST_PAUSE) if text.isascii() and text.isdigit() else None
