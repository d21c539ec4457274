"""Immutable records as JSON files: the truth that the index and the warehouse are made from.

    actions/ab/<key>.json        one cached call: its key parts, what it made, what it cost
    evaluations/ab/<id>.json     one judged attempt: scores, decision, the measurement's identity
    builds/ab/<id>.json          one build that ran something
    events/ab/<id>-<n>.json      its events while it ran, piece by piece
    refusals/ab/<id>.json        what the guard refused of a persona: where, by which rule, and the words

A key has one record, unless its result was lost and had to be made again: then `<key>~1.json` stands beside it, and the
last one whose artifacts are there is used. Records are never rewritten or removed.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson

from personaforge.errors import StoreError, Unreadable
from personaforge.money import amount
from personaforge.store.files import (
    DAMAGED,
    TEMPORARY,
    is_file,
    is_temporary,
    open_file,
    present,
    refuse_link,
    scanned,
    unreadable,
    write_atomic,
)

KINDS = ("actions", "evaluations", "builds", "events", "refusals")


class Records:
    """The records of one store."""

    def __init__(self, folder: Path) -> None:
        self.folder = str(folder)

    def path(self, kind: str, name: str) -> str:
        """Return where a record is or would be."""
        return f"{self.folder}/{kind}/{name[:2]}/{name}.json"

    def get(self, kind: str, name: str) -> dict[str, Any] | None:
        """Return a record, or None. Raises StoreError when the file is there and is no record, and Unreadable when the
        system can't read it now."""
        path = self.path(kind, name)
        try:
            data = read_record(path)
        except FileNotFoundError:
            return None
        return parse_record(kind, data, path)

    def has(self, kind: str, name: str) -> bool:
        """Return whether a record's file is there. Raises Unreadable."""
        return is_file(self.path(kind, name))

    def latest(self, kind: str, name: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield the records of a key with their names, newest first. Raises StoreError at a damaged one."""
        for one in self.names(kind, name):
            record = self.get(kind, one)
            if record is not None:
                yield one, record

    def names(self, kind: str, name: str) -> list[str]:
        """Return the names that a key's records have or had, newest first; empty when there never was one."""
        names: list[str] = []
        while self._is_used(kind, one := f"{name}~{len(names)}" if names else name):
            names.append(one)
        return names[::-1]

    def free_name(self, kind: str, name: str) -> str:
        """Return a name for another record of a key: the key, or the name after the last one that was used."""
        unique, number = name, 0
        while self._is_used(kind, unique):
            number += 1
            unique = f"{name}~{number}"
        return unique

    def put(self, kind: str, name: str, record: dict[str, Any]) -> None:
        """Keep a record under a name. Raises StoreError."""
        refuse_link(f"{self.folder}/{kind}")
        refuse_link(f"{self.folder}/{kind}/{name[:2]}")
        data = orjson.dumps(record, option=orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE)
        write_atomic(self.path(kind, name), data, mode=0o444, sync_folder=True)

    def _is_used(self, kind: str, name: str) -> bool:
        """Return whether a name has been used, also for a record that was put aside since. Raises Unreadable."""
        path = self.path(kind, name)
        return present(path) is not None or present(path + DAMAGED) is not None

    def unfinished(self) -> Iterator[tuple[str, os.stat_result]]:
        """Yield the paths of temporary files that a killed process left behind."""
        for kind in KINDS:
            for entry in self._entries(kind):
                if is_temporary(entry):
                    try:
                        yield entry.path, entry.stat(follow_symlinks=False)
                    except FileNotFoundError:
                        continue

    def all(self, kind: str, faults: list[Unreadable] | None = None) -> Iterator[tuple[str, str]]:
        """Yield the name and path of every record of a kind, in no order.

        Folders that can't be read are noted in `faults`; without it they raise Unreadable.
        """
        for entry in self._entries(kind, faults):
            if _is_record(entry):
                yield entry.name[:-5], entry.path

    def strays(self) -> Iterator[str]:
        """Yield the paths of what is neither a record, nor unfinished, nor put aside: forge doesn't read it, and must
        not move it."""
        for entry in scanned(self.folder):
            if entry.name not in KINDS or not entry.is_dir(follow_symlinks=False):
                yield entry.path
        for kind in KINDS:
            for entry in scanned(f"{self.folder}/{kind}"):
                if not _is_shard(entry):
                    yield entry.path
            for entry in self._entries(kind):
                aside = entry.name.endswith(DAMAGED) and entry.is_file(follow_symlinks=False)
                if not (aside or is_temporary(entry) or _is_record(entry)):
                    yield entry.path

    def _entries(self, kind: str, faults: list[Unreadable] | None = None) -> Iterator[os.DirEntry[str]]:
        """Yield the entries of the folders of a kind; never what a link leads to."""
        for shard in scanned(f"{self.folder}/{kind}", faults):
            if _is_shard(shard):
                yield from scanned(shard.path, faults)


def _is_shard(entry: os.DirEntry[str]) -> bool:
    return len(entry.name) <= 2 and entry.is_dir(follow_symlinks=False)


def _is_record(entry: os.DirEntry[str]) -> bool:
    named = entry.name.endswith(".json") and not entry.name.startswith(TEMPORARY)
    return named and entry.is_file(follow_symlinks=False)


def read_record(path: str) -> bytes:
    """Return the bytes of a record's file. Raises FileNotFoundError and Unreadable."""
    try:
        with open_file(path) as file:
            return file.read()
    except NotADirectoryError as error:
        raise FileNotFoundError(*error.args) from None
    except FileNotFoundError:
        raise
    except OSError as error:
        raise unreadable(path, error, "a record") from error


def parse_record(kind: str, data: bytes, where: str) -> dict[str, Any]:
    """Return a record's content; what is there of the fields that forge writes has the type that it writes. Raises
    StoreError. A negative amount of money is returned as None, not known. What
    providers said is not examined: what is in `details`, a request, and a `value` other than a measurement's."""
    try:
        record = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise _damaged(str(error), where) from None
    if not isinstance(record, dict) or "schema" not in record:
        raise _damaged("it names no schema", where)
    fault = _fault(record, _SHAPES[kind])
    if not fault and record.get("parts", {}).get("kind") in ("measure", "measure_clip"):
        fault = _measurement_fault(record.get("value", {}), "value")
    if fault:
        raise _damaged(fault, where)
    if kind == "actions":  # the result is sound, and must not be bought again for an amount that is none
        record.update({field: amount(record[field]) for field in ("cost_usd", "reserved_usd") if field in record})
    return record


def _damaged(why: str, where: str) -> StoreError:
    return StoreError(f"a record is damaged: {why}", hint="forge cache verify --repair", where=where)


def _fault(value: Any, shape: Any, path: str = "") -> str:
    """Say which field has another type than a shape says; empty where none has.

    A shape is the names of types, a mapping of shapes by field (`*` for all others), or a list of its items' shape.
    """
    if isinstance(shape, str):
        found = _NAMES.get(type(value), "nothing")
        return "" if found in shape.split() else f"{path} is {found}, expected {shape.replace(' ', ' or ')}"
    if not isinstance(value, type(shape)):
        found = _NAMES.get(type(value), "nothing")
        return f"{path} is {found}, expected {_NAMES[type(shape)]}"
    if isinstance(value, list):
        faults = (_fault(item, shape[0], f"{path}[{number}]") for number, item in enumerate(value))
    else:
        every = ((name, item, shape.get(name, shape.get("*", _ALL))) for name, item in value.items())
        faults = (_fault(item, part, f"{path}.{name}" if path else name) for name, item, part in every if part != _ALL)
    return next(filter(None, faults), "")


def _measurement_fault(value: Mapping[str, Any], path: str) -> str:
    """Say which field of a measurement, or of a frame of a clip's, is not what it is judged by; empty where none is."""
    fault = _fault({name: one for name, one in value.items() if name != "pose" or one is not None}, _MEASUREMENT)
    if fault:
        return f"{path}.{fault}"
    if len(value.get("box", _BOX)) != len(_BOX):
        return f"{path}.box has {len(value['box'])} numbers, expected {len(_BOX)}"
    try:
        size = len(base64.b64decode(value.get("embedding", ""), validate=True))
    except ValueError:
        size = 1
    if size % 4:
        return f"{path}.embedding is no base64 of float32"
    frames = enumerate(value.get("frames", ()))
    return next(filter(None, (_measurement_fault(frame, f"{path}.frames[{number}]") for number, frame in frames)), "")


_NAMES: Mapping[type, str] = {
    dict: "mapping",
    list: "list",
    str: "text",
    bool: "truth",
    int: "number",
    float: "number",
    type(None): "nothing",
}
_ALL = ""
"""The shape of what may be anything."""
_ABOUT = {"time": "number", "persona": "text", "node": "text", "build": "text nothing"}
_TEXTS = {"*": "text"}
_BOX = ("x1", "y1", "x2", "y2")
_MEASUREMENT: Mapping[str, Any] = {
    **dict.fromkeys(("status", "code", "reason", "embedding", "ratio_set"), "text"),
    **dict.fromkeys(("width", "height", "faces", "detection", "frame", "second"), "number"),
    **dict.fromkeys(("embedding_norm", "sharpness"), "number nothing"),
    "box": ["number"],
    "ratios": {"*": "number"},
    "pose": {"*": "number"},
    "expressions": ["mapping nothing"],
    "in_domain": "truth",
    "frames": [{}],
    "histogram_distances": {"*": ["number"]},
}
"""See `personaforge.faces.measure`; a field of a plug-in may be anything."""
_SHAPES: Mapping[str, Mapping[str, Any]] = {
    "actions": {
        **_ABOUT,
        "key": "text",
        "parts": {
            "kind": "text",
            "provider": "text",
            "request": {},
            "inputs": _TEXTS,
            "take": "number",
            "attempt": "number",
        },
        "sources": {"settings": {}, "templates": _TEXTS, "needs": _TEXTS},
        "outputs": {"*": {"digest": "text", "media_type": "text", "size": "number"}},
        "value": {},
        "details": {},
        "paid": "truth",
        "cost_usd": "number nothing",
        "reserved_usd": "number nothing",
        "started": "number",
        "seconds": "number",
    },
    "evaluations": {
        **_ABOUT,
        **dict.fromkeys(("step", "slot", "modality", "decision", "reason"), "text"),
        "artifacts": _TEXTS,
        "analyzer": {},
        "clip": {},
        "delivered": {},
        "demands": [{}],
    },
    "builds": {
        "build": "text",
        "personas": ["text"],
        "overrides": ["text"],
        "templates": _TEXTS,
        "nodes": {"*": {}},
        **dict.fromkeys(("time", "started", "seconds", "cost_usd"), "number"),
        "git_authored": "text nothing",
    },
    "events": {"build": "text", "first": "number", "events": [{"persona": "text nothing", "node": "text nothing"}]},
    "refusals": {
        "time": "number",
        "persona": "text",
        "file": "text",
        "findings": [{"path": "text", "rule": "text", "words": ["text"]}],
    },
}
"""What forge writes, as far as its readers rely on it; an older one left fields out."""
