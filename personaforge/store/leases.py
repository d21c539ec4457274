"""Leases on actions that the kernel releases when the process dies: `flock` on a file named by the key.

Two builds that want one action: the second waits, then finds the first one's record. No lease is ever unlocked by hand.
A lease's file is removed by its holder, while it holds it, so the folder stays empty; a process that was waiting for
that file notices that its name is gone, and takes the lease on a new file. (The filelock library leaves every file in
place, and costs 69 ms to import.)

flock holds on one host. On a file system shared between hosts only one of them may build.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from personaforge.errors import StoreError

_FIRST_PAUSE = 0.002
_LONGEST_PAUSE = 0.1


class LeaseHeld(StoreError):
    """Another process holds a lease, and we gave up waiting for it."""


class Lease:
    """An exclusive lease on a name; a context manager."""

    def __init__(
        self, path: str, waiting: Callable[[], None] | None = None, give_up: Callable[[], bool] | None = None
    ) -> None:
        self._path = path
        self._waiting = waiting
        self._give_up = give_up
        self._descriptor = -1

    def __enter__(self) -> Lease:
        pause = 0.0
        while True:
            descriptor = self._open()
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(descriptor)
            except BaseException:
                os.close(descriptor)
                raise
            else:
                if os.fstat(descriptor).st_nlink:
                    self._descriptor = descriptor
                    return self
                os.close(descriptor)
                continue
            if pause == 0.0:
                pause = _FIRST_PAUSE
                if self._waiting is not None:
                    self._waiting()
            if self._give_up is not None and self._give_up():
                raise LeaseHeld("gave up waiting for another build", where=self._path)
            time.sleep(pause)
            pause = min(pause * 1.5, _LONGEST_PAUSE)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            os.unlink(self._path)
        except FileNotFoundError:
            pass  # the file was removed by hand, which does no harm
        finally:
            os.close(self._descriptor)
            self._descriptor = -1

    def _open(self) -> int:
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        try:
            try:
                return os.open(self._path, flags, 0o644)
            except FileNotFoundError:
                os.makedirs(os.path.dirname(self._path), exist_ok=True)
                return os.open(self._path, flags, 0o644)
        except OSError as error:
            raise StoreError(f"can't take a lease: {error.strerror}", where=self._path) from error


class Leases:
    """The leases of one store."""

    def __init__(self, folder: Path) -> None:
        self._folder = str(folder)

    def take(
        self, name: str, *, waiting: Callable[[], None] | None = None, give_up: Callable[[], bool] | None = None
    ) -> Lease:
        """Return a lease to enter. `waiting` is called once if another process holds it; `give_up` ends the wait."""
        return Lease(f"{self._folder}/{name}", waiting, give_up)

    def held(self, name: str) -> bool:
        """Return whether a process holds a lease right now. Where that can't be seen the lease counts as held."""
        try:
            descriptor = os.open(f"{self._folder}/{name}", os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except FileNotFoundError:
            return False
        except PermissionError:
            return True
        except OSError as error:
            raise StoreError(f"can't look at a lease: {error.strerror}", where=f"{self._folder}/{name}") from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
        return False
