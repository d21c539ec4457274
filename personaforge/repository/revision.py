"""A revision as a project: the files that forge reads, in a temporary folder that is removed afterwards.

Only YAML files, templates and the texts that a brief may name are written, from raw objects, so no attribute or filter
of the repository changes them. Links are made last, so that no file is written through one, and those that lead out of
the folder are left out.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from personaforge.errors import PlanError
from personaforge.repository.git import MAX_BYTES, MAX_FILE_BYTES, MAX_FILES, Entry, Repository, Revision
from personaforge.spec.material import MOST_BYTES, SUFFIXES
from personaforge.spec.project import Project

_OURS = ("build", "reports", ".forge", ".github", ".git")
"""Folders with nothing to compose."""


@contextmanager
def as_project(repository: Repository, revision: Revision) -> Iterator[Project]:
    """Yield a revision as a project of its own. Raises PlanError."""
    wanted = _bounded(revision, [entry for entry in repository.entries(revision) if _is_read(entry)])
    with tempfile.TemporaryDirectory(prefix="forge-revision-") as folder:
        root = Path(os.path.realpath(folder))
        try:
            _write(root, repository.contents(wanted))
        except (OSError, ValueError) as error:  # two entries with one name, or a name that no file can have
            raise PlanError(f"{revision.shown} can't be written to {root}: {error}") from error
        yield Project(root)


def _write(root: Path, contents: Iterable[tuple[Entry, bytes]]) -> None:
    (root / "personas").mkdir()  # a project, even where the revision has none
    links: list[tuple[Path, bytes]] = []
    for entry, data in contents:
        path = root / entry.path
        if entry.link:
            links.append((path, data))
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, "xb") as file:
            file.write(data)
    for path, target in links:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.symlink(target, os.fsencode(path))
    for path, _ in links:
        if not os.path.exists(path) or not os.path.realpath(path).startswith(str(root) + os.sep):
            path.unlink()


def _is_read(entry: Entry) -> bool:
    """Return whether composing or rendering may read a file. Any link may lead to one."""
    top = entry.path.partition("/")[0]
    if top in _OURS:
        return False
    # Any text may be a file of a brief; a larger one than a brief's can't be.
    may_be_told = entry.path.lower().endswith(SUFFIXES) and entry.size <= MOST_BYTES
    return entry.link or entry.path.endswith((".yaml", ".yml", ".j2")) or may_be_told


def _bounded(revision: Revision, entries: list[Entry]) -> list[Entry]:
    """Refuse what git itself would not check out, and what is too large for a project."""
    shown = revision.shown
    if len(entries) > MAX_FILES:
        raise PlanError(f"{shown} holds more than {MAX_FILES} YAML files, templates and texts")
    for entry in entries:
        if any(part in ("", ".", "..") or part.lower() == ".git" for part in entry.path.split("/")):
            raise PlanError(f"{shown} holds the path {entry.path!r:.120}, which leads out of the project")
        if entry.size > MAX_FILE_BYTES:
            raise PlanError(
                f"{entry.path} of {shown} has {entry.size} bytes, more than the {MAX_FILE_BYTES} forge reads"
            )
    if sum(entry.size for entry in entries) > MAX_BYTES:
        raise PlanError(
            f"the YAML files, templates and texts of {shown} are larger than {MAX_BYTES // 2**20} MiB together"
        )
    return entries
