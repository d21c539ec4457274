"""Immutable records as JSON files: the truth that the index and the warehouse are made from.

    actions/ab/<key>.json        one cached call: its key parts, what it made, what it cost
    evaluations/ab/<id>.json     one judged attempt: scores, decision, the measurement's identity
    builds/ab/<id>.json          one build that ran something
    events/ab/<id>-<n>.json      what it said while it ran, piece by piece

A key has one record, unless its result was lost and had to be made again: then `<key>~1.json` stands beside it, and the
last one whose artifacts are there counts. Records are never rewritten or removed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from personaforge.errors import StoreError
from personaforge.store.files import DAMAGED, TEMPORARY, write_atomic

KINDS = ("actions", "evaluations", "builds", "events")


class Records:
    """The records of one store."""

    def __init__(self, folder: Path) -> None:
        self.folder = str(folder)

    def path(self, kind: str, name: str) -> str:
        """Return where a record is or would be."""
        return f"{self.folder}/{kind}/{name[:2]}/{name}.json"

    def get(self, kind: str, name: str) -> dict[str, Any] | None:
        """Return a record, or None. Raises StoreError when the file is there and can't be read as a record."""
        path = self.path(kind, name)
        try:
            with open(path, "rb") as file:
                data = file.read()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StoreError(f"can't read a record: {error.strerror}", where=path) from error
        return parse_record(data, path)

    def latest(self, kind: str, name: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield the records of a key with their names, newest first. Raises StoreError at a damaged one."""
        for one in self.names(kind, name):
            record = self.get(kind, one)
            if record is not None:
                yield one, record

    def names(self, kind: str, name: str) -> list[str]:
        """Return the names that a key's records have or had, newest first; empty when there never was one."""
        names: list[str] = []
        while self._taken(kind, one := f"{name}~{len(names)}" if names else name):
            names.append(one)
        return names[::-1]

    def free_name(self, kind: str, name: str) -> str:
        """Return a name for another record of a key: the key, or what follows the last one that was used."""
        unique, number = name, 0
        while self._taken(kind, unique):
            number += 1
            unique = f"{name}~{number}"
        return unique

    def put(self, kind: str, name: str, record: dict[str, Any]) -> None:
        """Keep a record under a name."""
        data = orjson.dumps(record, option=orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE)
        write_atomic(self.path(kind, name), data, mode=0o444, sync_folder=True)

    def _taken(self, kind: str, name: str) -> bool:
        """Tell whether a name has been used, be it for a record that was put aside since."""
        path = self.path(kind, name)
        return os.path.exists(path) or os.path.exists(path + DAMAGED)

    def unfinished(self) -> Iterator[tuple[str, os.stat_result]]:
        """Yield the paths of temporary files that a killed process left behind."""
        for kind in KINDS:
            for entry in self._entries(kind):
                if entry.name.startswith(TEMPORARY):
                    yield entry.path, entry.stat()

    def all(self, kind: str) -> Iterator[tuple[str, str]]:
        """Yield the name and path of every record of a kind, in no order."""
        for entry in self._entries(kind):
            if entry.name.endswith(".json") and not entry.name.startswith(TEMPORARY):
                yield entry.name[:-5], entry.path

    def _entries(self, kind: str) -> Iterator[os.DirEntry[str]]:
        try:
            shards = [entry.path for entry in os.scandir(f"{self.folder}/{kind}") if entry.is_dir()]
        except FileNotFoundError:
            return
        for shard in shards:
            with os.scandir(shard) as entries:
                yield from entries


def parse_record(data: bytes, where: str) -> dict[str, Any]:
    """Return a record's content. Raises StoreError."""
    try:
        record = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise StoreError(f"a record is damaged: {error}", hint="forge cache verify --repair", where=where) from None
    if not isinstance(record, dict) or "schema" not in record:
        raise StoreError("a record is damaged: it names no schema", hint="forge cache verify --repair", where=where)
    return record
