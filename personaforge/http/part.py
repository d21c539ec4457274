"""A download that is not finished: the bytes so far, and beside them what they are the beginning of.

The bytes go straight to the kernel, so that a killed process loses none of them. After a power cut the file may hold
anything; its digest is verified when it is complete. If that fails after a resumption, the download starts over once.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import IO, Any, NamedTuple

from personaforge.store.files import write_atomic

_PIECE = 1 << 20


class Origin(NamedTuple):
    """What the bytes are the beginning of."""

    url: str
    """As shown: without user name, password and query."""
    validator: str
    """A strong ETag, or else the Last-Modified date: what `If-Range` takes (RFC 9110, 13.1.5)."""
    size: int | None
    """Bytes of the whole, as the server gave them; None when it didn't."""


class Part:
    """The unfinished file `<name>.part`, and `<name>.part.json` with its origin."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._origin = path.with_name(path.name + ".json")

    @property
    def size(self) -> int:
        """Bytes so far."""
        try:
            return self.path.stat().st_size
        except FileNotFoundError:
            return 0

    def origin(self) -> Origin | None:
        """Return where the bytes came from; None when that isn't known, and the download can't be resumed."""
        try:
            found = json.loads(self._origin.read_bytes())
            url, validator, size = found["url"], found["validator"], found["size"]
        except (FileNotFoundError, ValueError, TypeError, KeyError):
            return None
        if not isinstance(url, str) or not isinstance(validator, str) or not isinstance(size, int | None):
            return None
        return Origin(url, validator, size)

    def begin(self, origin: Origin) -> None:
        """Throw the bytes away, and note where the next ones come from."""
        self.remove()
        write_atomic(self._origin, json.dumps(origin._asdict()).encode())

    def remove(self) -> None:
        """Throw everything away. The origin is removed first: bytes without it are never resumed."""
        for path in (self._origin, self.path):
            path.unlink(missing_ok=True)

    def append(self) -> IO[bytes]:
        """Open for writing at the end, unbuffered."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        return open(self.path, "ab", buffering=0)

    def hasher(self) -> Any:
        """Return a SHA-256 that has taken the bytes so far."""
        digest = hashlib.sha256()
        if self.size:
            with open(self.path, "rb") as file:
                while piece := file.read(_PIECE):
                    digest.update(piece)
        return digest

    def finish(self, target: Path) -> None:
        """Give the bytes their name: synced, then renamed. Where they came from stays noted."""
        with open(self.path, "rb") as file:
            os.fsync(file.fileno())
        os.rename(self.path, target)
