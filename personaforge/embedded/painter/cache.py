"""What one picture of a person leaves for the next: a small memory of things that are pure functions of their key.

Nothing is drawn differently for being remembered, so results don't depend on the order of requests or on threads; two
threads may both make the same thing, and either is right. Callers don't write into what they get. All memories of the
painter together take about 90 MB when full of pictures of 768 x 1024, measured by us.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import TypeVar

T = TypeVar("T")


class Memory:
    """The last few things made, by key. Safe for any number of threads."""

    def __init__(self, size: int) -> None:
        """`size` is how many things are kept."""
        self._size, self._lock = size, Lock()
        self._kept: OrderedDict[Hashable, object] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return what is kept under the key, or make it; a key always stands for the same type."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]  # type: ignore[return-value]
        made = make()
        with self._lock:
            self._kept[key] = made
            while len(self._kept) > self._size:
                self._kept.popitem(last=False)
        return made
