"""A file that is kept: fetched through `<name>.part`, resumed where it was cut off, and given its name only when its
bytes are the wanted ones.

An earlier part is resumed by Range and If-Range, and only where it is known to be the beginning of the very same
file (`part`). After connection errors, and answers that ask for it, the request is tried again, but not without end.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from personaforge.digest import digest_file
from personaforge.http.fetch import Body, Bounds, FetchFailed, TooLarge, bytes_in, opened
from personaforge.http.part import Origin, Part
from personaforge.http.url import shown_address

if TYPE_CHECKING:
    import httpx

_TRIES = 5
"""In a row, without getting further than before: what can't be resumed begins again each time."""
_MOST_TRIES = 50
"""In all, for a server that sends only a little each time."""
_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 20.0
"""Seconds between tries: doubled each time, and by up to a half less at random."""

Progress = Callable[[str, str, int, int | None], None]
"""(`start`, `resume`, `bytes` or `retry`; the source or a reason; bytes so far or seconds to wait; all bytes)"""


class Expected(NamedTuple):
    """What the fetched file has to be like."""

    size: int | None
    sha256: str | None
    limit: int
    """The most bytes that are taken."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file that was fetched."""

    url: str
    """As shown."""
    size: int
    sha256: str
    fetched: int
    """Bytes that were transferred for it by this process."""


class _StartOver(Exception):
    """The bytes so far are the beginning of another file."""


def download(
    http: httpx.Client, url: str, expected: Expected, target: Path, say: Progress, sleep: Callable[[float], None]
) -> Fetched:
    """Fetch a file to `target` through `<target>.part`.

    Raises FetchFailed; nothing is left of a file whose digest is wrong or that doesn't end where it should.
    """
    part = Part(target.with_name(target.name + ".part"))
    if target.is_file():  # a process that was killed had fetched it, and was not done with it
        origin = part.origin()
        if origin is not None and expected.sha256 is not None and digest_file(target) == expected.sha256:
            return Fetched(origin.url, target.stat().st_size, expected.sha256, 0)
        target.unlink()
    going = _Download(http, url, expected, part, say)
    tries = all_tries = restarts = 0
    while True:
        had = going.reached
        try:
            size, sha256 = going.attempt()
        except _StartOver as reason:
            part.remove()
            restarts += 1
            if restarts > 2:
                raise FetchFailed(str(reason)) from None
        except FetchFailed as reason:
            if not reason.again:
                raise
            all_tries += 1
            tries = 1 if going.reached > had else tries + 1
            if tries >= _TRIES or all_tries >= _MOST_TRIES:
                raise FetchFailed(f"{reason} (tried {all_tries} times)") from None
            pause = reason.pause
            if pause is None:
                pause = min(_FIRST_PAUSE * 2 ** (tries - 1), _LONGEST_PAUSE) * random.uniform(0.5, 1)  # noqa: S311
            say("retry", str(reason), round(pause), None)
            sleep(pause)
        else:
            part.finish(target)
            return Fetched(shown_address(url), size, sha256, going.came)


@dataclass(slots=True)
class _Download:
    """One file from one source, over all tries."""

    http: httpx.Client
    url: str
    expected: Expected
    part: Part
    say: Progress
    came: int = 0
    """Bytes transferred."""
    reached: int = 0
    """Bytes of the file that were here at most."""

    def attempt(self) -> tuple[int, str]:
        """Make one request, or none when all bytes are there, and verify the file; return its size and SHA-256.

        What was fetched from another source is only thrown away once this one sends the file.
        """
        part, shown = self.part, shown_address(self.url)
        origin = part.origin()
        if origin is not None and (origin.url != shown or not origin.validator or part.size > self.expected.limit):
            origin = None
        start = part.size if origin is not None else 0
        whole = self.expected.size
        headers: dict[str, str] = {}
        if origin is not None and start:
            whole = origin.size if whole is None else whole
            headers = {"Range": f"bytes={start}-", "If-Range": origin.validator}
            if start == whole:
                return self._verified(part.hasher().hexdigest(), resumed=True)
        bounds = Bounds(self.expected.limit, math.inf)
        try:
            with opened(self.http, self.url, bounds, "any", lambda url: headers) as body:
                if body.status == 206:
                    whole = _continued(body, start, whole, headers["If-Range"])
                    self.say("resume", shown, start, whole)
                else:
                    start, whole = 0, self._begun(body, shown)
                    self.say("start", shown, 0, whole)
                done, digest = start, part.hasher()
                with part.append() as file:
                    for piece in body.pieces(start, whole):
                        done += len(piece)
                        self.came += len(piece)
                        view = memoryview(piece)
                        while view:  # the file is unbuffered: a write may take less than it is given
                            view = view[file.write(view) :]
                        digest.update(piece)
                        self.reached = max(self.reached, done)
                        self.say("bytes", shown, done, whole)
        except TooLarge:
            part.remove()
            raise
        except FetchFailed as failure:
            if failure.status == 416 and headers:
                raise _StartOver("doesn't have the range that it was asked for") from None
            raise
        return self._verified(digest.hexdigest(), resumed=start > 0)

    def _begun(self, body: Body, shown: str) -> int | None:
        """Examine the head of a whole file and prepare to write it; return its size as far as that is known."""
        expected, size = self.expected, body.length
        kind = body.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind == "text/html":
            raise FetchFailed("sends a web page (text/html) and not the file: a login or an error page")
        if size is not None and expected.size is not None and size != expected.size:
            about = _likeness(next(body.pieces(), b"")[:64]) if size < 1024 else ""
            raise FetchFailed(f"has {size:,} bytes, expected {expected.size:,}{about}")
        if size is not None and size > expected.limit:
            raise FetchFailed(f"has {size:,} bytes, expected no more than {expected.limit:,}")
        etag = body.headers.get("etag", "")
        validator = etag if etag.startswith('"') else body.headers.get("last-modified", "")
        self.part.begin(Origin(shown, validator, size))
        return size if size is not None else expected.size

    def _verified(self, sha256: str, *, resumed: bool) -> tuple[int, str]:
        """Return size and SHA-256 of the whole file when they are the wanted ones; otherwise the file is removed."""
        size, expected = self.part.size, self.expected
        if expected.size not in (None, size):
            message = f"has {size:,} bytes, expected {expected.size:,}"
        elif expected.sha256 not in (None, sha256):
            message = f"has SHA-256 {sha256}, expected {expected.sha256}"
        else:
            return size, sha256
        if resumed:
            raise _StartOver(message)
        with open(self.part.path, "rb") as file:
            message += _likeness(file.read(64))
        self.part.remove()
        raise FetchFailed(message)


def _continued(body: Body, start: int, whole: int | None, validator: str) -> int | None:
    """Require that a partial answer continues where we are, in the very same file; return that file's size.

    A server that sends a part must compare the validator (RFC 9110, 13.1.5), and some don't.
    """
    unit, _, rest = body.headers.get("content-range", "").partition(" ")
    span, _, total = rest.partition("/")
    if unit != "bytes" or span.partition("-")[0] != str(start):
        raise _StartOver(f"was asked for bytes from {start} and sends {rest[:80] or 'others'}")
    now = body.headers.get("etag" if validator.startswith('"') else "last-modified", validator)
    if now != validator:
        raise _StartOver(f"sends a part of another file: {now[:80]}, expected {validator[:80]}")
    size = bytes_in(total)
    if size is None and total != "*":
        raise _StartOver(f"sends a part of a file of {total[:80] or 'no'} bytes")
    if size is not None and whole is not None and size != whole:
        raise _StartOver(f"has {size:,} bytes now, expected {whole:,}")
    return whole if size is None else size


def _likeness(head: bytes) -> str:
    """Say what a file that is not the wanted one looks like, from its first bytes."""
    start = head.lstrip().lower()
    if start.startswith((b"<!doctype html", b"<html")):
        return "; it is a web page"
    if start.startswith(b"version https://git-lfs"):
        return "; it is a Git LFS pointer and not the file that it points to"
    return ""
