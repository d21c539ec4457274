"""A file system on which some paths can't be read now, whoever asks: no right, a failing disk, too many open files.

Tests run as root here and there, whom no permission stops; so the system's answer is given in its place.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest import mock

PASSING = (errno.EACCES, errno.EIO, errno.EMFILE, errno.ENFILE, errno.ESTALE)


@contextmanager
def unreadable(start: str | os.PathLike[str], number: int = errno.EIO, *, looks: bool = False) -> Iterator[None]:
    """Let nobody open what lies at or below a path, nor list it; with `looks` not even see whether it is there."""
    prefix = os.fspath(start)
    names = ("open", "scandir", *(("lstat", "stat") if looks else ()))
    with ExitStack() as stack:
        for name in names:
            stack.enter_context(mock.patch.object(os, name, _refusing(getattr(os, name), prefix, number)))
        yield


def _refusing(real: Callable[..., Any], prefix: str, number: int) -> Callable[..., Any]:
    def call(path: Any = ".", *arguments: Any, **options: Any) -> Any:
        text = os.fspath(path) if isinstance(path, (str, os.PathLike)) else ""
        if text == prefix or text.startswith(prefix + "/"):
            raise OSError(number, os.strerror(number), text)
        return real(path, *arguments, **options)

    return call
