"""Looks after a store: verify, statistics, garbage collection.

Garbage collection removes artifacts, never records: what was bought and measured is still known. It keeps what any lock
file in the working tree or on any git branch or tag pins, the artifacts of the last outcome of any node, and the
templates of every build. The rest is removed oldest first, once it is older than `keep_days` and the store is over its
size. Builds may run meanwhile: an artifact that a build uses counts as new from that moment (`Store.use`,
`Blobs.collect`).

Only files with names that forge gives are moved or removed, and links are never followed. A file that can't be read now
is not damaged: it is reported with the reason, left where it is, and stops a collection.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from personaforge.digest import digest_json
from personaforge.errors import StoreError, Unreadable
from personaforge.git import GitFailed, git
from personaforge.spec.names import read_names
from personaforge.spec.project import Project
from personaforge.store.artifact import digests_in
from personaforge.store.files import DAMAGED, unwritable
from personaforge.store.lockfile import read_lock
from personaforge.store.records import KINDS, parse_record, read_record
from personaforge.store.store import Store, artifacts

_YOUNGEST_SECONDS = 3600
"""Nothing younger is collected: a build may have written it a moment ago and not yet said what for."""
_GIT_SECONDS = 600.0
"""For one question to git: a repository may be large."""


@dataclass
class Verified:
    """What `verify` found."""

    blobs: int = 0
    records: int = 0
    bytes: int = 0
    problems: list[str] = field(default_factory=list)
    """Damage: each is a sentence with a path."""
    unreadable: list[str] = field(default_factory=list)
    """Files that are there and can't be read now, with the reason: neither sound nor damaged, and never moved."""
    strays: list[str] = field(default_factory=list)
    """Paths of files that aren't forge's: forge neither reads, moves nor removes them."""
    without_artifact: int = 0
    """Results whose artifact was collected; a build that needs one makes or pulls it again."""
    unfinished: int = 0
    """Files that a killed process left half written under a temporary name."""
    repaired: int = 0


@dataclass
class Collected:
    """What `collect` would remove, or has removed."""

    removed: list[str] = field(default_factory=list)
    """Digests."""
    freed: int = 0
    """Bytes."""
    kept: int = 0
    kept_bytes: int = 0
    unfinished: int = 0
    acted: bool = False


def verify(store: Store, *, repair: bool = False) -> Verified:
    """Read everything in the store and verify that it has the digest or key of its name. `repair` moves damaged files
    aside, and nothing else: what can't be read now may be sound."""
    found = Verified()
    faults: list[Unreadable] = []
    for digest, stat in list(store.blobs.all(faults)):
        found.blobs += 1
        found.bytes += stat.st_size
        try:
            # A blob that is gone by now was collected meanwhile: only one that is there and unsound is damage.
            if not store.blobs.sound(digest) and store.blobs.has(digest):
                moved = repair and store.blobs.put_aside(digest)
                if repair and not moved:
                    continue  # a build has written it anew meanwhile
                found.problems.append(f"artifact is not what its name says: {store.blobs.path(digest)}")
                found.repaired += moved
        except Unreadable as error:
            faults.append(error)
    for kind in KINDS:
        for name, path in list(store.records.all(kind, faults)):
            found.records += 1
            try:
                record = parse_record(kind, read_record(path), path)
                if kind == "actions":
                    _verify_action(record, name, path)
                    if not all(store.blobs.has(artifact.digest) for artifact in artifacts(record).values()):
                        found.without_artifact += 1
            except Unreadable as error:
                faults.append(error)
            # `forge rm` may remove records while they are read.
            except FileNotFoundError:
                continue
            except (StoreError, ValueError) as error:
                found.problems.append(str(error))
                found.repaired += _put_aside(path, repair)
    found.unreadable = list(dict.fromkeys(str(fault) for fault in faults))
    if not faults:  # a log that is made again must not forget records that can't be read now
        found.strays = [*store.blobs.strays(), *store.records.strays()]
        found.unfinished = sum(1 for _ in _unfinished(store))
        if repair:
            relog(store)
    return found


def _verify_action(record: dict[str, Any], name: str, path: str) -> None:
    """Raise StoreError or ValueError where an action's record doesn't have the key of its name."""
    if record.get("key") != name.partition("~")[0]:
        raise StoreError("a record is of another key", where=path)
    if digest_json("action/1", record.get("parts")) != record["key"]:
        raise StoreError("a record's parts don't give its key", where=path)


def relog(store: Store) -> int:
    """Make the index's log again from the record files, oldest first, and return how many there are."""
    latest = store.index.latest()
    named = [(os.stat(path).st_mtime_ns, kind, name) for kind in KINDS for name, path in store.records.all(kind)]
    store.index.relog([(kind, name) for _, kind, name in sorted(named)], latest)
    return len(named)


def statistics(store: Store) -> dict[str, object]:
    """Return what is in the store: artifacts and bytes by media type, records by kind, money and seconds."""
    by_type: dict[str, list[int]] = {}
    spent, seconds, unknown = 0.0, 0.0, 0
    known: set[str] = set()
    for _, path in store.records.all("actions"):
        try:
            record = parse_record("actions", read_record(path), path)
            for artifact in artifacts(record).values():
                if artifact.digest not in known:
                    known.add(artifact.digest)
                    entry = by_type.setdefault(artifact.media_type, [0, 0])
                    entry[0] += 1
                    entry[1] += artifact.size
        except Unreadable:
            raise
        except (StoreError, FileNotFoundError):
            continue  # `forge cache verify` names it
        seconds += float(record.get("seconds") or 0.0)
        if record.get("cost_usd") is None:
            unknown += 1
        else:
            spent += float(record["cost_usd"])
    blobs = list(store.blobs.all())
    return {
        "schema": 1,
        "folder": str(store.folder),
        "artifacts": len(blobs),
        "bytes": sum(stat.st_size for _, stat in blobs),
        "by_type": {name: {"artifacts": count, "bytes": size} for name, (count, size) in sorted(by_type.items())},
        "records": {kind: sum(1 for _ in store.records.all(kind)) for kind in KINDS},
        "spent_usd": round(spent, 6),
        "calls_of_unknown_cost": unknown,
        "seconds_of_work": round(seconds, 3),
    }


def collect(store: Store, *, max_bytes: int, keep_days: float, act: bool) -> Collected:
    """Remove artifacts that nothing names, or only return what would be removed. Raises StoreError, before anything is
    removed, where something that could name an artifact can't be read."""
    if act:
        for digest in list(store.blobs.condemned()):  # renamed by a collector that was killed; it is examined again
            store.blobs.give_back(digest)
    keep = roots(store)
    now = time.time()
    oldest_allowed = now - max(keep_days * 86_400, _YOUNGEST_SECONDS)
    found = Collected(acted=act)
    blobs = sorted(((stat.st_mtime, digest, stat.st_size) for digest, stat in store.blobs.all()))
    total = sum(size for _, _, size in blobs)
    for modified, digest, size in blobs:
        goes = digest not in keep and modified <= oldest_allowed and total > max_bytes
        freed = (store.blobs.collect(digest, oldest_allowed) if act else size) if goes else None
        if freed is None:  # a build may have begun to use it a moment ago
            found.kept += 1
            found.kept_bytes += size
            continue
        total -= size
        found.removed.append(digest)
        found.freed += freed
    for path, stat in list(_unfinished(store)):
        if stat.st_mtime < now - _YOUNGEST_SECONDS:
            found.unfinished += 1
            found.freed += stat.st_size
            if act:
                _unlink(path)
    return found


def _unfinished(store: Store) -> Iterator[tuple[str, os.stat_result]]:
    yield from store.blobs.unfinished()
    yield from store.records.unfinished()


def roots(
    store: Store,
    *,
    without: frozenset[str] = frozenset(),
    without_locks: frozenset[str] = frozenset(),
    without_builds: frozenset[str] = frozenset(),
) -> set[str]:
    """Return the digests that must be kept. What some personas, locks in the working tree or builds name can be left
    out, to find what only they need."""
    keep: set[str] = set()
    for data in _locks(store.project, without_locks):
        keep |= digests_in(data)
    for persona in store.index.personas() - without:
        keep |= store.index.digests(persona)
    for name, path in store.records.all("builds"):
        if name in without_builds:
            continue
        try:
            keep.update(parse_record("builds", read_record(path), path).get("templates", {}).values())
        except Unreadable:
            raise
        except (StoreError, FileNotFoundError):
            continue  # `forge cache verify` names it
    return keep


def _locks(project: Project, without: frozenset[str] = frozenset()) -> Iterator[bytes]:
    """Yield every lock file in the working tree, and of every branch and tag."""
    names = read_names(project)
    for path in _lock_files(project):
        if str(path) in without:
            continue
        persona = path.name.removesuffix(".lock.yaml")
        # Raises for a lock that can't be read: its artifacts must not be removed.
        read_lock(path, persona, names.formerly(persona))
        try:
            yield path.read_bytes()
        except OSError as error:
            raise _unsearchable(str(path), error) from error
    if not any((folder / ".git").exists() for folder in (project.root, *project.root.parents)):
        return
    refs: dict[str, None] = {}
    for line in _git(project, "for-each-ref", "--format=%(objectname) %(objecttype) %(*objecttype)").split(b"\n"):
        name, _, kinds = line.partition(b" ")
        if b"commit" in kinds.split():  # a tag may name a single file, too
            refs[name.decode()] = None
    seen: set[bytes] = set()
    for ref in refs:
        for entry in _git(project, "ls-tree", "-r", "-z", "--full-tree", ref).split(b"\0"):
            about, _, path_there = entry.partition(b"\t")
            if path_there.endswith(b".lock.yaml") and b" blob " in about and about.split()[2] not in seen:
                seen.add(about.split()[2])
                yield _git(project, "cat-file", "blob", about.split()[2].decode())


def _lock_files(project: Project) -> list[Path]:
    """Return every lock file in the working tree. Raises Unreadable for a folder that may hold one."""

    def refuse(error: OSError) -> None:
        if not isinstance(error, FileNotFoundError):
            raise _unsearchable(str(error.filename), error) from error

    found: list[Path] = []
    for folder, folders, names in os.walk(project.root, onerror=refuse):
        if folder == str(project.root):
            folders[:] = [name for name in folders if name not in (project.state.name, ".git")]
        found += [Path(folder, name) for name in names if name.endswith(".lock.yaml")]
    return sorted(found)


def _unsearchable(path: str, error: OSError) -> Unreadable:
    reason = error.strerror or str(error)
    return Unreadable(f"can't be searched for locks: {reason}", hint="nothing was removed", where=path)


def _git(project: Project, *arguments: str) -> bytes:
    try:
        done = git(project.root, *arguments, seconds=_GIT_SECONDS)
    except GitFailed as error:
        detail = str(error)
    else:
        if not done.code:
            return done.out
        detail = done.said
    raise StoreError(f"can't read the git revisions that name artifacts: {detail}", hint="nothing was removed")


def _put_aside(path: str, repair: bool) -> int:
    if not repair:
        return 0
    try:
        os.replace(path, path + DAMAGED)
    except OSError as error:
        raise unwritable(path, error, "move") from error
    return 1


def _unlink(path: str) -> None:
    try:
        os.unlink(path)
    except FileNotFoundError:
        pass
    except OSError as error:
        raise unwritable(path, error, "remove") from error
