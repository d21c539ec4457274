"""The store, at a glance: its size, open paid calls, leases that are held, and whether its databases are sound.

Reads no artifact and no record: `forge cache verify` does that.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Final
from urllib.parse import quote

from personaforge.doctor.finding import Finding, faulty
from personaforge.errors import StoreError
from personaforge.listing import counted, listed
from personaforge.persona.orphans import orphans
from personaforge.spec.load import Loaded
from personaforge.spec.names import Names
from personaforge.spec.project import Project
from personaforge.store import sqlite
from personaforge.store.index import SCHEMA, Index
from personaforge.store.journal import Journal
from personaforge.store.leases import Leases
from personaforge.store.store import Store

PART: Final = "store"
_LOOK_SECONDS: Final = 2.0
"""Seconds that artifacts are counted for; of a store with a million of them only a lower bound is known then."""
_CHECKED_BYTES: Final = 256 * 1024 * 1024
"""Databases up to this size are read completely; of a larger one only the header."""


class Remembered(Index):
    """An index that is read and not written to."""

    def put_spec(self, key: str, body: bytes, groups: dict[str, bytes]) -> None:
        """Keep nothing."""


def remembered(project: Project) -> Remembered | None:
    """Return the index for reading cached values; None where opening it would make, repair or put aside a file."""
    path = project.state / "index.db"
    if project.state.is_symlink() or not path.is_file() or _fault(path, "select count(*) from nodes"):
        return None
    return Remembered(path) if _version(path) == SCHEMA else None


def store(project: Project, loaded: Iterable[Loaded], now: float) -> list[Finding]:
    """Examine the store. `now` is in seconds since 1970."""
    if not project.state.exists() and not project.state.is_symlink():
        return [Finding(PART, "ok", "no store yet: the first build makes it")]
    try:
        opened = Store(project)
    except StoreError as error:
        return faulty(PART, error)
    try:
        found = [_size(opened, loaded)]
        fault = _fault(project.state / "index.db", "select count(*) from nodes")
        if fault and _version(project.state / "index.db") in (SCHEMA, None):
            text = f"the index {project.state / 'index.db'} is damaged: {fault}"
            hint = "the next build puts it aside and makes another; forge cache verify looks at the rest"
            found.append(Finding(PART, "problem", text, hint))
        found += _journal(project.state / "journal.db", opened.leases, now)
        found += _leases(project.state / "leases", opened.leases)
        found += _orphans(project, opened.names)
        return found
    finally:
        opened.close()


def _orphans(project: Project, names: Names) -> list[Finding]:
    """Yield what personas without a file have left in the working tree."""
    left = orphans(project, names)
    return [Finding(PART, "warning", one.note, one.way_out, {"orphan": one.as_json()}) for one in left]


def _size(opened: Store, loaded: Iterable[Loaded]) -> Finding:
    count = size = 0
    until = time.monotonic() + _LOOK_SECONDS
    whole = True
    for _, stat in opened.blobs.all():
        count += 1
        size += stat.st_size
        if count % 1000 == 0 and time.monotonic() > until:
            whole = False
            break
    more = "" if whole else "more than "
    text = f"{more}{counted(count, 'artifact')}, {more}{size / 1e9:.2f} GB in {opened.folder}"
    facts = {"artifacts": count, "bytes": size, "counted_all": whole}
    most = min((float(one.settings.value("store.max_gigabytes")) for one in loaded), default=float("inf"))
    if size > most * 1e9:
        return Finding(PART, "warning", f"{text}: over store.max_gigabytes ({most:g})", "forge cache gc", facts)
    return Finding(PART, "ok", text, facts=facts)


def _journal(path: Path, leases: Leases, now: float) -> list[Finding]:
    fault = _fault(path, "select count(*) from journal")
    if fault:
        hint = "it names the paid calls in flight: restore it from a backup, or move it away to give them up"
        return [Finding(PART, "problem", f"the journal of paid calls {path} is damaged: {fault}", hint)]
    journal = Journal(path)
    try:
        entries = journal.open_entries()
    except StoreError as error:
        return faulty(PART, error)
    finally:
        journal.close()
    running = [entry for entry in entries if leases.held(entry.key)]
    accepted = [entry for entry in entries if entry not in running and entry.state == "submitted"]
    lost = [entry for entry in entries if entry not in running and entry.state != "submitted"]
    facts = {"running": len(running), "accepted": len(accepted), "lost": len(lost)}
    if not entries:
        return [Finding(PART, "ok", "no paid call is open", facts=facts)]
    found = []
    if running:
        found.append(Finding(PART, "ok", f"{counted(len(running), 'paid call')} at work in another build", facts=facts))
    if accepted:
        gone = [entry.node for entry in accepted if entry.expires is not None and entry.expires < now]
        end = f"; the results of {listed(gone, 4)} are past their time at the provider" if gone else ""
        text = f"{counted(len(accepted), 'paid call')} accepted and not fetched ({listed(_nodes(accepted), 4)}){end}"
        found.append(Finding(PART, "warning", text, "forge jobs resume", facts))
    if lost:
        nodes = listed(_nodes(lost), 4)
        text = f"{counted(len(lost), 'paid call')} of which nobody knows whether it was bought ({nodes})"
        found.append(Finding(PART, "warning", text, "forge jobs list", facts))
    return found


def _nodes(entries: Iterable[object]) -> list[str]:
    return list(dict.fromkeys(str(getattr(entry, "node", "")) for entry in entries))


def _leases(folder: Path, leases: Leases) -> list[Finding]:
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return []
    held = [name for name in names if leases.held(name)]
    left = len(names) - len(held)
    found = []
    if held:
        found.append(Finding(PART, "ok", f"a build is at work: {counted(len(held), 'lease')} held"))
    if left:
        text = f"{counted(left, 'lease')} left by builds that were killed: harmless, the next build takes them over"
        found.append(Finding(PART, "ok", text, facts={"stale_leases": left}))
    return found


def _version(path: Path) -> int | None:
    """Return the version of a database's tables, None where it can't be read."""
    try:
        with closing(_opened(path)) as connection:
            return int(connection.execute("pragma user_version").fetchone()[0])
    except (sqlite3.Error, OSError):
        return None


def _opened(path: Path) -> sqlite3.Connection:
    if not sqlite.writable(str(path)):
        return sqlite.copied(str(path))
    return sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, timeout=5)


def _fault(path: Path, query: str) -> str:
    """Read a database completely without changing it, and return what is wrong; empty where it is sound or not
    there."""
    try:
        size = path.stat().st_size
    except OSError:
        return ""
    try:
        with closing(_opened(path)) as connection:
            if size <= _CHECKED_BYTES:
                (said,) = connection.execute("pragma quick_check(1)").fetchone()
                if said != "ok":
                    return " ".join(str(said).split())
            connection.execute(query).fetchone()
    except sqlite3.OperationalError as error:
        return "" if "locked" in str(error) or "readonly" in str(error) else str(error)
    except sqlite3.DatabaseError as error:
        return str(error)
    except OSError as error:
        return f"can't be read: {error.strerror}"
    return ""
