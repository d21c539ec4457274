"""Fetches one file over HTTP: bounded, resumable, and given its name only when its bytes are the wanted ones.

httpx and not urllib: it has a time limit for each phase, hands out a body piece by piece as it comes and notices when
that is shorter than announced, and is installed with litellm in any case. Redirects are followed here, not by httpx,
because one from https to http would take the protection away that the address promised. TLS is always verified.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urljoin, urlsplit

from personaforge import __version__
from personaforge.digest import digest_file
from personaforge.packs.catalog import MAX_ARCHIVE, address_fault, shown_address
from personaforge.packs.part import Origin, Part

if TYPE_CHECKING:
    import httpx

MAX_REDIRECTS = 5
_TRIES = 5
"""In a row, without a new byte."""
_MOST_TRIES = 50
"""In all, for a server that hands out a little each time."""
_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 20.0
"""Seconds between tries: doubled each time, and by up to a half less at random."""
_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})


class SourceFailed(Exception):
    """A source doesn't have the file, or not as declared. The text is for the user; another source may have it."""


class Step(NamedTuple):
    """Something that happened in a pull, for whoever shows it."""

    kind: str
    """`start`, `resume`, `bytes`, `retry`, `failed` (one source), `waiting` (for another pull), `replace`, `unpack`."""
    text: str
    """A file, a source or a reason."""
    done: int = 0
    """Bytes so far; with `retry` the seconds until then."""
    total: int | None = None


Listener = Callable[[Step], None]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is fetched."""

    name: str
    size: int | None
    sha256: str | None

    @property
    def limit(self) -> int:
        """The most bytes that are taken."""
        return MAX_ARCHIVE if self.size is None else self.size


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file that has come."""

    url: str
    """As shown."""
    size: int
    sha256: str
    fetched: int
    """Bytes that were transferred for it by this process."""


@dataclass(slots=True)
class _Tally:
    """What has been transferred, over all tries."""

    bytes: int = 0


class _TryAgain(Exception):
    """The connection or the server failed; what has come so far is good."""

    def __init__(self, reason: str, pause: float | None = None) -> None:
        super().__init__(reason)
        self.pause = pause


class _StartOver(Exception):
    """What has come so far is the beginning of something else."""


def client(*, timeout: float = 30.0) -> httpx.Client:
    """Return a client for `fetch`, to be closed by the caller. `timeout` is the longest silence in seconds."""
    import httpx

    headers = {"User-Agent": f"personaforge/{__version__}", "Accept": "*/*", "Accept-Encoding": "identity"}
    limits = httpx.Timeout(timeout, connect=min(10.0, timeout))
    return httpx.Client(headers=headers, timeout=limits, follow_redirects=False)


def fetch(
    http: httpx.Client,
    url: str,
    wanted: Wanted,
    target: Path,
    *,
    say: Listener = lambda step: None,
    sleep: Callable[[float], None] = time.sleep,
) -> Fetched:
    """Fetch a file to `target` through `<target>.part`, going on where an earlier call was cut off.

    Tries again on connection errors and on answers that ask for it (5xx, 408, 425, 429), a bounded number of times.
    Raises SourceFailed; nothing is left of a file whose digest is wrong or that doesn't end where it should.
    """
    part = Part(target.with_name(target.name + ".part"))
    if target.is_file():  # a process that was killed had fetched it, and was not done with it
        origin = part.origin()
        if origin is not None and wanted.sha256 is not None and digest_file(target) == wanted.sha256:
            return Fetched(origin.url, target.stat().st_size, wanted.sha256, 0)
        target.unlink()
    tries = all_tries = restarts = 0
    came = _Tally()
    while True:
        had = came.bytes
        try:
            size, sha256 = _attempt(http, url, wanted, part, came, say)
        except _StartOver as reason:
            part.remove()
            restarts += 1
            if restarts > 2:
                raise SourceFailed(str(reason)) from None
        except _TryAgain as reason:
            all_tries += 1
            tries = 1 if came.bytes > had else tries + 1
            if tries >= _TRIES or all_tries >= _MOST_TRIES:
                raise SourceFailed(f"{reason} (tried {all_tries} times)") from None
            pause = reason.pause
            if pause is None:
                pause = min(_FIRST_PAUSE * 2 ** (tries - 1), _LONGEST_PAUSE) * random.uniform(0.5, 1)  # noqa: S311
            say(Step("retry", str(reason), round(pause)))
            sleep(pause)
        else:
            part.finish(target)
            return Fetched(shown_address(url), size, sha256, came.bytes)


def next_address(url: str, location: str) -> str:
    """Return where a redirect leads. Raises SourceFailed when that may not be followed."""
    found = urljoin(url, location)
    fault = address_fault(found)
    if fault or not location:
        raise SourceFailed(f"is redirected to {location[:200]!r}, which {fault or 'is empty'}")
    if urlsplit(url).scheme == "https" and urlsplit(found).scheme != "https":
        raise SourceFailed(f"is redirected from https to {shown_address(found)}, which is not encrypted")
    return found


def _attempt(http: httpx.Client, url: str, wanted: Wanted, part: Part, came: _Tally, say: Listener) -> tuple[int, str]:
    """Make one request, or none when all bytes are there, and check what there is then; return its size and SHA-256.

    What another source began is only thrown away once this one sends the file.
    """
    import httpx

    shown = shown_address(url)
    origin = part.origin()
    if origin is not None and (origin.url != shown or not origin.validator or part.size > wanted.limit):
        origin = None
    start = part.size if origin is not None else 0
    whole = wanted.size if wanted.size is not None else (origin.size if origin is not None else None)
    digest = part.hasher() if start else None
    if digest is not None and start == whole:
        return _checked(wanted, part, digest.hexdigest(), resumed=True)
    headers = {"Range": f"bytes={start}-", "If-Range": origin.validator} if origin is not None and start else {}
    try:
        response = _open(http, url, headers)
        try:
            if response.status_code == 206 and digest is not None:
                whole = _continued(response, start, whole)
                say(Step("resume", shown, start, whole))
            else:
                whole = _begun(response, wanted, part, shown)
                start, digest = 0, part.hasher()
                say(Step("start", shown, 0, whole))
            done = start
            with part.append() as file:
                for piece in response.iter_raw():
                    done += len(piece)
                    if done > wanted.limit:
                        part.remove()
                        raise SourceFailed(f"sends more than the {wanted.limit:,} bytes that were expected")
                    view = memoryview(piece)
                    while view:
                        view = view[file.write(view) :]
                    digest.update(piece)
                    came.bytes += len(piece)
                    say(Step("bytes", shown, done, whole))
        finally:
            response.close()
    except httpx.HTTPError as error:
        raise _network_fault(error) from None
    except httpx.InvalidURL as error:
        raise SourceFailed(f"is not an address: {error}") from None
    if whole is not None and done < whole:
        raise _TryAgain(f"the connection was closed after {done:,} of {whole:,} bytes")
    return _checked(wanted, part, digest.hexdigest(), resumed=start > 0)


def _open(http: httpx.Client, url: str, headers: dict[str, str]) -> httpx.Response:
    """Ask for a file, follow redirects, and return an answer that has one, not read yet."""
    for _ in range(MAX_REDIRECTS + 1):
        response = http.send(http.build_request("GET", url, headers=headers), stream=True)
        status = response.status_code
        if status in (200, 206):
            return response
        response.close()
        if status in (301, 302, 303, 307, 308):
            url = next_address(url, response.headers.get("location", ""))
        elif status == 416 and headers:
            raise _StartOver("doesn't have the range that it was asked for")
        elif status in _AGAIN:
            raise _TryAgain(f"answers {status} {response.reason_phrase}".rstrip(), _asked_pause(response))
        else:
            raise SourceFailed(f"answers {status} {response.reason_phrase}".rstrip())
    raise SourceFailed(f"is redirected more than {MAX_REDIRECTS} times")


def _begun(response: httpx.Response, wanted: Wanted, part: Part, shown: str) -> int | None:
    """Check the head of a whole file and make ready to write it; return its size as far as that is known."""
    if response.status_code == 206:
        raise SourceFailed("sends a part of a file though the whole was asked for")
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "text/html":
        raise SourceFailed("sends a web page (text/html) and not the file: a login or an error page")
    length = response.headers.get("content-length", "")
    size = int(length) if length.isascii() and length.isdigit() else None
    if size is not None and wanted.size is not None and size != wanted.size:
        about = _likeness(next(response.iter_raw(64), b"")) if size < 1024 else ""
        raise SourceFailed(f"has {size:,} bytes, expected {wanted.size:,}{about}")
    if size is not None and size > wanted.limit:
        raise SourceFailed(f"has {size:,} bytes, expected no more than {wanted.limit:,}")
    etag = response.headers.get("etag", "")
    validator = etag if etag.startswith('"') else response.headers.get("last-modified", "")
    part.begin(Origin(shown, validator, size))
    return size if size is not None else wanted.size


def _continued(response: httpx.Response, start: int, whole: int | None) -> int | None:
    """Check that a partial answer goes on where we are, in a file of the same size; return that size."""
    unit, _, rest = response.headers.get("content-range", "").partition(" ")
    span, _, total = rest.partition("/")
    if unit != "bytes" or span.partition("-")[0] != str(start):
        raise _StartOver(f"was asked for bytes from {start} and sends {rest or 'others'}")
    if total.isascii() and total.isdigit():
        if whole is not None and int(total) != whole:
            raise _StartOver(f"has {int(total):,} bytes now, expected {whole:,}")
        return int(total)
    return whole


def _checked(wanted: Wanted, part: Part, sha256: str, *, resumed: bool) -> tuple[int, str]:
    """Return size and SHA-256 of the whole file when they are the wanted ones; otherwise the file goes."""
    size = part.size
    if (wanted.size is not None and size != wanted.size) or (wanted.sha256 is not None and sha256 != wanted.sha256):
        message = f"has {size:,} bytes, expected {wanted.size:,}" if wanted.size not in (None, size) else ""
        message = message or f"has SHA-256 {sha256}, expected {wanted.sha256}"
        if resumed:
            raise _StartOver(message)
        with open(part.path, "rb") as file:
            message += _likeness(file.read(64))
        part.remove()
        raise SourceFailed(message)
    return size, sha256


def _likeness(head: bytes) -> str:
    """Say what a file that is not the wanted one looks like, from its first bytes."""
    start = head.lstrip().lower()
    if start.startswith((b"<!doctype html", b"<html")):
        return "; it is a web page"
    if start.startswith(b"version https://git-lfs"):
        return "; it is a Git LFS pointer and not the file that it points to"
    return ""


def _network_fault(error: httpx.HTTPError) -> Exception:
    """Tell what may pass (a connection that failed) from what won't (a certificate, a protocol)."""
    import httpx

    text = str(error) or type(error).__name__
    if "CERTIFICATE_VERIFY_FAILED" in text:
        return SourceFailed(f"has a certificate that can't be trusted: {text}")
    if isinstance(error, httpx.TransportError) and not isinstance(
        error, httpx.UnsupportedProtocol | httpx.LocalProtocolError
    ):
        if isinstance(error, httpx.TimeoutException):
            return _TryAgain(f"the server is silent ({type(error).__name__})")
        return _TryAgain(f"the connection failed: {text}")
    return SourceFailed(f"can't be fetched: {text}")


def _asked_pause(response: httpx.Response) -> float | None:
    """Return the seconds that `Retry-After` asks for, as far as we are ready to wait."""
    text = response.headers.get("retry-after", "")
    return min(float(text), _LONGEST_PAUSE) if text.isascii() and text.isdigit() else None
