"""Which commands are at work in a project: builds share a lease on its ids, and a command that renames or removes a
persona takes it exclusively. The kernel releases it when the process dies, like every lease."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from personaforge.errors import StoreError

_PAUSE = 0.01
_PATIENCE = 30.0
"""Seconds that a build waits for a renaming to finish."""


@contextmanager
def at_work(folder: Path) -> Iterator[None]:
    """Share the lease on the project's ids with other builds. Raises StoreError."""
    descriptor = _locked(folder, fcntl.LOCK_SH, _PATIENCE, "a persona is being renamed or removed")
    try:
        yield
    finally:
        _release(folder, descriptor)


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Take the lease exclusively. Raises StoreError while a build runs."""
    descriptor = _locked(folder, fcntl.LOCK_EX, 0.0, "a build is running here")
    try:
        yield
    finally:
        _release(folder, descriptor)


def _path(folder: Path) -> str:
    return f"{folder}/leases/ids"


def _locked(folder: Path, kind: int, patience: float, busy: str) -> int:
    path = _path(folder)
    until = time.monotonic() + patience
    while True:
        try:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise StoreError(f"can't take a lease: {error.strerror}", where=path) from error
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
            if os.fstat(descriptor).st_nlink:
                return descriptor
        except BlockingIOError:
            if time.monotonic() >= until:
                os.close(descriptor)
                raise StoreError(busy, hint="try again when it is over; nothing was changed") from None
            time.sleep(_PAUSE)
        os.close(descriptor)


def _release(folder: Path, descriptor: int) -> None:
    """Release the lease, and remove the file where no other process holds it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.fstat(descriptor).st_nlink:
            os.unlink(_path(folder))
    except OSError:
        pass  # another build holds it, and the last one removes it
    finally:
        os.close(descriptor)
