"""Removing a persona: `forge rm`. Shows what belongs to it, and removes it with --yes.

Artifacts that another persona's lock or record names are kept, and so are those that a lock in a git revision names, as
for `forge cache gc`: going back to that revision restores them. Money is still counted: the cost in a removed record is
written to the journal's charges first. Files that forge has not written, or that were edited, are not removed.

The persona's file is removed last but one, and its lock last. If the process ends in between, the lock still pins the
face: a build then reports the pinned artifacts as missing and never buys a new face, and the same command does the
rest.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from personaforge.errors import PersonaForgeError, StoreError
from personaforge.persona.orphans import left_by
from personaforge.persona.rename import known_hint
from personaforge.spec.material import named_files
from personaforge.spec.project import lock_path
from personaforge.store.artifact import digests_in
from personaforge.store.lockfile import former_lock, read_lock
from personaforge.store.pages import FOLDER, page_name, sweep
from personaforge.store.presence import alone
from personaforge.store.records import KINDS, parse_record
from personaforge.store.store import Store
from personaforge.store.upkeep import relog, roots

NOTE = "removed with its persona"
"""The note of charges that are kept for records that `forge rm` has removed."""


@dataclass
class Removal:
    """What belongs to a persona."""

    id: str
    file: Path | None = None
    lock: Path | None = None
    page: Path | None = None
    files: list[str] = field(default_factory=list)
    """In the build folder, as forge wrote them."""
    foreign: list[str] = field(default_factory=list)
    """In the build folder, edited or not forge's: they are kept."""
    material: list[Path] = field(default_factory=list)
    """Files that its brief names: they are the user's own, and are kept."""
    folder: Path | None = None
    nodes: list[str] = field(default_factory=list)
    """In the index."""
    records: list[tuple[str, str]] = field(default_factory=list)
    """(kind, name)."""
    blobs: list[str] = field(default_factory=list)
    """Digests that nothing else names."""
    bytes: int = 0
    shared: int = 0
    """Artifacts of this persona that something else names, too: they are kept."""
    spent_usd: float = 0.0
    """What its paid calls cost; still counted afterwards."""
    open_calls: int = 0
    former_of: str = ""
    """The persona that had this id before: then only what is under the former id is removed."""
    acted: bool = False

    @property
    def nothing(self) -> bool:
        """Whether nothing is left of it."""
        parts = (self.lock, self.page, self.folder, self.nodes, self.records, self.blobs)
        return self.file is None and not any(parts)

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        paths = {name: str(path) if path is not None else None for name, path in self._paths()}
        return {
            "schema": 1,
            "id": self.id,
            **paths,
            "build_files": len(self.files),
            "foreign_files": self.foreign,
            "brief_files": [str(path) for path in self.material],
            "nodes": len(self.nodes),
            "records": len(self.records),
            "artifacts": len(self.blobs),
            "bytes": self.bytes,
            "shared_artifacts": self.shared,
            "spent_usd": round(self.spent_usd, 6),
            "open_calls": self.open_calls,
            "former_of": self.former_of or None,
            "acted": self.acted,
        }

    def _paths(self) -> list[tuple[str, Path | None]]:
        return [("file", self.file), ("lock", self.lock), ("build", self.folder), ("page", self.page)]


def belongings(store: Store, name: str) -> Removal:
    """Return what belongs to a persona, or is left of one that no longer exists. Writes nothing. Raises
    PersonaForgeError."""
    names = store.names
    left = left_by(store, name)
    file = names.file(name)
    if file is None and left is None:
        now = names.present(name)
        hint = f"it is called {now} now" if now != name else known_hint(names, name)
        raise PersonaForgeError(f"there is no persona {name}, and nothing is left of one", hint=hint)
    found = Removal(name, file)
    if file is not None:
        if file.is_dir():
            shown = os.path.relpath(file, store.project.root)
            raise PersonaForgeError(f"{shown} is a folder, no file of a persona", hint="move or remove it yourself")
        own = lock_path(file, name)
        own = former_lock(own, name, names.formerly(name)) or own
        page = store.project.root / FOLDER / page_name(name)
        folder = Path(store.build_folder(name).folder)
        found.lock = own if own.is_file() else None
        found.material = named_files(store.project, file)
        found.page = page if page.is_file() else None
        found.folder = folder if folder.is_dir() and not folder.is_symlink() else None
    elif left is not None:
        found.lock, found.page, found.folder, found.former_of = left.lock, left.page, left.build, left.present
    digests = read_lock(found.lock, name, names.formerly(name)).digests() if found.lock is not None else set()
    if not found.former_of:
        _recorded(store, found, digests)
    _in_folder(store, found, digests)
    if not found.former_of:
        _unshared(store, found, digests)
    return found


def remove(store: Store, name: str, *, with_file: bool = False) -> Removal:
    """Remove what belongs to a persona. Raises StoreError while a build runs, PersonaForgeError where it can't be.

    A persona that still has its file is removed only `with_file`: without its lock the next build would buy a new face.
    """
    with alone(store.folder):
        store.forget_names()
        found = belongings(store, name)
        if found.file is not None and not with_file:
            shown = os.path.relpath(found.file, store.project.root)
            raise PersonaForgeError(
                f"{name} is declared in {shown}; without its lock the next build would make it a new face",
                hint=f"forge rm {name} --file --yes removes the file, too; to change its face: "
                f"forge build {name} --repin anchor",
            )
        for act in _acts(store, found):
            act()
        found.acted = True
        store.forget_names()
        return found


def _acts(store: Store, found: Removal) -> Iterator[Any]:
    """Yield the functions that remove the parts, in an order that may be interrupted at any point."""
    if found.page is not None:
        yield found.page.unlink
        yield lambda: sweep(store.project.root / FOLDER)
    if found.folder is not None:
        yield lambda: _empty(found)
    if found.nodes:
        yield lambda: store.index.drop_nodes(found.nodes)
    yield lambda: _forget_records(store, found)
    yield lambda: [store.blobs.remove(digest) for digest in found.blobs]
    for path in (found.file, found.lock):
        if path is not None:
            yield path.unlink


def _recorded(store: Store, found: Removal, digests: set[str]) -> None:
    """Find the persona's rows and records, and add what they name."""
    found.nodes = [row[0] for row in store.index.node_history(found.id)]
    found.nodes += [node for node in store.index.failures(found.id) if node not in found.nodes]
    digests |= store.index.digests(found.id)
    for kind, name, record in _records(store):
        if _owners(store, kind, record) != {found.id}:
            continue
        found.records.append((kind, name))
        if kind in ("actions", "evaluations"):
            digests |= _digests(record)
        if kind == "builds":
            digests |= {str(one) for one in (record.get("templates") or {}).values()}
        if kind == "actions" and record.get("paid"):
            found.spent_usd += float(record.get("cost_usd") or 0.0)
    found.open_calls = sum(
        store.names.present_node(entry.node).partition("/")[0] == found.id for entry in store.journal.open_entries()
    )


def _in_folder(store: Store, found: Removal, digests: set[str]) -> None:
    """Sort the build folder's files: forge's own are removed, edited ones and the user's own are kept."""
    if found.folder is None:
        return
    from personaforge.digest import digest_file

    for top, _, names in os.walk(found.folder):
        for name in names:
            path = os.path.join(top, name)
            known = False
            if not os.path.islink(path):
                try:
                    digest = digest_file(Path(path))
                    known = digest in digests or store.blobs.has(digest)
                except OSError:
                    pass
            (found.files if known else found.foreign).append(path)


def _unshared(store: Store, found: Removal, digests: set[str]) -> None:
    """Return the digests that nothing else names."""
    mine = set(found.records)
    kept = roots(
        store,
        without=frozenset([found.id]),
        without_locks=frozenset([str(found.lock)] if found.lock is not None else ()),
        without_builds=frozenset(name for kind, name in mine if kind == "builds"),
    )
    for kind, name, record in _records(store):
        if (kind, name) not in mine and kind in ("actions", "evaluations"):
            kept |= digests_in(orjson.dumps(record))
    there = sorted(digest for digest in digests if store.blobs.has(digest))
    found.blobs = [digest for digest in there if digest not in kept]
    found.shared = len(there) - len(found.blobs)
    found.bytes = sum(store.blobs.size(digest) or 0 for digest in found.blobs)


def _forget_records(store: Store, found: Removal) -> None:
    for kind, name in found.records:
        path = store.records.path(kind, name)
        if kind == "actions":
            try:
                record = parse_record("actions", Path(path).read_bytes(), path)
            except (StoreError, OSError):
                record = {}
            if record.get("paid"):
                store.journal.charge_removed(name, record, NOTE)
        _unlink(path, "a record")
    if found.records:
        relog(store)


def _empty(found: Removal) -> None:
    assert found.folder is not None
    for path in found.files:
        _unlink(path, "it")
    for top, _, _ in sorted(os.walk(found.folder), reverse=True):
        try:
            os.rmdir(top)
        except OSError:
            pass  # holds what is not forge's


def _unlink(path: str, shown: str) -> None:
    try:
        os.unlink(path)
    except FileNotFoundError:
        pass
    except OSError as error:
        raise StoreError(f"can't remove {shown}: {error.strerror}", where=path) from error


def _records(store: Store) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for kind in KINDS:
        for name, path in store.records.all(kind):
            try:
                yield kind, name, parse_record(kind, Path(path).read_bytes(), path)
            except (StoreError, OSError):
                continue  # `forge cache verify` names it


def _owners(store: Store, kind: str, record: Mapping[str, Any]) -> set[str]:
    """Return the present ids of the personas that a record is about."""
    if kind == "builds":
        return {store.names.present(str(one)) for one in record.get("personas", ())}
    if kind == "events":
        return {store.names.present(str(one["persona"])) for one in record.get("events", ()) if one.get("persona")}
    return {store.names.present(str(record.get("persona", "")))}


def _digests(record: Mapping[str, Any]) -> set[str]:
    """Return the digests of the artifacts that an action made, or that an evaluation is about."""
    outputs = record.get("outputs") or {}
    artifacts = record.get("artifacts") or {}
    return {str(one["digest"]) for one in outputs.values()} | {str(one) for one in artifacts.values()}
