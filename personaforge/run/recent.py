"""The pictures that were measured last, whole: actions of further parts find them here, and nothing is decoded twice.

A build asks for a picture's measurement and right after that for the parts with versions of their own
(`personaforge.faces.parts`), each an action with a record. All are one reading of the pixels.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, Final
from weakref import WeakKeyDictionary

KEPT: Final = 32
"""Measurements of each analyzer: more than a build has threads; some 10 kB each."""


class Recent:
    """Whole measurements by analyzer and artifact. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._of: WeakKeyDictionary[Any, OrderedDict[str, Mapping[str, Any]]] = WeakKeyDictionary()

    def get(self, analyzer: Any, digest: str, measure: Callable[[], Mapping[str, Any]]) -> Mapping[str, Any]:
        """Return an artifact's measurement by an analyzer, made by `measure` unless it is one of the last."""
        with self._lock:
            found = self._of.setdefault(analyzer, OrderedDict()).get(digest)
        if found is not None:
            return found
        value = measure()
        with self._lock:
            kept = self._of.setdefault(analyzer, OrderedDict())
            kept[digest] = value
            while len(kept) > KEPT:
                kept.popitem(last=False)
        return value
