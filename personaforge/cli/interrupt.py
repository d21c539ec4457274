"""^C, noted when it comes: libraries take the KeyboardInterrupt for an error of theirs, and then say something else."""

from __future__ import annotations

import signal
from types import FrameType

_noted = False


def note() -> None:
    """Note every ^C from now on. Where it is ignored, as in the background of a shell, it stays ignored."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _interrupt)


def noted() -> bool:
    """Tell whether there was one since this was asked last."""
    global _noted
    was, _noted = _noted, False
    return was


def _interrupt(number: int, frame: FrameType | None) -> None:
    global _noted
    _noted = True
    raise KeyboardInterrupt
