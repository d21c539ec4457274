"""What personas without a file have left behind: a lock, a build folder, a page, rows in the index.

A lock without a persona matters most: its face was issued, so new faces keep a distance from it, and if the persona was
renamed by hand, all of it is made again. Nothing here writes.
"""

from __future__ import annotations

import os
import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from personaforge.spec.names import Names
from personaforge.spec.project import ID_PATTERN, Project, lock_path
from personaforge.store.pages import FOLDER, PROJECT_PAGE, page_name
from personaforge.store.store import Store

SUFFIX = ".lock.yaml"


@dataclass(frozen=True)
class Orphan:
    """What one persona without a file has left."""

    id: str
    lock: Path | None = None
    build: Path | None = None
    page: Path | None = None
    rows: int = 0
    """Results in the index."""
    present: str = ""
    """The persona that had this id before and has a lock or a folder of its own now; empty for a persona that no longer
    exists."""
    own: Path | None = None
    """The lock of an existing persona of this id; None for a persona that no longer exists."""
    root: Path = Path()

    @property
    def what(self) -> str:
        """What is left, in words."""
        paths = [os.path.relpath(path, self.root) for path in (self.lock, self.build, self.page) if path is not None]
        rows = [f"{self.rows} result{'' if self.rows == 1 else 's'} in the index"] if self.rows else []
        return ", ".join([*paths, *rows])

    @property
    def note(self) -> str:
        """What it is and what to type, as a sentence."""
        if self.own is not None:
            own = os.path.relpath(self.own, self.root)
            out = (
                f"it isn't read, since there is {own}; remove one"
                if self.own.exists()
                else f"mv {shlex.quote(self.what)} {shlex.quote(own)}"
            )
            return f"{self.what} is a lock of {self.id}, whose file lies elsewhere: {out}"
        if self.present:
            return (
                f"{self.what} is left from when {self.present} was {self.id}, and is not read: "
                f"{self.present} has its own; forge rm {self.id} removes it"
            )
        renamed = f"; if it was renamed: forge mv {self.id} NEW" if self.lock is not None else ""
        return f"{self.id} has no persona file any more, and left {self.what}: forge rm {self.id} removes it{renamed}"

    @property
    def way_out(self) -> str:
        """What to type."""
        return f"forge rm {self.id}" if self.own is None else "ls personas"

    def as_json(self) -> dict[str, Any]:
        """Return the orphan as JSON, paths from the project's root."""
        paths = {
            name: os.path.relpath(path, self.root) if path is not None else None
            for name, path in (("lock", self.lock), ("build", self.build), ("page", self.page))
        }
        return {"id": self.id, **paths, "rows": self.rows, "present": self.present or None}


def orphans(project: Project, names: Names, rows: dict[str, int] | None = None) -> list[Orphan]:
    """Return what is left of personas that no longer exist, and of former ids whose persona has its own under the
    present id, by id.

    `rows` counts results in the index by present id; without it the index isn't read.
    """
    found: dict[str, dict[str, Any]] = {}
    rows = rows or {}
    for name, path in stray_locks(project, names):
        found.setdefault(name, {})["lock"] = path
    for name, count in rows.items():
        if name not in names.living:
            found.setdefault(name, {})["rows"] = count
    for name in _children(project.build):
        folder = project.build / name
        ours = name in found or (folder / "persona.json").is_file() or (folder / "layers").is_dir()
        if folder.is_dir() and ours and _is_orphan(name, names, project.build):
            found.setdefault(name, {})["build"] = folder
    reports = project.root / FOLDER
    for path in sorted(reports.glob("*.html")) if reports.is_dir() else ():
        name = "index" if path.name == "index_.html" else path.stem
        present = names.present(name)
        known = name in found if present == name else (reports / page_name(present)).exists()
        if path.name != PROJECT_PAGE and name not in names.living and known and _is_page(path):
            found.setdefault(name, {})["page"] = path
    return [
        Orphan(name, **parts, present=names.former.get(name, ""), own=_own_lock(name, names), root=project.root)
        for name, parts in sorted(found.items())
    ]


def orphans_of(store: Store) -> list[Orphan]:
    """Return the orphans of a project, with those that only the index knows."""
    rows: dict[str, int] = {}
    if os.path.exists(store.folder / "index.db"):
        gone = store.index.personas() - store.names.living
        rows = {name: len(store.index.node_history(name)) for name in sorted(gone)}
    return orphans(store.project, store.names, rows)


def left_by(store: Store, name: str) -> Orphan | None:
    """Return what a persona that no longer exists has left, or None."""
    return next((one for one in orphans_of(store) if one.id == name), None)


def stray_locks(project: Project, names: Names) -> list[tuple[str, Path]]:
    """Return (id, path) of the locks that no persona reads, neither as its id nor as a former one."""
    found = []
    folders = {project.root / "personas"} | {file.parent for file in map(names.file, names.living) if file is not None}
    paths = {path for folder in folders if folder.is_dir() for path in folder.rglob("*" + SUFFIX)}
    for path in sorted(paths):
        name = path.name.removesuffix(SUFFIX)
        if re.match(ID_PATTERN, name) and path.is_file() and not _reads(path, name, names):
            found.append((name, path))
    return found


def _reads(path: Path, name: str, names: Names) -> bool:
    """Return whether a persona reads a lock: the one with that id, or one that had it before and has no lock of its
    own."""
    file = names.file(names.present(name))
    if file is None:
        return False
    own = lock_path(file, names.present(name))
    if own == path:
        return True
    return names.present(name) != name and path.parent == own.parent and not os.path.lexists(own)


def _own_lock(name: str, names: Names) -> Path | None:
    file = names.file(name)
    return lock_path(file, name) if file is not None else None


def _is_page(path: Path) -> bool:
    """Return whether `forge report` has written a page."""
    try:
        with open(path, "rb") as file:
            return b'content="PersonaForge ' in file.read(4096)
    except OSError:
        return False


def _is_orphan(name: str, names: Names, folder: Path) -> bool:
    """Return whether no persona uses a folder of this name: one that had the id before uses it until the next build has
    moved it."""
    if name in names.living:
        return False
    present = names.present(name)
    return present == name or os.path.lexists(folder / present)


def _children(folder: Path) -> list[str]:
    try:
        return sorted(name for name in os.listdir(folder) if re.match(ID_PATTERN, name))
    except OSError:
        return []
