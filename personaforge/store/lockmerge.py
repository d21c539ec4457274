"""Merges two versions of a lock, node by node. Git's merge driver calls this, so that neighbouring lines never
conflict.

Where one side has changed (or added, or removed) a node, that side's line is taken; where both made the same change,
that line. Where both changed it differently there is a conflict, whatever the node's kind: choosing a line would be
choosing a face. A conflict is written between git's marks, and forge then refuses the file and names the node with both
digests. Lines are kept unchanged, with every field that a newer forge may have written.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from personaforge.errors import StoreError
from personaforge.git import GitFailed, git
from personaforge.store.files import write_atomic
from personaforge.store.lockfile import LockFile, lock_lines, same_line, shown_line

DRIVER = "forge-lock"
"""The driver's name in git's configuration."""
PATTERN = "*.lock.yaml"
"""Which files it is for."""
_PERSONA = re.compile(rb"^persona: ([^\s#]+)\s*$", re.MULTILINE)


class Conflict(NamedTuple):
    """A node that both sides have changed differently."""

    name: str
    base: bytes
    """Raw lines; empty where a side has none."""
    ours: bytes
    theirs: bytes

    def __str__(self) -> str:
        return f"{self.name} is {shown_line(self.ours)} here and {shown_line(self.theirs)} there"


class Merged(NamedTuple):
    """The result of merging two locks."""

    text: bytes
    conflicts: tuple[Conflict, ...]


def merge_locks(base: bytes, ours: bytes, theirs: bytes) -> Merged:
    """Return the merge of two contents of a lock that come from `base`, which is empty where both have added it.

    Raises StoreError where one of them is no lock that can be read, or they are of different personas.
    """
    personas = {found.group(1) for text in (base, ours, theirs) if text.strip() for found in [_persona(text)]}
    if len(personas) != 1:
        names = ", ".join(sorted(name.decode("utf-8", "replace") for name in personas)) or "nobody"
        raise StoreError(f"the locks are of {names}, expected one persona")
    persona = personas.pop().decode("utf-8", "replace").strip("'\"")
    path = Path(f"{persona}.lock.yaml")
    sides = [dict(lock_lines(text, path, persona)) if text.strip() else {} for text in (base, ours, theirs)]
    lines, conflicts = merge_lines(*sides)
    text = LockFile(path, persona, lines).text()
    if conflicts:
        text += b"".join(_marked(conflict) for conflict in conflicts)
    return Merged(text, tuple(conflicts))


def merge_lines(
    base: Mapping[str, bytes], ours: Mapping[str, bytes], theirs: Mapping[str, bytes]
) -> tuple[dict[str, bytes], list[Conflict]]:
    """Return the lines that both sides agree on, and the nodes that they don't."""
    lines: dict[str, bytes] = {}
    conflicts: list[Conflict] = []
    for name in sorted({*base, *ours, *theirs}):
        before, one, other = base.get(name, b""), ours.get(name, b""), theirs.get(name, b"")
        if same_line(one, other) or same_line(other, before):
            found = one
        elif same_line(one, before):
            found = other
        else:
            conflicts.append(Conflict(name, before, one, other))
            continue
        if found:
            lines[name] = found
    return lines, conflicts


def merge_files(base: Path, ours: Path, theirs: Path) -> list[str]:
    """Merge as git's driver: write the result over `ours`, and return the conflicts in words.

    A file that can't be read as a lock gets git's own marks, so that one side is never mistaken for the merge.
    """
    try:
        found = merge_locks(base.read_bytes(), ours.read_bytes(), theirs.read_bytes())
    except StoreError as error:
        names = ("-L", "ours", "-L", "base", "-L", "theirs")
        try:
            done = git(None, "merge-file", *names, str(ours), str(base), str(theirs))
        except GitFailed as failure:
            raise StoreError(f"{ours} can't be merged as text, either: {failure}") from failure
        if done.code == 0:
            return []  # git's merge of the text is clean; forge reads it, or says what is wrong with it
        return [f"it was merged as text, since {error}"]
    write_atomic(ours.absolute(), found.text)
    return [str(conflict) for conflict in found.conflicts]


def _persona(text: bytes) -> re.Match[bytes]:
    found = _PERSONA.search(text)
    if found is None:
        raise StoreError("the lock names no persona")
    return found


def _marked(conflict: Conflict) -> bytes:
    def line(value: bytes) -> bytes:
        return b"  %s: %s\n" % (conflict.name.encode(), value) if value else b""

    return b"<<<<<<< ours\n%s=======\n%s>>>>>>> theirs\n" % (line(conflict.ours), line(conflict.theirs))
