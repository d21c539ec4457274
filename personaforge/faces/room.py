"""How many bytes of pixels all workers of a process hold together. Who measures files waits here until there is room.

A bound on each file alone bounds nothing: as many files are decoded at once as there are cores. Four JPEGs of
7681 x 7681 pixels, measured by four workers, took 1.3 GB.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

MOST: Final = 512 * 1024 * 1024
"""Bytes. The largest picture that is read (60 million pixels) takes 420 MB while it is decoded, and 180 MB while its
faces are measured; of one with 12 million pixels six are decoded at once. Chosen by us."""


class Room:
    """Bytes that are shared. Who asks for more than there are gets them once nobody else holds any."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._held = 0
        self._changed = threading.Condition()
        self._first = threading.Lock()

    @contextmanager
    def share(self) -> Iterator[Share]:
        """Yield a share that is empty, and free it at the end."""
        share = Share(self)
        try:
            yield share
        finally:
            share.hold(0)

    def _take(self, count: int) -> None:
        # One waits at a time, the others behind it: small pictures would otherwise pass a large one for ever.
        with self._first, self._changed:
            self._changed.wait_for(lambda: not self._held or self._held + count <= self._most)
            self._held += count

    def _free(self, count: int) -> None:
        with self._changed:
            self._held -= count
            self._changed.notify_all()


class Share:
    """What one worker holds of a room."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._held = 0

    def hold(self, count: int) -> None:
        """Hold so many bytes in place of what was held. To hold more, all is freed before it waits: two workers that
        each wait for the other's bytes would wait for ever."""
        less = self._held - count
        if less >= 0:
            self._held = count
            self._room._free(less)
            return
        held, self._held = self._held, 0
        self._room._free(held)
        self._room._take(count)
        self._held = count


PIXELS: Final = Room(MOST)
"""The room of this process."""
