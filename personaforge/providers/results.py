"""Fetches a finished result from where the provider put it, by the one fetcher (`personaforge.http.fetch`).

A result lies at public addresses only, over https; a provider that is itself on this machine (FORGE_<PROVIDER>_URL, in
tests) may serve its results from this machine over http. The key goes along only where the adapter asks for it, and
only to the provider's own hosts, redirects included. The body has to begin like a picture, a clip or a sound, and
must not be cut off.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from personaforge.errors import BackendError, Unavailable, Undelivered
from personaforge.http.fetch import Body, Bounds, FetchFailed, Reach, TooLarge, client, opened
from personaforge.providers import kinds
from personaforge.providers.protocols import Remote
from personaforge.providers.whole import is_cut_off

if TYPE_CHECKING:
    from personaforge.http.wire import Wire


class Gone(Undelivered):
    """The address is not valid, or no longer. The provider may name a fresh one."""


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

        def headers(url: str) -> Mapping[str, str]:
            return wire.key_headers() if wire is not None and remote.with_key and wire.owns(url) else {}

        reach: Reach = "loopback" if wire is not None and wire.loopback else "public"
        try:
            with (
                client(self._bounds.silence) as http,
                opened(http, remote.url, self._bounds, reach, headers, self._clock) as body,
            ):
                return self._written(body, wanted, target)
        except FetchFailed as failure:
            raise _fault(failure, remote.url, self._bounds) from None

    def _written(self, body: Body, wanted: tuple[str, ...], target: Path) -> Fetched:
        """Write a body to a file and verify it, beginning with its first bytes and not only after the last."""
        if body.length is not None and body.length > self._bounds.bytes:
            raise TooLarge(f"has {body.length} bytes")
        head, size, kind = b"", 0, ""
        try:
            with open(target, "w+b") as file:
                for piece in body.pieces(whole=body.length):
                    size += len(piece)
                    file.write(piece)
                    if not kind:
                        head = (head + piece)[: kinds.HEAD]
                        kind = _kind(head, wanted) if len(head) == kinds.HEAD else ""
                kind = kind or _kind(head, wanted)
                if is_cut_off(file):
                    raise Unavailable(f"the result is a {kind} that is cut off after {size} bytes")
                file.flush()
                os.fsync(file.fileno())
        except BaseException:
            target.unlink(missing_ok=True)
            raise
        return Fetched(target, kind, size)


def _fault(failure: FetchFailed, url: str, bounds: Bounds) -> BackendError:
    host = urlsplit(url).hostname or "nowhere"
    if failure.status in (401, 403, 404, 410):
        return Gone(f"the result is not at its address any more ({failure.status} from {host})")
    if isinstance(failure, TooLarge):
        return Undelivered(f"the result has more than {bounds.bytes} bytes")
    text = f"the result can't be fetched from {host}: {failure}"
    return Unavailable(text) if failure.again else Undelivered(text)


def _kind(head: bytes, wanted: tuple[str, ...]) -> str:
    found = kinds.media_type(head)
    if found not in wanted:
        names = ", ".join(name.rpartition("/")[2] for name in wanted)
        raise Undelivered(f"the result begins with {kinds.shown(head)}, which is none of {names}")
    return found
