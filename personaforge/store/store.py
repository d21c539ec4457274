"""The store of one project: everything under `.forge/`, opened on first use.

.forge/blobs  .forge/records      the truth: artifacts and immutable records
.forge/index.db                   quick to look up, can be made again
.forge/journal.db                 paid calls in flight
.forge/leases                     which process works on which action, released by the kernel
.forge/warehouse.duckdb           a projection, made from the records
.forge/edited  .forge/log         files that were edited by hand, and logs of forge's own errors

A command that only reads makes no `.forge`, and can read one that it may not write.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
import weakref
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Any

from personaforge.digest import digest_file, digest_json
from personaforge.errors import StoreError, Unreadable
from personaforge.spec.adults import Refusal
from personaforge.spec.names import Names, read_names
from personaforge.spec.project import Project
from personaforge.store.artifact import Artifact, is_digest, parse_artifact
from personaforge.store.blobs import Blobs
from personaforge.store.files import refuse_links, stat_signature
from personaforge.store.index import Index
from personaforge.store.journal import Journal
from personaforge.store.leases import Leases
from personaforge.store.named import NamedIndex
from personaforge.store.outputs import BuildFolder
from personaforge.store.records import Records

RECORD_SCHEMA = 1


class Store:
    """One project's store."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.folder: Path = project.state
        refuse_links(self.folder)
        self.blobs = Blobs(self.folder / "blobs")
        self.records = Records(self.folder / "records")
        self.index = NamedIndex(self.folder / "index.db", lambda: self.names)
        self.leases = Leases(self.folder / "leases")
        self.left_out: Mapping[str, str] = {}
        """Records that the warehouse lacks, as `actions/<name>`, and why: what they hold can't be understood. Known
        once it has been brought up to date."""

    @cached_property
    def names(self) -> Names:
        """What the project's personas are and were called."""
        return read_names(self.project)

    def forget_names(self) -> None:
        """Read the names again at their next use: a persona has been renamed."""
        self.__dict__.pop("names", None)

    @cached_property
    def journal(self) -> Journal:
        """The journal of paid calls."""
        return Journal(self.folder / "journal.db")

    def writable(self, *names: str) -> bool:
        """Return whether the store exists and may be written, with its existing files and folders."""
        parts = (self.folder, *(self.folder / name for name in names))
        return os.path.isdir(self.folder) and all(os.access(part, os.W_OK) for part in parts if os.path.lexists(part))

    def keeps(self) -> bool:
        """Return whether results can be kept, in an existing store or in one that would be made for them."""
        if os.path.lexists(self.folder):
            return self.writable("records", "blobs", "index.db")
        return os.access(self.project.root, os.W_OK)

    @cached_property
    def temporary(self) -> Path:
        """A folder that is removed when the store is closed, for files that can't be kept in the store."""
        folder = tempfile.mkdtemp(prefix="forge-store-")
        self._forget = weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        return Path(folder)

    def build_folder(self, persona: str) -> BuildFolder:
        """Return a persona's build folder: the one of a former id until the next build has moved it."""
        build = self.project.build
        if self.names.formerly(persona) and not os.path.lexists(build / persona):
            former = (one for one in reversed(self.names.formerly(persona)) if (build / one).is_dir())
            persona = next(former, persona)
        return BuildFolder(self.project.build, persona, project=self.project.root)

    def find(self, key: str, has: Callable[[str], bool] | None = None) -> dict[str, Any] | None:
        """Return the newest action record of a key whose artifacts are all there. A damaged record counts as none.

        `has` returns whether an artifact is available, for callers that know more places than the store. Raises
        Unreadable where a record is there and can't be read: what can't be read now isn't made again.
        """
        there = has or self.blobs.has
        for name in self.records.names("actions", key):
            try:
                record = self.records.get("actions", name)
                if record is not None and all(there(made.digest) for made in artifacts(record).values()):
                    return record
            except Unreadable:
                raise
            except StoreError:
                continue
        return None

    def commit(self, key: str, record: dict[str, Any]) -> dict[str, Any]:
        """Keep an action record and return it; its artifacts must be in the store already."""
        record = {"schema": RECORD_SCHEMA, "key": key, **record}
        self.put_record("actions", self.records.free_name("actions", key), record)
        return record

    def put_record(self, kind: str, name: str, record: dict[str, Any]) -> None:
        """Keep a record and add it to the log; it is announced first, so that the log gets it even if the process dies
        in between."""
        self.index.announce(kind, name)
        self.records.put(kind, name, record)
        self.index.add(kind, name)

    def note_pending(self) -> None:
        """Add records to the log that were written and not added: their writer has died, or is about to add them."""
        for kind, name in self.index.pending():
            if self.records.has(kind, name):
                self.index.add(kind, name)
        self.index.forget_pending(time.time() - _FORGOTTEN_SECONDS)

    def use(self, key: str, made: Iterable[Artifact]) -> bool:
        """Announce that a record is about to be used, and return whether its artifacts are there and protected: garbage
        collection may be running. The record is added to the log: it may have come with a copied folder."""
        if not self.claim(artifact.digest for artifact in made):
            return False
        self.index.add("actions", key)
        return True

    def claim(self, digests: Iterable[str]) -> bool:
        """Make artifacts count as new, since a node or a lock is about to name them; False where one is gone."""
        gone = [digest for digest in digests if not self.blobs.touch(digest)]
        return not gone

    def keep(self, kind: str, name: str, record: dict[str, Any]) -> None:
        """Keep an evaluation or a build record under a name that its content decides; an existing one is left
        unchanged."""
        if self.records.has(kind, name):
            self.index.add(kind, name)
        else:
            self.put_record(kind, name, {"schema": RECORD_SCHEMA, "time": time.time(), **record})

    def keep_refusal(self, refusal: Refusal) -> None:
        """Record what the guard refused, once, where the store can be written to: a persona is refused all the same."""
        record = refusal.as_json()
        if self.project.declared and self.keeps():
            with suppress(StoreError, OSError):
                self.keep("refusals", digest_json("refusal/1", record), record)

    def close(self) -> None:
        """Close the databases."""
        self.index.close()
        if "journal" in self.__dict__:
            self.journal.close()
        if self.__dict__.pop("temporary", None) is not None:
            self._forget()


_FORGOTTEN_SECONDS = 86_400.0
"""Seconds after which a process that announced a record and didn't add it counts as dead."""


def artifacts(record: dict[str, Any]) -> dict[str, Artifact]:
    """Return what an action made, by name. Raises StoreError."""
    outputs, where = record.get("outputs", {}), str(record.get("key", ""))
    if not isinstance(outputs, dict):
        raise StoreError("a record names something that is no artifact", where=where)
    return {name: parse_artifact(fields, where) for name, fields in outputs.items()}


class StatCache:
    """Digests of large files outside the store, such as face packs, remembered by their stat signature."""

    def __init__(self, index: Index) -> None:
        self._index = index

    def digest(self, path: Path) -> str:
        """Return a file's digest, read only when the file has changed. Raises OSError."""
        signature = stat_signature(str(path))
        key = f"stat:{path}:{signature}"
        known = self._index.get_spec(key) if signature is not None else None
        if known is not None and is_digest(text := known.decode(errors="replace")):
            return text
        found = digest_file(path)
        self._index.put_spec(key, found.encode(), {})
        return found
