"""One file of a pack from one source: what is wanted of it, and what a pull says of how it is going."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from personaforge.http.download import Expected, Fetched, download
from personaforge.http.fetch import FetchFailed
from personaforge.packs.catalog import MAX_ARCHIVE

if TYPE_CHECKING:
    import httpx


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


def fetch(
    http: httpx.Client,
    url: str,
    wanted: Wanted,
    target: Path,
    *,
    say: Listener = lambda step: None,
    sleep: Callable[[float], None] = time.sleep,
) -> Fetched:
    """Fetch a file to `target`; see `personaforge.http.download`. Raises SourceFailed."""
    expected = Expected(wanted.size, wanted.sha256, MAX_ARCHIVE if wanted.size is None else wanted.size)
    try:
        return download(http, url, expected, target, lambda *step: say(Step(*step)), sleep)
    except FetchFailed as failure:
        raise SourceFailed(str(failure)) from None
