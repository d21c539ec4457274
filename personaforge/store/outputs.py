"""The build folder: copies of artifacts where people look for them, noticed when deleted or edited, and put back.

Files are copies, never links, so that editing `build/` never edits a blob. Each file was written from a blob; its stat
signature says cheaply whether it is still equal. An edited file is moved to `.forge/edited/` before the artifact is put
back, so the user's work is never lost.
"""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from personaforge.digest import digest_stream
from personaforge.errors import StoreError
from personaforge.store.blobs import Blobs
from personaforge.store.files import open_file, refuse_link, stat_signature, unreadable, write_atomic

_REMOVE = "remove the symbolic link"

Condition = Literal["there", "missing", "edited"]


class Placed(NamedTuple):
    """A file in the build folder as it was written."""

    path: str
    """Relative to the persona's build folder, with `/`; empty for an artifact that only the store holds."""
    digest: str
    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int


class BuildFolder:
    """One persona's build folder."""

    def __init__(self, root: Path, persona: str, *, project: Path) -> None:
        self.folder = str(root / persona)
        self._project = str(project)
        self._edited = str(project / ".forge" / "edited" / persona)

    def condition(self, placed: Sequence[Placed]) -> list[tuple[Placed, Condition]]:
        """Return the condition of files since they were written. A touched file with the same content counts as there,
        and is returned with its new signature. Raises Unreadable: a file that can't be read now is neither missing nor
        edited, and is not overwritten."""
        found: list[tuple[Placed, Condition]] = []
        for file in placed:
            if not file.path:
                continue
            path = f"{self.folder}/{file.path}"
            signature = stat_signature(path)
            if signature == file[2:]:
                found.append((file, "there"))
            elif signature is None:
                found.append((file, "missing"))
            elif _digest(path) == file.digest:
                found.append((Placed(file.path, file.digest, *signature), "there"))
            else:
                found.append((file, "edited"))
        return found

    def has(self, path: str) -> bool:
        """Return whether there is a file at a path, whatever it holds."""
        return stat_signature(f"{self.folder}/{path}") is not None

    def holds(self, path: str, digest: str) -> bool:
        """Return whether a file holds exactly an artifact's bytes. Raises Unreadable."""
        return _digest(f"{self.folder}/{path}") == digest

    def contents(self) -> dict[str, str]:
        """Return the path of every file by its digest; reads all of them, and nothing that a link leads to.

        Raises Unreadable: a file that can't be read now may hold just the bytes that are looked for.
        """
        found: dict[str, str] = {}
        if not self._is_own(self.folder):
            return found
        for folder, _, names in os.walk(self.folder, onerror=_refuse):
            for name in names:
                path = os.path.join(folder, name)
                digest = None if os.path.islink(path) else _digest(path)
                if digest is not None:
                    found[digest] = os.path.relpath(path, self.folder).replace(os.sep, "/")
        return found

    def read(self, path: str) -> bytes:
        """Return a file's bytes. Raises StoreError."""
        target = self._confined(path)
        try:
            with open_file(target, follow=True) as file:
                return file.read()
        except OSError as error:
            raise unreadable(target, error) from error

    def place(self, path: str, digest: str, blobs: Blobs) -> Placed:
        """Write an artifact to a path, unless it is there already. Raises StoreError."""
        target = self._confined(path)
        there = stat_signature(target)
        if there is None or _digest(target) != digest:
            if there is not None:
                self._put_aside(target, path)
            write_atomic(target, blobs.get(digest), sync=False)  # lost to a power cut, it is simply put back
        signature = stat_signature(target)
        if signature is None:
            raise StoreError("was removed while forge wrote it", where=target)
        return Placed(path, digest, *signature)

    def remove(self, path: str, digest: str) -> bool:
        """Remove a file that still holds an artifact's bytes, and folders that this empties; return whether it did.

        Raises StoreError.
        """
        target = self._confined(path)
        if os.path.islink(target) or _digest(target) != digest:
            return False
        try:
            os.unlink(target)
        except OSError as error:
            raise StoreError(f"can't remove it: {error.strerror}", where=target) from error
        try:
            while (target := os.path.dirname(target)) != self.folder:
                os.rmdir(target)
        except OSError:  # the folder holds something else
            pass
        return True

    def _put_aside(self, target: str, path: str) -> None:
        refuse_link(os.path.dirname(self._edited))
        refuse_link(self._edited)
        folder = f"{self._edited}/{time.strftime('%Y%m%dT%H%M%S')}"
        number = 0
        while os.path.lexists(aside := f"{folder}{f'-{number}' if number else ''}/{path}"):
            number += 1
        try:
            os.makedirs(os.path.dirname(aside), exist_ok=True)
            os.replace(target, aside)
        except OSError as error:
            raise StoreError(f"can't move the edited file away: {error.strerror}", where=target) from error

    def _is_own(self, folder: str) -> bool:
        """Return whether a folder is where its path says, with no link on the way."""
        meant = os.path.join(os.path.realpath(self._project), os.path.relpath(folder, self._project))
        return os.path.realpath(folder) == os.path.normpath(meant)

    def _confined(self, path: str) -> str:
        """Return the absolute path, after making sure that it leads nowhere else: a link on the way could make forge
        write into `.git`, and a link in its place could have it read what lies outside the project."""
        parts = path.split("/")
        if not path or path.startswith("/") or any(part in ("", ".", "..") for part in parts) or "\0" in path:
            raise StoreError(f"{path!r} is no file name in the build folder")
        target = f"{self.folder}/{path}"
        project = os.path.realpath(self._project)
        meant = os.path.join(project, os.path.relpath(self.folder, self._project), os.path.dirname(path))
        folder = os.path.realpath(os.path.dirname(target))
        if folder != os.path.normpath(meant):
            raise StoreError(f"leads out of the build folder to {folder}", where=target, hint=_REMOVE)
        real = os.path.realpath(target)
        if not real.startswith(project + os.sep):
            raise StoreError(f"leads out of the project to {real}", where=target, hint=_REMOVE)
        return target


def _digest(path: str) -> str | None:
    """Return the digest of a file; None where there is none, or something that is no file. Raises Unreadable."""
    try:
        with open_file(path, follow=True) as file:
            return digest_stream(file)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
    except OSError as error:
        if error.errno in (errno.EINVAL, errno.ELOOP, errno.ENXIO):  # a pipe, a socket, links in a circle
            return None
        raise unreadable(path, error) from error


def _refuse(error: OSError) -> None:
    if not isinstance(error, (FileNotFoundError, NotADirectoryError)):
        raise unreadable(error.filename or "build", error) from error
