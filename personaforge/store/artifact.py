"""What an action makes: an artifact, a blob with a media type."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from personaforge.errors import StoreError

SUFFIXES = {
    "application/json": ".json",
    "audio/mpeg": ".mp3",
    "audio/ogg": ".ogg",
    "audio/wav": ".wav",
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/webp": ".webp",
    "text/plain": ".txt",
    "video/mp4": ".mp4",
    "video/webm": ".webm",
}
"""File name endings by media type: the ones that providers may give us."""

_HEX = frozenset("0123456789abcdef")
_DIGEST = re.compile(rb"\b[0-9a-f]{64}\b")


class Artifact(NamedTuple):
    """A blob in the store."""

    digest: str
    media_type: str
    size: int
    """Bytes."""

    def as_json(self) -> dict[str, Any]:
        """Return the artifact as records hold it."""
        return {"digest": self.digest, "media_type": self.media_type, "size": self.size}


def is_digest(text: str) -> bool:
    """Return whether a text is a digest: anything else must never become part of a path."""
    return len(text) == 64 and _HEX.issuperset(text)


def digests_in(data: bytes) -> set[str]:
    """Return everything that looks like a digest: whatever names artifacts does so by 64 hex characters."""
    return {match.decode() for match in _DIGEST.findall(data)}


def parse_artifact(fields: Any, where: str) -> Artifact:
    """Return an artifact from a record. Raises StoreError: a record may come from another machine."""
    match fields:
        case {"digest": str(digest), "media_type": str(media_type), "size": int(size)}:
            if is_digest(digest) and media_type in SUFFIXES and size >= 0:
                return Artifact(digest, media_type, size)
    raise StoreError("a record names something that is no artifact", where=where)
