"""Whether a build can write what it will make, tried before anything is performed: a paid result that can't be kept
would be paid for again.

Files are really made and removed again, since permissions say little about root, a read-only mount or a quota.
"""

from __future__ import annotations

import os
import uuid
from pathlib import Path

from personaforge.errors import StoreError
from personaforge.plan.plan import WORKING, PersonaPlan, Plan
from personaforge.store.files import TEMPORARY, typed
from personaforge.store.store import Store


def require_writable(store: Store, plan: Plan) -> None:
    """Raise StoreError that names what a build of this plan could not write: the store, a lock, or a build folder."""
    working = [persona for persona in plan.personas if _has_work(persona)]
    if not working:
        return
    _require_folder(store.folder, "the store", store.project.root)
    for name in ("blobs", "records", "leases"):
        _require_folder(store.folder / name, "the store", store.project.root)
    for persona in working:
        if persona.lock.path.is_dir():
            raise StoreError("is a folder, expected the lock", where=str(persona.lock.path), hint="move it away")
        _require_folder(persona.lock.path.parent, f"the lock of {persona.id}", store.project.root)
        folder = Path(store.build_folder(persona.id).folder)
        _require_folder(folder, "what is built", store.project.root)
        for part in sorted({path.split("/")[0] for path in _paths(persona) if "/" in path}):
            _require_folder(folder / part, "what is built", store.project.root)


def _has_work(persona: PersonaPlan) -> bool:
    return any(node.state in WORKING or node.outcome is not None for node in persona.nodes.values())


def _paths(persona: PersonaPlan) -> set[str]:
    """Return where files stood so far: their folders are there, and will be written to again."""
    return {file.path for node in persona.nodes.values() if node.row is not None for file in node.row.placed}


def _require_folder(folder: Path, what: str, root: Path) -> None:
    """Make sure that files can be made in a folder, or the folder itself in the nearest one above it that is there."""
    while not os.path.lexists(folder) and folder != root:
        folder = folder.parent
    if not folder.is_dir():
        raise StoreError(f"is no folder, and {what} goes there", where=str(folder), hint="move it away")
    # A name of its own: another build may look at this moment, in this process, or in a container with the same number.
    probe = folder / f"{TEMPORARY}{uuid.uuid4().hex}-writable"
    try:
        os.close(os.open(probe, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        os.unlink(probe)
    except OSError as error:
        raise StoreError(
            f"can't be written to: {error.strerror}; {what} goes there, so nothing was started",
            where=str(folder),
            hint=f"chmod u+w {typed(folder)}, or build in a copy that can be written to",
        ) from error
