"""Tables that are built when they are first asked for, and once: threads that ask at the same time get one object."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from functools import wraps
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

_BUILDING = threading.RLock()
"""One for all tables: they are made of each other, so a lock each could be taken in two orders."""


def once(function: Callable[P, R]) -> Callable[P, R]:
    """Keep what a function returns for each arguments; unlike `functools.cache`, never call it twice for the same ones.

    With `functools.cache` two threads may each build a table, and what is then derived from both no longer agrees.
    """
    kept: dict[Hashable, R] = {}

    @wraps(function)
    def build(*args: P.args, **kwargs: P.kwargs) -> R:
        key = (args, tuple(sorted(kwargs.items())))
        if key not in kept:
            with _BUILDING:
                if key not in kept:
                    kept[key] = function(*args, **kwargs)
        return kept[key]

    build.kept = kept  # type: ignore[attr-defined]
    return build
