"""Bytes by digest: `blobs/ab/abcd...`. Written once, read-only, and checked on every read.

A blob that garbage collection is about to remove is first renamed, to `.gc-abcd...` beside it: readers still find it
there, and a build that needs it takes it back (`touch`), which ends the removal. So a blob is either kept for a build
that has announced its use, or gone for everybody, and a collector that is killed in between has lost nothing.

*Not there* is an answer; *can't be read* is an error (`Unreadable`) and no answer, since a lost blob is made, and paid
for, again. Nothing here follows a link, and only a file at a blob's name is a blob.
"""

from __future__ import annotations

import os
import stat
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

from personaforge.digest import digest_bytes, digest_file, digest_stream
from personaforge.errors import StoreError, Unreadable
from personaforge.store.artifact import is_digest
from personaforge.store.files import (
    DAMAGED,
    TEMPORARY,
    is_file,
    is_temporary,
    noted,
    open_file,
    present,
    refuse_link,
    scanned,
    unreadable,
    unwritable,
    write_atomic,
)

CONDEMNED = ".gc-"
"""Prefix of the name under which a blob waits for its removal."""
_INCOMING = "incoming"
_HEX = frozenset("0123456789abcdef")
_PIECE = 1 << 20


class Blobs:
    """The blobs of one store."""

    def __init__(self, folder: Path) -> None:
        self.folder = str(folder)

    def path(self, digest: str) -> str:
        """Return where a blob is or would be."""
        return f"{self.folder}/{digest[:2]}/{digest}"

    def has(self, digest: str) -> bool:
        """Return whether a blob is there; its content is checked when it is read. Raises Unreadable."""
        return self._stat(digest) is not None

    def size(self, digest: str) -> int | None:
        """Return a blob's size in bytes, or None when it is not there. Raises Unreadable."""
        found = self._stat(digest)
        return found.st_size if found is not None else None

    def put(self, data: bytes) -> str:
        """Keep bytes and return their digest. Bytes that are there already are read once, and count as new again, so
        that garbage collection doesn't remove them before the caller's record names them. A damaged file is
        overwritten.

        Raises StoreError.
        """
        digest = digest_bytes(data)
        if not self._renewed(digest, len(data), lambda path: _holds(path, data)):
            self._writable(digest)
            write_atomic(self.path(digest), data, mode=0o444)
        return digest

    def scratch(self) -> Path:
        """Return the path of a temporary file on the same file system; garbage collection removes what a killed process
        leaves there. Raises StoreError."""
        folder = Path(self.folder) / _INCOMING
        refuse_link(folder)
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise unwritable(folder, error) from error
        return folder / f"{TEMPORARY}{os.getpid()}-{uuid.uuid4().hex}"

    def put_file(self, path: Path) -> str:
        """Keep a file that `scratch` named, whose bytes are on the disk already, and return its digest. A blob that is
        there already is read, and replaced if it is damaged. Raises StoreError."""
        try:
            digest, size = digest_file(path), os.stat(path).st_size
        except OSError as error:
            raise unreadable(path, error) from error
        kept = self.path(digest)
        renewed = self._renewed(digest, size, lambda there: _digest_of(there) == digest)
        try:
            if renewed:
                os.unlink(path)
            else:
                self._writable(digest)
                os.chmod(path, 0o444)
                os.makedirs(os.path.dirname(kept), exist_ok=True)
                os.rename(path, kept)
        except OSError as error:
            raise unwritable(kept, error) from error
        return digest

    def touch(self, digest: str) -> bool:
        """Make a blob count as new, since a record is about to name it, and return whether it is there: once this has
        returned True, garbage collection leaves the blob alone for an hour. Raises Unreadable."""
        path = self.path(digest)
        while True:
            try:
                os.utime(path, follow_symlinks=False)
                return is_file(path)
            except (FileNotFoundError, NotADirectoryError):
                pass
            except OSError:  # another user's file, or a read-only store: its time can't be set
                return self.has(digest)
            self.give_back(digest)
            if present(path) is None:
                return False

    def get(self, digest: str) -> bytes:
        """Return a blob's bytes. Raises StoreError when it is missing or its bytes don't have the digest, and
        Unreadable."""
        path = self.path(digest)
        for place in self._places(digest):
            try:
                with open_file(place) as file:
                    data = file.read()
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError as error:
                raise unreadable(place, error, f"artifact {digest[:12]}") from error
            if digest_bytes(data) != digest:
                raise StoreError(f"artifact {digest[:12]} is damaged", hint="forge cache verify --repair", where=path)
            return data
        raise StoreError(f"artifact {digest[:12]} is not in the store", hint="forge cache pull")

    def head(self, digest: str, count: int) -> bytes:
        """Return a blob's first bytes, unchecked. Raises StoreError when it is missing, and Unreadable."""
        for place in self._places(digest):
            try:
                with open_file(place) as file:
                    return file.read(count)
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError as error:
                raise unreadable(place, error, f"artifact {digest[:12]}") from error
        raise StoreError(f"artifact {digest[:12]} is not in the store", hint="forge cache pull")

    def sound(self, digest: str) -> bool:
        """Return whether a blob is there and its bytes have the digest. Raises Unreadable when it can't be read."""
        for place in self._places(digest):
            if not is_file(place):
                continue
            try:
                return _digest_of(place) == digest
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError as error:
                raise unreadable(place, error, f"artifact {digest[:12]}") from error
        return False

    def remove(self, digest: str) -> int:
        """Remove a blob and return how many bytes that freed. Raises StoreError."""
        freed = 0
        for place in (self.path(digest), self._condemned(digest)):
            found = present(place)
            if found is not None and stat.S_ISREG(found.st_mode):
                self._writable(digest)
                freed = _unlinked(place) or freed
        return freed

    def collect(self, digest: str, before: float) -> int | None:
        """Remove a blob that was not touched since `before`, in seconds since 1970, and return how many bytes that
        freed; None where it was touched, and is kept.

        The blob is renamed first and looked at once more under that name: a `touch` or a `put` from before is seen
        then, and a later one finds nothing at its place and takes the blob back, or writes it again. Raises StoreError.
        """
        path, waiting = self.path(digest), self._condemned(digest)
        self._writable(digest)
        try:
            if os.lstat(path).st_mtime > before:
                return None
            os.rename(path, waiting)
            found = os.lstat(waiting)
        except FileNotFoundError:
            return None  # another process was quicker
        except OSError as error:
            raise unwritable(path, error, "remove") from error
        if found.st_mtime > before:
            self.give_back(digest)
            return None
        return _unlinked(waiting)

    def give_back(self, digest: str) -> None:
        """Put a blob that waited for its removal back in its place. Raises StoreError."""
        path, waiting = self.path(digest), self._condemned(digest)
        self._writable(digest)
        try:
            try:
                os.link(waiting, path, follow_symlinks=False)
            except FileExistsError:
                pass  # written again meanwhile
            except OSError as error:
                if isinstance(error, FileNotFoundError):
                    return
                os.rename(waiting, path)  # a file system without hard links
                return
            os.unlink(waiting)
        except FileNotFoundError:
            return  # another process has taken it back meanwhile
        except OSError as error:
            raise unwritable(path, error) from error

    def condemned(self) -> Iterator[str]:
        """Yield the digests of blobs that a killed collector left waiting for their removal."""
        for shard, entry in self._entries():
            if _waits(shard, entry):
                yield entry.name.removeprefix(CONDEMNED)

    def put_aside(self, digest: str) -> bool:
        """Move a damaged blob aside and return whether that was done: a blob that was written anew since the damage was
        found is sound, and is kept. Raises StoreError."""
        self._writable(digest)
        place = next((place for place in self._places(digest) if is_file(place)), None)
        if place is None:
            return False
        aside = self.path(digest) + DAMAGED
        try:
            os.rename(place, aside)
            if _digest_of(aside) != digest:
                return True
            os.rename(aside, self.path(digest))
        except FileNotFoundError:
            return False
        except OSError as error:
            raise unwritable(place, error, "move") from error
        return False

    def all(self, faults: list[Unreadable] | None = None) -> Iterator[tuple[str, os.stat_result]]:
        """Yield every blob's digest and stat, in no order; blobs that wait for their removal are included.

        Folders that can't be read are noted in `faults`; without it they raise Unreadable.
        """
        for shard, entry in self._entries(faults):
            if _is_blob(shard, entry):
                name = entry.name
            elif _waits(shard, entry):
                name = entry.name.removeprefix(CONDEMNED)
                if present(self.path(name)) is not None:
                    continue
            else:
                continue
            try:
                yield name, entry.stat(follow_symlinks=False)
            except FileNotFoundError:
                continue  # collected a moment ago
            except OSError as error:
                noted(unreadable(entry.path, error), faults)

    def unfinished(self) -> Iterator[tuple[str, os.stat_result]]:
        """Yield the paths of temporary files that a killed process left behind."""
        for _, entry in self._entries():
            if is_temporary(entry):
                try:
                    yield entry.path, entry.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue

    def strays(self) -> Iterator[str]:
        """Yield the paths of what is neither a blob, nor unfinished, nor put aside: forge doesn't read it, and must not
        move it."""
        for entry in scanned(self.folder):
            if not _is_shard(entry):
                yield entry.path
        for shard, entry in self._entries():
            ours = is_temporary(entry) or (entry.name.endswith(DAMAGED) and entry.is_file(follow_symlinks=False))
            if not (ours or _is_blob(shard, entry) or _waits(shard, entry)):
                yield entry.path

    def _places(self, digest: str) -> tuple[str, ...]:
        """Return where to look for a blob, in this order: the first place again at the end, for a blob that is put back
        while we look."""
        path = self.path(digest)
        return path, self._condemned(digest), path

    def _condemned(self, digest: str) -> str:
        return f"{self.folder}/{digest[:2]}/{CONDEMNED}{digest}"

    def _stat(self, digest: str) -> os.stat_result | None:
        for place in self._places(digest):
            found = present(place)
            if found is not None and stat.S_ISREG(found.st_mode):
                return found
        return None

    def _renewed(self, digest: str, size: int, holds: Callable[[str], bool]) -> bool:
        """Return whether a blob is there, holds the right bytes, and counts as new again."""
        path = self.path(digest)
        try:
            found = os.lstat(path)
            if not stat.S_ISREG(found.st_mode) or found.st_size != size or not holds(path):
                return False
            os.utime(path, follow_symlinks=False)
        except OSError:
            return False  # not there, not readable, or another user's: the file that replaces it is whole
        return True

    def _writable(self, digest: str) -> None:
        """Make sure that a blob's folder is no link to somewhere else. Raises StoreError."""
        refuse_link(f"{self.folder}/{digest[:2]}")

    def _entries(self, faults: list[Unreadable] | None = None) -> Iterator[tuple[str, os.DirEntry[str]]]:
        """Yield the entries of the folders of blobs, with the folder's name; never what a link leads to."""
        for shard in scanned(self.folder, faults):
            if _is_shard(shard):
                for entry in scanned(shard.path, faults):
                    yield shard.name, entry


def _is_shard(entry: os.DirEntry[str]) -> bool:
    ours = entry.name == _INCOMING or (len(entry.name) == 2 and _HEX.issuperset(entry.name))
    return ours and entry.is_dir(follow_symlinks=False)


def _is_blob(shard: str, entry: os.DirEntry[str]) -> bool:
    return is_digest(entry.name) and entry.name.startswith(shard) and entry.is_file(follow_symlinks=False)


def _waits(shard: str, entry: os.DirEntry[str]) -> bool:
    name = entry.name.removeprefix(CONDEMNED)
    return name != entry.name and is_digest(name) and name.startswith(shard) and entry.is_file(follow_symlinks=False)


def _digest_of(path: str) -> str:
    with open_file(path) as file:
        return digest_stream(file)


def _holds(path: str, data: bytes) -> bool:
    """Return whether a file holds exactly these bytes; stops reading at the first piece that differs."""
    view, at = memoryview(data), 0
    with open_file(path) as file:
        while piece := file.read(_PIECE):
            if view[at : at + len(piece)] != piece:
                return False
            at += len(piece)
    return at == len(data)


def _unlinked(path: str) -> int | None:
    """Remove a file and return its size; None where it is gone already."""
    try:
        size = os.lstat(path).st_size
        os.unlink(path)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise unwritable(path, error, "remove") from error
    return size
