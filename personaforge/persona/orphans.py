"""What personas that are gone have left behind: a lock, a build folder, a page, rows in the index.

A lock without a persona is worst: its face was issued, so new faces keep away from it, and whoever renamed the persona
by hand has all of it made again. Nothing here writes.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from personaforge.errors import StoreError
from personaforge.spec.names import Names
from personaforge.spec.project import ID_PATTERN, Project, lock_path
from personaforge.store.lockfile import former_lock, read_lock
from personaforge.store.store import Store

_SUFFIX = ".lock.yaml"
_SHOWN = 3
_LOOKED_AT = 8
"""Pins of a lock whose records are looked at for the brief."""


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
    """Who was called so before, and has a lock or a folder of its own by now; empty for somebody who is gone."""
    own: Path | None = None
    """Where a persona of this id that is there has its lock; None for somebody who is gone."""
    root: Path = Path()

    @property
    def what(self) -> str:
        """What is left, in words."""
        paths = [os.path.relpath(path, self.root) for path in (self.lock, self.build, self.page) if path is not None]
        rows = [f"{self.rows} result{'' if self.rows == 1 else 's'} in the index"] if self.rows else []
        return ", ".join([*paths, *rows])

    @property
    def note(self) -> str:
        """What it is and what to type, in a sentence."""
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
    """Return what is left of personas that are gone, and of former ids whose present one has its own, by id.

    `rows` counts results in the index by present id; without it the index isn't looked at.
    """
    from personaforge.report.pages.pages import FOLDER, PROJECT_PAGE, page_name

    found: dict[str, dict[str, Any]] = {}
    rows = rows or {}
    for name, path in _stray_locks(project, names):
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
        rows = {name: len(store.index.nodes(name)) for name in sorted(gone)}
    return orphans(store.project, store.names, rows)


def left_by(store: Store, name: str) -> Orphan | None:
    """Return what a persona that is gone has left, or None."""
    return next((one for one in orphans_of(store) if one.id == name), None)


def plan_notices(store: Store, planned: Iterable[Any]) -> list[str]:
    """Return what a plan should say of former ids and of locks whose persona is gone (`planned`: PersonaPlans)."""
    found: list[str] = []
    new = []
    for plan in planned:
        loaded, settings = plan.loaded, plan.loaded.settings
        if settings.formerly:
            from personaforge.persona.rename import unsettled

            place = former_lock(loaded.lock, settings.id, settings.formerly)
            if place is not None:
                text = f"{settings.id} was {place.name.removesuffix(_SUFFIX)}: what {place.name} pins is its own"
                found.append(f"{text}, and the next build moves it to {loaded.lock.name}")
            elif unsettled(store, loaded.file, settings.id, settings.formerly):
                found.append(f"{settings.id} was {settings.formerly[-1]}: the next build moves what lies under that id")
        elif not plan.lock.names() and all(node.row is None for node in plan.nodes.values()):
            new.append((settings.id, str(settings.value("brief"))))
    if new:
        known = store.names.living | store.names.former.keys()
        gone = [(name, path) for name, path in _stray_locks(store.project, store.names) if name not in known]
        found += _new_beside(store, new, gone)
    return found


def _new_beside(store: Store, new: Sequence[tuple[str, str]], gone: Sequence[tuple[str, Path]]) -> list[str]:
    """Say of personas that were never built that locks of others are left, which may be theirs."""
    if not gone:
        return []
    briefs = {name: _brief_of(store, name, path) for name, path in gone}
    found, others = [], []
    for name, brief in new:
        same = [old for old, known in briefs.items() if known == brief]
        if len(same) == 1:
            found.append(
                f"{name} was never built, and has the brief of {same[0]}, whose lock is left without a persona: "
                f"if it was renamed, forge mv {same[0]} {name} keeps its face and all that was made; if {same[0]} is "
                f"gone, forge rm {same[0]}"
            )
        else:
            others.append(name)
    if others:
        shown = ", ".join(path.name for _, path in gone[:_SHOWN]) + (" and others" if len(gone) > _SHOWN else "")
        one = gone[0][0]
        has = f"{', '.join(others[:_SHOWN])}{' and others' if len(others) > _SHOWN else ''}"
        found.append(
            f"{has} {'was' if len(others) == 1 else 'were'} never built, and {shown} "
            f"{'is' if len(gone) == 1 else 'are'} left without a persona: after a rename, "
            f"forge mv {one} {others[0]} (or `formerly: [{one}]` in its file) keeps the face and all that was made; "
            f"of a persona that is gone, forge rm {one}"
        )
    return found


def _brief_of(store: Store, name: str, path: Path) -> str | None:
    """Return the brief that a lock's texts were made from, where their records are here."""
    try:
        lock = read_lock(path, name)
        for node in lock.names()[-_LOOKED_AT:] + lock.names()[:_LOOKED_AT]:
            pin = lock.pin(node)
            record = store.records.get("actions", pin.key) if pin is not None else None
            brief = record.get("sources", {}).get("settings", {}).get("brief") if record is not None else None
            if isinstance(brief, str):
                return brief
    except StoreError:
        pass  # whoever reads that lock says what is wrong with it
    return None


def _stray_locks(project: Project, names: Names) -> list[tuple[str, Path]]:
    """Return (id, path) of the locks that no persona of that id, and no persona that was called so, reads."""
    found = []
    folders = {project.root / "personas"} | {file.parent for file in map(names.file, names.living) if file is not None}
    paths = {path for folder in folders if folder.is_dir() for path in folder.rglob("*" + _SUFFIX)}
    for path in sorted(paths):
        name = path.name.removesuffix(_SUFFIX)
        if re.match(ID_PATTERN, name) and path.is_file() and not _reads(path, name, names):
            found.append((name, path))
    return found


def _reads(path: Path, name: str, names: Names) -> bool:
    """Tell whether a persona reads a lock: the one of its id, or who was called so and has none of its own."""
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
    """Tell whether `forge report` has written a page."""
    try:
        with open(path, "rb") as file:
            return b'content="PersonaForge ' in file.read(4096)
    except OSError:
        return False


def _is_orphan(name: str, names: Names, folder: Path) -> bool:
    """Tell whether nobody uses a folder of this name: who was called so does until the next build has moved it."""
    if name in names.living:
        return False
    present = names.present(name)
    return present == name or os.path.lexists(folder / present)


def _children(folder: Path) -> list[str]:
    try:
        return sorted(name for name in os.listdir(folder) if re.match(ID_PATTERN, name))
    except OSError:
        return []
