"""What a picture was drawn from, as the store's records tell: the visible fields of the document of that time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from personaforge.errors import StoreError
from personaforge.plan.contents import Contents
from personaforge.steps.look import look_of
from personaforge.store.lockfile import LockFile, Pin
from personaforge.store.store import Store


def anchor_look(store: Store, contents: Contents, lock: LockFile, pin: Pin) -> dict[str, Any]:
    """Return what an anchor was made for by the record of the call that drew it; empty where no record tells.

    An anchor that somebody has chosen is pinned by the key of that decision: its candidate's line names the call.
    """
    pictures = set(pin.outputs.values())
    others = (lock.pin(name) for name in lock.names())
    keys = [pin.key, *(one.key for one in others if one is not None and pictures & set(one.outputs.values()))]
    return next((look for key in dict.fromkeys(keys) if (look := look_of_call(store, contents, key))), {})


def look_of_call(store: Store, contents: Contents, key: str) -> dict[str, Any]:
    """Return the visible fields that a call was made for; empty where its record is gone, or doesn't tell."""
    for name in store.records.names("actions", key):
        try:
            record = store.records.get("actions", name) or {}
        except StoreError:  # a damaged record counts as none
            continue
        for document in _documents(record, contents):
            if look := look_of(document):
                return look
    return {}


def _documents(record: Mapping[str, Any], contents: Contents) -> list[Mapping[str, Any]]:
    """Return what a call was made from: its subject, and the texts that it read and that are still there."""
    found = [_at(record, "parts", "request", "subject")]
    for digest in _at(record, "sources", "needs").values():
        try:
            found.append(_json(contents.read(str(digest))))
        except StoreError:
            continue
    return [one for one in found if one]


def _at(value: Any, *names: str) -> Mapping[str, Any]:
    for name in names:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def _json(data: bytes) -> Mapping[str, Any]:
    import orjson

    try:
        found = orjson.loads(data)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, Mapping) else {}
