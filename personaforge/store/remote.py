"""Shares a store through a folder: a mounted disk, a synchronised folder, a CI cache.

    blobs/ab/<digest>        as in the store
    records/actions/ab/...   as in the store
    personas/<id>.json       what the last push of a persona consisted of

What comes from there is not trusted: a blob must have its digest, and a record the key that its parts give.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import orjson

from personaforge.digest import digest_bytes, digest_json
from personaforge.errors import StoreError
from personaforge.store.artifact import is_digest
from personaforge.store.blobs import Blobs
from personaforge.store.files import write_atomic
from personaforge.store.lockfile import LockFile
from personaforge.store.records import Records, parse_record
from personaforge.store.store import Store, artifacts

FORMAT = 1


@dataclass
class Exchanged:
    """What a push or a pull came to."""

    blobs: int = 0
    bytes: int = 0
    records: int = 0
    missing: tuple[str, ...] = ()
    """Pinned artifacts that are not there, by digest."""


class Remote:
    """A folder that stores are pushed to and pulled from."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._blobs = Blobs(folder / "blobs")
        self._records = Records(folder / "records")

    def push(self, store: Store, persona: str, lock: LockFile) -> Exchanged:
        """Copy what a persona's lock pins and its nodes consist of."""
        keys, digests = _parts_of(store, persona)
        digests |= lock.digests()
        done = Exchanged(missing=tuple(sorted(digest for digest in lock.digests() if not store.blobs.has(digest))))
        for digest in sorted(digests):
            if store.blobs.has(digest) and not self._blobs.has(digest):
                data = store.blobs.get(digest)
                self._blobs.put(data)
                done.blobs += 1
                done.bytes += len(data)
        for key in sorted(keys):
            record = store.find(key)
            if record is not None and not os.path.exists(self._records.path("actions", key)):
                self._records.put("actions", key, record)
                done.records += 1
        manifest = {"format": FORMAT, "persona": persona, "records": sorted(keys), "blobs": sorted(digests)}
        write_atomic(self.folder / "personas" / f"{persona}.json", orjson.dumps(manifest))
        return done

    def pull(self, store: Store, persona: str, lock: LockFile) -> Exchanged:
        """Copy what a persona's lock pins, and the records that save measuring it again."""
        if not self.folder.is_dir():
            raise StoreError(
                "is not a folder", where=str(self.folder), hint="--remote DIR, or store.remote in conf/store"
            )
        done = Exchanged()
        missing: list[str] = []
        pushed = [self._manifest(name) for name in dict.fromkeys((persona, *store.names.formerly(persona)))]
        records, blobs = (set[str]().union(*(part[index] for part in pushed)) for index in (0, 1))
        for digest in sorted(lock.digests() | blobs):
            if store.blobs.has(digest):
                continue
            if self._pull_blob(store, digest):
                done.blobs += 1
                done.bytes += store.blobs.size(digest) or 0
            elif digest in lock.digests():
                missing.append(digest)
        for key in sorted(records):
            if store.find(key) is None and self._pull_record(store, key):
                done.records += 1
        done.missing = tuple(missing)
        return done

    def _manifest(self, persona: str) -> tuple[set[str], set[str]]:
        try:
            content = orjson.loads((self.folder / "personas" / f"{persona}.json").read_bytes())
            records, blobs = ({str(item) for item in content[name]} for name in ("records", "blobs"))
        except FileNotFoundError:
            return set(), set()
        except (OSError, orjson.JSONDecodeError, KeyError, TypeError) as error:
            raise StoreError(f"the list of {persona}'s parts can't be read: {error}", where=str(self.folder)) from None
        return {key for key in records if is_digest(key)}, {digest for digest in blobs if is_digest(digest)}

    def _pull_blob(self, store: Store, digest: str) -> bool:
        try:
            data = Path(self._blobs.path(digest)).read_bytes()
        except OSError:
            return False
        if digest_bytes(data) != digest:
            return False
        store.blobs.put(data)
        return True

    def _pull_record(self, store: Store, key: str) -> bool:
        path = self._records.path("actions", key)
        try:
            record = parse_record(Path(path).read_bytes(), path)
            genuine = record["key"] == key and digest_json("action/1", record["parts"]) == key
            complete = all(store.blobs.has(artifact.digest) for artifact in artifacts(record).values())
        except (OSError, StoreError, KeyError, TypeError, ValueError):
            return False
        if not genuine or not complete:
            return False
        store.put_record("actions", store.records.free_name("actions", key), record)
        return True


def _parts_of(store: Store, persona: str) -> tuple[set[str], set[str]]:
    """Return the action keys and digests that a persona's nodes consist of."""
    keys: set[str] = set()
    digests: set[str] = set()
    for node in _nodes(store, persona):
        body = store.index.node_body(node)
        if body is None:
            continue
        content = orjson.loads(body)
        keys |= {key for key in content.get("actions", ()) if store.find(key) is not None}
        digests |= {output["digest"] for output in content["outcome"]["outputs"].values()}
    for key in keys:
        record = store.find(key)
        if record is not None:
            digests |= {artifact.digest for artifact in artifacts(record).values()}
    return keys, digests


def _nodes(store: Store, persona: str) -> Iterable[str]:
    return (row[0] for row in store.index.node_history(persona))
