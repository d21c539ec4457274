"""Bytes by digest: `blobs/ab/abcd...`. Written once, read-only, and checked on every read."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

from personaforge.digest import digest_bytes, digest_file
from personaforge.errors import StoreError
from personaforge.store.artifact import is_digest
from personaforge.store.files import DAMAGED, TEMPORARY, write_atomic


class Blobs:
    """The blobs of one store."""

    def __init__(self, folder: Path) -> None:
        self.folder = str(folder)

    def path(self, digest: str) -> str:
        """Return where a blob is or would be."""
        return f"{self.folder}/{digest[:2]}/{digest}"

    def has(self, digest: str) -> bool:
        """Tell whether a blob is there; its content is checked when it is read."""
        return os.path.exists(self.path(digest))

    def size(self, digest: str) -> int | None:
        """Return a blob's size in bytes, or None when it is not there."""
        try:
            return os.stat(self.path(digest)).st_size
        except OSError:
            return None

    def put(self, data: bytes) -> str:
        """Keep bytes and return their digest. Bytes that are there already cost one look, and count as new again, so
        that garbage collection doesn't take them from whoever is about to name them."""
        digest = digest_bytes(data)
        path = self.path(digest)
        try:
            if os.stat(path).st_size == len(data):
                os.utime(path)
                return digest
        except OSError:
            pass
        write_atomic(path, data, mode=0o444)
        return digest

    def scratch(self) -> Path:
        """Return the path of a temporary file on the same file system; what a killed process leaves there is removed
        by garbage collection."""
        folder = Path(self.folder) / "incoming"
        folder.mkdir(parents=True, exist_ok=True)
        return folder / f"{TEMPORARY}{os.getpid()}-{uuid.uuid4().hex}"

    def put_file(self, path: Path) -> str:
        """Keep a file that `scratch` named, whose bytes are on the disk already, and return its digest."""
        digest = digest_file(path)
        kept = self.path(digest)
        if os.path.exists(kept) and os.stat(kept).st_size == os.stat(path).st_size:
            os.utime(kept)
            os.unlink(path)
            return digest
        os.chmod(path, 0o444)
        os.makedirs(os.path.dirname(kept), exist_ok=True)
        os.rename(path, kept)
        return digest

    def get(self, digest: str) -> bytes:
        """Return a blob's bytes. Raises StoreError when it is missing or not what its name says."""
        path = self.path(digest)
        try:
            with open(path, "rb") as file:
                data = file.read()
        except FileNotFoundError:
            raise StoreError(f"artifact {digest[:12]} is not in the store", hint="forge cache pull") from None
        except OSError as error:
            raise StoreError(f"can't read artifact {digest[:12]}: {error.strerror}", where=path) from error
        if digest_bytes(data) != digest:
            raise StoreError(f"artifact {digest[:12]} is damaged", hint="forge cache verify --repair", where=path)
        return data

    def head(self, digest: str, count: int) -> bytes:
        """Return a blob's first bytes, unchecked. Raises StoreError."""
        try:
            with open(self.path(digest), "rb") as file:
                return file.read(count)
        except OSError as error:
            where = self.path(digest)
            raise StoreError(f"can't read artifact {digest[:12]}: {error.strerror}", where=where) from error

    def sound(self, digest: str) -> bool:
        """Tell whether a blob is there and is what its name says."""
        try:
            return digest_file(self.path(digest)) == digest
        except OSError:
            return False

    def remove(self, digest: str) -> int:
        """Remove a blob and return how many bytes that freed."""
        path = self.path(digest)
        try:
            size = os.path.getsize(path)
            os.unlink(path)
        except FileNotFoundError:
            return 0
        return size

    def all(self) -> Iterator[tuple[str, os.stat_result]]:
        """Yield every blob's digest and stat, in no order."""
        for shard, entry in _entries(self.folder):
            if is_digest(entry.name) and entry.name.startswith(shard):
                yield entry.name, entry.stat()

    def unfinished(self) -> Iterator[tuple[str, os.stat_result]]:
        """Yield the paths of temporary files that a killed process left behind."""
        for _, entry in _entries(self.folder):
            if entry.name.startswith(TEMPORARY):
                yield entry.path, entry.stat()

    def strays(self) -> Iterator[str]:
        """Yield the paths of files that are no blobs, neither unfinished nor put aside: nobody reads them."""
        for shard, entry in _entries(self.folder):
            ours = entry.name.startswith(TEMPORARY) or entry.name.endswith(DAMAGED)
            if not ours and not (is_digest(entry.name) and entry.name.startswith(shard)):
                yield entry.path


def _entries(folder: str) -> Iterator[tuple[str, os.DirEntry[str]]]:
    try:
        shards = [entry for entry in os.scandir(folder) if entry.is_dir()]
    except FileNotFoundError:
        return
    for shard in shards:
        with os.scandir(shard.path) as entries:
            for entry in entries:
                yield shard.name, entry
