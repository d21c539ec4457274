"""Takes files out of the build folder that no node makes any more: of a renamed position, of a step that was left out.

What lies in `build/` is what the persona is now: an auditor who looks there must not find last month's picture. Only
what forge wrote, nobody has edited since, and the store still holds is taken away, so going back restores it.
"""

from __future__ import annotations

from personaforge.plan.plan import PersonaPlan
from personaforge.store.store import Store


def remove_leftovers(store: Store, plan: PersonaPlan) -> list[str]:
    """Remove a persona's leftover files after a build, and forget nodes that it no longer has. Returns their paths."""
    rows = store.index.nodes(plan.id)
    present = {node.id for node in plan.nodes.values()}
    standing = {file.path for name in rows.keys() & present for file in rows[name].placed}
    vanished = sorted(rows.keys() - present)
    unread = store.index.unread(plan.id, rows) - present
    before = [node.row for node in plan.nodes.values() if node.row is not None]
    former = {
        file.path: file.digest
        for row in (*before, *(rows[name] for name in vanished))
        for file in row.placed
        if file.path
    }
    folder = store.build_folder(plan.id)
    removed = [
        path
        for path, digest in sorted(former.items())
        if path not in standing and store.blobs.has(digest) and folder.remove(path, digest)
    ]
    store.index.drop_nodes([*vanished, *sorted(unread)])
    return removed
