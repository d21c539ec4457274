"""^C, noted at once: libraries treat the KeyboardInterrupt as an error of their own, and then raise another one."""

from __future__ import annotations

import signal
from types import FrameType

_noted = False


def note() -> None:
    """Note every ^C from now on. Where it is ignored, as in the background of a shell, it is still ignored."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _interrupt)


def noted() -> bool:
    """Return whether there was one since the last call."""
    global _noted
    was, _noted = _noted, False
    return was


def _interrupt(number: int, frame: FrameType | None) -> None:
    global _noted
    _noted = True
    raise KeyboardInterrupt
