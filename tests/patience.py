"""Ends a test whose subject doesn't: an attack that succeeds would otherwise keep the whole suite waiting."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Endless(BaseException):
    """What was to be refused at once went on and on. No library takes it for an error of its own."""


@contextmanager
def patience(seconds: float = 30) -> Iterator[None]:
    """Raise Endless when what is inside has not come back after a long while. Only in the main thread."""

    def ring(number: int, frame: FrameType | None) -> None:
        raise Endless(f"still at it after {seconds:g} s")

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
